import pc from 'picocolors';
import { runName } from '../../../lib/domain/names.ts';
import type { Cancelled } from '../../../lib/workflows/operator/cancel.ts';
import { DONE } from '../exit-codes.ts';
import type { CommandResult } from '../print-result.ts';
import { refuseUnknownJob } from '../refuse-misspelt.ts';
import type { Session } from '../session.ts';

/** Ends a running job of a target, on record; a local one at once, a deployed one at its worker’s next renewal. */
export async function cancelCommand(session: Session, job: string, target: string): Promise<CommandResult> {
  refuseUnknownJob(job);
  // A drill has changed its target, and is a restore: its abort takes everything back.
  if (job === 'drill')
    return (await import('./restore-under-way-command.ts')).answerCommand(session, 'abort', target, {});
  const { cancelled } = await session.invoke<Cancelled>('operator', {
    ask: 'cancel',
    target,
    job,
    by: session.caller,
    local: session.isLocal,
  });
  const ended = session.isLocal ? (await import('../../local/running-jobs.ts')).endJobs(job, target) : 0;
  return {
    document: { cancelled: cancelled.map((run) => runName(run)) },
    exit: DONE,
    lines: [
      ...cancelled.map(
        (run) =>
          `${runName(run)} ${session.isLocal ? 'is cancelled, on record as failed' : 'will be cancelled'}`,
      ),
      pc.dim(whenItEnds(session, job, ended)),
    ],
  };
}

/** Durable functions look at most every five minutes; every other worker renews its claim each half minute. */
const DURABLE: readonly string[] = ['snapshot', 'copy', 'rehearse-snapshot', 'rehearse-moment'];

function whenItEnds(session: Session, job: string, ended: number): string {
  if (ended > 0) return 'its process cleans up and ends now';
  if (session.isLocal) return 'its worker stops within half a minute, and writes nothing more';
  return DURABLE.includes(job)
    ? 'its function ends it at its next look, within 5 minutes, and clears away what it made'
    : 'its worker ends it within half a minute, and clears away what it made';
}
