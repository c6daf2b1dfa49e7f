import { InputError, UnderstudyError } from '../../domain/errors.ts';
import { type Plan, policyOf, targetsOf } from '../../domain/plan/policy.ts';
import type { JobMessage, Tick } from '../../domain/runs/job.ts';
import type { JobMessages, Log, Metrics } from '../../ports/messages.ts';

export type DispatchDeps = { plan: Plan; messages: JobMessages; metrics: Metrics; log: Log };

/**
 * Turns one firing of a schedule into one message for each target, named after the scheduled moment. If it is killed
 * and run again it publishes all of them again: none is missing, and the work is done once, because a run is claimed
 * by its name.
 */
export async function dispatch(tick: Tick, deps: DispatchDeps): Promise<{ published: number }> {
  if (!policyOf(deps.plan, tick.policy)) {
    throw new InputError(
      `a schedule asks for policy "${tick.policy}", which is not in understudy.yml`,
      [],
      'deploy again: npx serverless deploy',
    );
  }
  const messages = targetsOf(deps.plan, tick.policy)
    .filter((target) => tick.job !== 'heartbeat' || target.heartbeat)
    .map((target) => messageFor(tick, target.id));
  const left = await deps.messages.publishAll(messages);
  deps.metrics.count('JobsDispatched', messages.length - left.length, { policy: tick.policy, job: tick.job });
  if (left.length > 0) {
    deps.metrics.count('JobsUndispatched', left.length, { policy: tick.policy, job: tick.job });
    throw new UnderstudyError(
      'dispatch-incomplete',
      `${left.length} of ${messages.length} messages for ${tick.job} could not be published, the first for ${left[0]!.message.target}: ${left[0]!.reason}`,
      {
        hint: 'the tick is tried again by itself; if it ends in the dead-letter queue, redrive it from there',
      },
    );
  }
  deps.log.info('dispatched', { ...tick, published: messages.length });
  return { published: messages.length };
}

function messageFor(tick: Tick, target: string): JobMessage {
  const common = { target, scheduledFor: tick.scheduledFor, requestedBy: 'schedule' };
  switch (tick.job) {
    case 'dump':
      return { job: 'dump', ...common };
    case 'verify':
      return { job: 'verify', ...common, again: false };
    case 'expire':
      return { job: 'expire', ...common, dryRun: false };
    case 'snapshot':
      return { job: 'snapshot', ...common };
    case 'drill':
      return { job: 'drill', ...common };
    case 'preflight':
      return { job: 'preflight', ...common };
    case 'heartbeat':
      return { job: 'heartbeat', ...common };
    case 'rehearse-snapshot':
    case 'rehearse-moment':
      return {
        job: 'rehearse-instance',
        ...common,
        from: tick.job === 'rehearse-moment' ? 'moment' : 'snapshot',
      };
    case 'rehearse':
    case 'simulation':
      return { job: 'rehearse', ...common, simulation: tick.job === 'simulation' };
  }
}
