import { InputError, Refusal } from '../../domain/errors.ts';
import { isOnInstance } from '../../domain/incidents/way.ts';
import { connectionOf, type Target } from '../../domain/plan/policy.ts';
import { isDump } from '../../domain/points/recovery-point.ts';
import type { RestoreJob } from '../../domain/runs/job.ts';
import { compactUtc, utc } from '../../domain/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Durable } from '../../ports/durable.ts';
import type { InstancePlan, PlanDeps } from '../../restore/instance/plan-rehearsal.ts';
import type { Chosen } from '../../restore/restored.ts';
import { askInside } from './ask-inside.ts';
import { refuseTooLarge, requireDump } from './choose-empty.ts';
import type { SeenServer } from './inside-server.ts';

/** A dump for a new database on the server of the living one. Small: it travels through a checkpoint. */
export type BesidePlan = Chosen &
  Pick<
    InstancePlan,
    'engine' | 'dialect' | 'masterUser' | 'database' | 'manifest' | 'plannedAt' | 'notes'
  > & { kind: 'database' };

/**
 * The server of the living database, where the restore makes another one on it; undefined where it makes an instance.
 * Rejects with everything that is in the way there.
 */
export async function serverFor(
  job: RestoreJob,
  target: Target,
  durable: Durable,
  deps: { insideFunction: string; clock: Clock },
): Promise<SeenServer | undefined> {
  if (job.way !== 'dump') {
    if (!job.beside) return undefined;
    throw new InputError(
      `a ${job.way} of ${target.id} is a whole instance, and cannot be restored beside the living database`,
      [],
      'only a dump goes beside it: choose one with --point, or leave --beside out',
    );
  }
  if (isOnInstance(target) && !job.beside) return undefined;
  connectionOf(target);
  const { admin } = target.policy.restore;
  return askInside<SeenServer>(durable, 'look at the server', deps, {
    ...{ ask: 'server', target: target.id, restore: compactUtc(job.scheduledFor) },
    ...(admin === undefined ? {} : { admin }),
  });
}

export async function planBeside(
  pointId: string,
  target: Target,
  server: SeenServer,
  { catalog, clock }: Pick<PlanDeps, 'catalog' | 'clock'>,
): Promise<BesidePlan> {
  const point = (await catalog.points(target.id)).filter(isDump).find(({ id }) => id === pointId);
  const { manifest, snapshotAt } = requireDump(target, pointId, point);
  refuseTooLarge(target, pointId, point);
  const needed = point?.sourceBytes;
  if (needed !== undefined && server.free !== undefined && server.free < needed)
    throw new Refusal(
      'no-room',
      `the server of ${target.id} may still take ${megabytes(server.free)}, and the dumped database had ${megabytes(needed)}`,
      { hint: 'raise its limit, or restore elsewhere: docs/emergency/outside-the-window.md' },
    );
  return {
    ...{ sort: 'dump', kind: 'database', point: pointId },
    ...{ moment: snapshotAt, newestAt: snapshotAt },
    ...{ engine: target.engine, dialect: target.engine, masterUser: server.user },
    ...{ database: server.makes, manifest, plannedAt: utc(clock.now()) },
    notes: [
      `it loads on the living server, beside ${server.database}: that takes of its work and its disk`,
      ...(server.free === undefined ? ['nobody can say here how much its disk has left'] : []),
    ],
  };
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
