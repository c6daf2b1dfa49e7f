import type { AlertDeps } from '../../alerting/alerts.ts';
import { connectionOf, type Plan, type Target } from '../../domain/plan/policy.ts';
import type { Waiting } from '../../execution/poll.ts';
import type { Durable } from '../../ports/durable.ts';
import type { JobMessages } from '../../ports/messages.ts';
import type { RestoredInstances, ScratchSecrets } from '../../ports/platform.ts';
import type { Services } from '../../ports/switching.ts';
import type { InstancePlan } from '../../restore/instance/plan-rehearsal.ts';
import type { Restored } from '../../restore/restored.ts';
import type { DeclareDeps, Declared } from './declare.ts';
import type { InsideMaster } from './inside-request.ts';
import type { RestoreLog } from './restore-log.ts';

export type RestoreDeps = AlertDeps &
  Waiting &
  DeclareDeps & {
    plan: Plan;
    messages: JobMessages;
    restored: RestoredInstances;
    /** Passwords of what restores make. */
    passwords: ScratchSecrets;
    services: Services;
    /** The deployment's own quarantine, where the policy names none beside the source. */
    home: string;
    /** Reaches the databases, and proves the new one. */
    insideFunction: string;
    /** Loads a dump into an empty database. */
    loadFunction: string;
    /** Sends the smoke steps to the application. */
    smokeFunction: string;
    changesFunction: string;
  };

/** Everything that the phases of one restore work with. */
export type Restoring = {
  target: Target;
  /** Whose data is restored: in a drill another target's, else the same. */
  of: Target;
  declared: Declared;
  /** What the proof of the new database measured, once it has. */
  proven?: Restored | undefined;
  log: RestoreLog;
  durable: Durable;
  deps: RestoreDeps;
};

/** Where the password of the new one's master is, when no secret of the target's has it. */
export function whereMasterPassword({ log, deps }: Afterwards): string[] {
  const { masterPasswordIn } = log.record;
  return masterPasswordIn === undefined
    ? []
    : [
        `the password of its master user is in the secret understudy/${deps.stage}/restore/${masterPasswordIn}`,
      ];
}

/** The master user of the new database, as functions are asked to connect. */
export function masterOfNew({ of, declared, log }: Restoring): InsideMaster | undefined {
  const { masterUser: user, database } = declared.chosen;
  const { made, kind, settings } = log.record;
  const { name, host, port } = made!;
  if (user === undefined) return undefined;
  const secret = kind === 'database' ? (settings.admin ?? connectionOf(of).secret) : undefined;
  return { name, user, database, at: { host: host!, port: port! }, ...(secret ? { secret } : {}) };
}

/** What is made, where AWS makes it: a database beside the living one has phases of its own. */
export function instanceOf({ declared }: Restoring): InstancePlan {
  if (declared.chosen.kind !== 'database') return declared.chosen;
  throw new Error('a database beside the living one is no instance');
}

/** What the undoing and a rollback work with: long after the declaration, or in another execution. */
export type Afterwards = Pick<Restoring, 'target' | 'log' | 'durable' | 'deps'>;

export type RestoreOutcome =
  | { outcome: 'done' | 'not-done'; summary: string; restore: string }
  | { outcome: 'held' | 'refused'; summary: string; code?: string; hint?: string };
