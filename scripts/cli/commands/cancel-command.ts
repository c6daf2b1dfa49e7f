import pc from 'picocolors';
import { InputError } from '../../../lib/domain/errors.ts';
import { runName } from '../../../lib/domain/names.ts';
import { didYouMean } from '../../../lib/domain/nearest.ts';
import type { Cancelled } from '../../../lib/workflows/operator/cancel.ts';
import { ASKED_JOBS } from '../asked-jobs.ts';
import { DONE } from '../exit-codes.ts';
import type { CommandResult } from '../print-result.ts';
import type { Session } from '../session.ts';

/** Ends a running job of a target, on record; a local one at once, a deployed one at its worker’s next renewal. */
export async function cancelCommand(session: Session, job: string, target: string): Promise<CommandResult> {
  const known: readonly string[] = ASKED_JOBS;
  if (!known.includes(job))
    throw new InputError(
      `there is no job "${job}"`,
      [],
      didYouMean(job, known) ?? `there are ${known.join(', ')}`,
    );
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
      ...cancelled.map((run) => `${runName(run)} is cancelled, on record as failed`),
      pc.dim(
        ended > 0
          ? 'its process cleans up and ends now'
          : 'its worker stops within half a minute, and writes nothing more',
      ),
    ],
  };
}
