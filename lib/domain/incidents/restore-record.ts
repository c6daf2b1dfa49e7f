import type { ErrorInfo } from '../errors.ts';
import type { RestoreSettings } from '../plan/policy.ts';
import type { Phase, RestoredSort } from '../proof/evidence.ts';
import type { SmokeResult } from '../smoke/smoke-step.ts';
import type { Address } from './redirect-secret.ts';

/** What becomes of an emergency restore. Only `running` is open: no other work on this target begins. */
export type RestoreState = 'running' | 'done' | 'not-done' | 'rolled-back';

/** The phases, in their order. Before `fence` production is as it was, or frozen. */
export const RESTORE_PHASES = [
  'declare',
  'freeze',
  'prepare',
  'restore',
  'secure',
  'load',
  'complete',
  'proof',
  'warm',
  'roles',
  'smoke',
  'approve',
  'fence',
  'release',
  'cut-over',
  'close',
] as const;
export type RestorePhase = (typeof RESTORE_PHASES)[number];

/**
 * Those that a restore may have: only a dump is loaded, and compared as it is. Beside the living database no instance is
 * made, and the server has its roles already.
 */
export function phasesOf({ way, kind }: Pick<RestoreRecord, 'way' | 'kind'>): RestorePhase[] {
  const others: readonly RestorePhase[] = way.kind === 'dump' ? ['proof', 'warm'] : ['load'];
  const ofInstance: readonly RestorePhase[] =
    kind === 'database' ? ['prepare', 'restore', 'secure', 'roles'] : [];
  return RESTORE_PHASES.filter((phase) => !others.includes(phase) && !ofInstance.includes(phase));
}

/**
 * One side of a restore: what is replaced, or what replaces it. An instance or a cluster, or with `database` that one of
 * its server: then it has the database's name, and its id there.
 */
export type RestoreSide = {
  name: string;
  resourceId: string;
  host?: string;
  port?: number;
  database?: string;
};

/** Where a side answers, as far as that is known. */
export function addressOf(side: RestoreSide | undefined): Address | undefined {
  if (!side?.host || !side.port) return undefined;
  const { host, port, database } = side;
  return { host, port, ...(database === undefined ? {} : { database }) };
}

/** A secret that leads to the new database: the version before, and ours. */
export type SecretVersions = { secret: string; before: string; after: string };

/** How each database was before it was frozen, to undo it exactly: its own default of read-only, if it had one. */
export type Held = Record<string, { readOnly?: string }>;

/** How production was switched, as far as it came: what is there is taken back in reverse. */
export type Switched = {
  at: string;
  secrets: SecretVersions[];
  /** The old database has this name since. */
  oldIs?: string;
  /** The new one has the old one's name. */
  newIs?: string;
};

/**
 * The record of one emergency restore, written by its execution alone. It holds no secret and no row: passwords are
 * read where they are needed.
 */
export type RestoreRecord = {
  target: string;
  /** The moment it was asked for: `20261120T120000Z`. */
  id: string;
  /** Drawn by its execution: another one that was asked for in the same second has another. */
  token: string;
  state: RestoreState;
  by: string;
  reason?: string;
  /** It is a drill: the policy approves it, it is rolled back, and what it made is deleted. `of`: whose data it restores. */
  drill?: { of: string };
  startedAt: string;
  endedAt?: string;
  /** Drawn by the rollback that works on it, or did. */
  takenBy?: string;
  /** Every step of its execution moves it: one that has passed belongs to an execution that has died. */
  aliveUntil: string;
  way: { kind: RestoredSort; point?: string; asOf: string };
  /** The policy's settings when it began: a deployment meanwhile changes nothing of it. */
  settings: RestoreSettings;
  /** The digest of the plan that was shown. */
  confirmed: string;
  phase: RestorePhase;
  phases: Phase[];
  phaseBeganAt: string;
  /** How long the restore itself is expected to take, as measured, in seconds. */
  expected?: number;
  /** What is made: an instance, a cluster, or a database beside the living one on its server. */
  kind: 'rds' | 'aurora' | 'database';
  /** Absent where it no longer exists. */
  old?: RestoreSide;
  made?: RestoreSide;
  /** The versions of the application's secrets when it began: another one later was written by somebody else. */
  secretsBefore: { secret: string; version: string }[];
  /** Beside the living database, how each membership of who restores would end: those that he had when it began. */
  memberships?: string[];
  /** How the old databases were when it began: those that may be frozen and closed. */
  was?: Held;
  /** What an earlier restore had frozen and could not put back: how it was before that. */
  leftBy?: { restore: string; held?: Held };
  /** Those that were closed, or were about to be. */
  closed?: string[];
  /** The same, once they are frozen: it is put back. */
  held?: Held | undefined;
  frozenAt?: string;
  /** Why the old database was left open for its sessions: it is so full that it takes no writes, and no closing either. */
  notClosed?: string;
  /** Hooks that were called, or were about to be: the freeze is undone by a thaw, a cutover by a cut-back. */
  hooked?: { freeze?: string; cutOver?: string[]; application?: string };
  /** The application's last moment at the old database: everything written from `way.asOf` to it is lost. */
  lastWriteBefore?: string;
  /** `unfinished`: why the proof ended before its end; a person weighs that, and a drill does not pass. */
  proof?: {
    strength: 'exact' | 'bounded' | 'restored' | 'none';
    differences: string[];
    unchecked: string[];
    unfinished?: string;
  };
  /** The smoke steps that ran: against the new database, later against production. */
  smoke?: (SmokeResult & { at: 'copy' | 'production' })[];
  /** What a person decides about, and reads before. */
  notes: string[];
  /** What a person does next, as long as the restore is as it ended. */
  next?: string[];
  /** Settings of the old database that the new one does not have, each named. */
  incomplete: string[];
  /** The secret with the master's password, if no secret of the target's has it. */
  masterPasswordIn?: string | undefined;
  decideBy?: string;
  answer?: RestoreAnswer;
  switched?: Switched;
  /** Names and secrets are being put back, or were. */
  undoing?: true;
  error?: ErrorInfo | undefined;
  /** Databases that it left beside production, until they are deleted. */
  kept?: { name: string; resourceId: string }[];
  /** What was undone after a failure or by a rollback. */
  undone: string[];
  /** What could not be, each with its reason: a rollback tries it again. */
  notPutBack: string[];
};

/** A person's decision about a restore. The first answer counts; `abort` may come at any time. */
export type RestoreAnswer = {
  target: string;
  restore: string;
  answer: 'approve' | 'reject' | 'abort';
  by: string;
  at: string;
  reason?: string;
};

/** The name of the new database now. */
export function newName({ made, switched }: Pick<RestoreRecord, 'made' | 'switched'>): string {
  return switched?.newIs ?? made!.name;
}

/** The longest time between two steps of an execution that lives, in seconds: a function of fifteen minutes and its repetition. */
export const RESTORE_LEASE = 2400;

/** The token of the execution that works on it: only that one may write the record. */
export function holderOf({ token, takenBy }: Pick<RestoreRecord, 'token' | 'takenBy'>): string {
  return takenBy ?? token;
}

/** Does this restore keep the target's other work waiting? It does until it has ended, also when its execution has died. */
export function isOpen<T extends Pick<RestoreRecord, 'state'>>(record: T | undefined): record is T {
  return record?.state === 'running';
}

/** Is there something of it that the watch looks at: an execution, or a database that it left? */
export function isStanding({ state, kept = [] }: Pick<RestoreRecord, 'state' | 'kept'>): boolean {
  return state === 'running' || kept.length > 0;
}

/** Has its execution died, so that only a rollback ends it? */
export function isStalled(
  { state, aliveUntil }: Pick<RestoreRecord, 'state' | 'aliveUntil'>,
  now: Date,
): boolean {
  return state === 'running' && new Date(aliveUntil) <= now;
}

/** Seconds of the data that production loses: from the restored moment to the last one the old database was in use. */
export function lostSeconds({ way, lastWriteBefore }: RestoreRecord): number | undefined {
  if (lastWriteBefore === undefined) return undefined;
  return Math.max(0, (new Date(lastWriteBefore).getTime() - new Date(way.asOf).getTime()) / 1000);
}
