import { placeOf, type Target } from '../domain/plan/policy.ts';
import type { SnapshotPoint } from '../domain/points/recovery-point.ts';
import type { SnapshotJob } from '../domain/runs/job.ts';
import type { JobMessages } from '../ports/messages.ts';

/** One message for each place. */
export async function askForCopies(
  job: Pick<SnapshotJob, 'scheduledFor' | 'requestedBy'>,
  target: Target,
  point: SnapshotPoint,
  { messages }: { messages: JobMessages },
  places: readonly string[] = target.policy.snapshot.copies.map(placeOf),
): Promise<void> {
  for (const to of places) {
    await messages.publish({
      job: 'copy',
      target: target.id,
      scheduledFor: job.scheduledFor,
      requestedBy: job.requestedBy,
      reason: 'the snapshot is available',
      point: point.id,
      to,
    });
  }
}
