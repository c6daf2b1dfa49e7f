import { type AlertDeps, raise } from '../../alerting/alerts.ts';
import { DEPLOYMENT, finding } from '../../domain/findings/finding.ts';
import { type JobMessage, jobMessage } from '../../domain/runs/job.ts';
import { runOf } from '../../domain/runs/run-of.ts';
import type { JobMessages } from '../../ports/messages.ts';

export type UnclaimedDeps = AlertDeps & { messages: Pick<JobMessages, 'publish'> };

/** SNS takes up to fifteen minutes to use a changed filter; in seconds, with room for a schedule that fires late. */
const FILTERS_CHANGE_WITHIN = 20 * 60;
const BETWEEN_TRIES = 60;

/**
 * A message on topic `jobs` that no function takes → an alert: a misspelt request must not vanish. A message of a job that
 * has a function came here by the filter of before a deployment: it is put back until its run has begun.
 */
export async function unclaimed(message: unknown, deps: UnclaimedDeps): Promise<void> {
  const { data: job } = jobMessage.safeParse(message);
  if (!job) return sayThatNobodyTakes(message, 'no function takes this message from topic jobs', deps);
  // The next minute has its own row.
  if (job.job === 'heartbeat') return;
  const age = (deps.clock.now().getTime() - new Date(job.scheduledFor).getTime()) / 1000;
  if (age > FILTERS_CHANGE_WITHIN)
    return sayThatNobodyTakes(message, 'a message of an old run reached no function of its job', deps);
  await putBack(job, deps);
}

/** Delivering a message twice does its work once; a run that has failed meanwhile is not begun again. */
async function putBack(job: JobMessage, deps: UnclaimedDeps): Promise<void> {
  await deps.clock.sleep(BETWEEN_TRIES * 1000);
  const run = await deps.catalog.run(runOf(job));
  if (run)
    return deps.log.info('a message was taken by its function too', { job: job.job, target: job.target });
  deps.log.info('a message is put back: its filter is not in use yet', { job: job.job, target: job.target });
  await deps.messages.publish(job);
}

async function sayThatNobodyTakes(message: unknown, what: string, deps: UnclaimedDeps): Promise<void> {
  const subject = String((message as { job?: unknown } | null)?.job ?? 'without a job').slice(0, 100);
  await raise(
    deps,
    finding('unknown-job', {
      target: DEPLOYMENT,
      subject,
      message: `${what}: ${JSON.stringify(message).slice(0, 500)}`,
    }),
  );
}
