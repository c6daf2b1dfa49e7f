import { createHash } from 'node:crypto';
import { codeOf, hintOf, InputError, reasonOf } from '../../domain/errors.ts';
import { type Plan, requireTarget, type Target } from '../../domain/plan/policy.ts';
import { USUALLY_APART } from '../../domain/proof/heartbeat-proof.ts';
import type { HeartbeatJob } from '../../domain/runs/job.ts';
import { humanSeconds, secondsBetween, utc } from '../../domain/time.ts';
import { refuseTheFuture } from '../../execution/claim.ts';
import { withCredentials } from '../../execution/credentials.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Heartbeat, Secrets } from '../../ports/database.ts';
import type { Log } from '../../ports/messages.ts';

export type HeartbeatDeps = {
  plan: Plan;
  heartbeat: Heartbeat;
  secrets: Secrets;
  catalog: Catalog;
  clock: Clock;
  log: Log;
};
export type HeartbeatOutcome = { outcome: 'written' | 'there'; minute: string };

/**
 * Writes one row into the heartbeat of a target, named after the minute the job was scheduled for.
 *
 * It claims no run: a run a minute would be 1,440 items a day that repeat what the row shows, and a second delivery
 * writes the same row. A failure is logged and thrown, without an alert: the next minute is the retry, and the watch
 * judges silence by what is observed here. Killed between the row and its observation, the next row is observed.
 */
export async function writeHeartbeat(job: HeartbeatJob, deps: HeartbeatDeps): Promise<HeartbeatOutcome> {
  const target = withHeartbeat(requireTarget(deps.plan, job.target));
  refuseTheFuture(job.scheduledFor, deps.clock.now());
  const minute = `${job.scheduledFor.slice(0, 16)}:00Z`;
  try {
    const outcome = await withCredentials(deps.secrets, target, (credentials) =>
      deps.heartbeat.write(credentials, minute),
    );
    // A row that existed before says nothing about now: a redelivered old message must not count as news.
    if (outcome === 'written') {
      const now = deps.clock.now();
      // A gap that could not be recorded must not keep the row from being observed.
      const before = await deps.catalog.observed(target.id).catch(() => undefined);
      await deps.catalog.observe(target.id, { heartbeatAt: utc(now) }, now);
      await tellGap(target, before?.heartbeatAt, now, deps).catch((error) =>
        deps.log.warn('a gap in the heartbeat is not on the timeline', {
          target: target.id,
          reason: reasonOf(error),
        }),
      );
    }
    return { outcome, minute };
  } catch (error) {
    deps.log.error('the row of the heartbeat could not be written', {
      target: target.id,
      minute,
      error: { code: codeOf(error), message: reasonOf(error), hint: hintOf(error) },
    });
    throw error;
  }
}

/** A gap is the longest time that the source took no writes, such as a failover's. It goes on the timeline. */
async function tellGap(
  target: Target,
  before: string | undefined,
  now: Date,
  deps: HeartbeatDeps,
): Promise<void> {
  const seconds = before === undefined ? 0 : secondsBetween(before, now);
  if (before === undefined || seconds <= USUALLY_APART) return;
  await deps.catalog.addEvent({
    target: target.id,
    at: before,
    id: createHash('sha256').update(`heartbeat gap ${before}`).digest('hex').slice(0, 32),
    from: 'understudy',
    code: 'heartbeat-gap',
    subject: 'heartbeat',
    message: `no row reached the heartbeat of ${target.id} from ${before} to ${utc(now)}: for ${humanSeconds(seconds)} at most it took no writes`,
  });
}

function withHeartbeat(target: Target): Target {
  if (target.heartbeat) return target;
  throw new InputError(
    `${target.id} has no heartbeat in understudy.yml`,
    [],
    'add `heartbeat: true` to the target and deploy again; scripts/sql/heartbeat.sql makes its table',
  );
}
