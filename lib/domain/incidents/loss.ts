import type { RecoveryPoint } from '../points/recovery-point.ts';
import { isDump } from '../points/recovery-point.ts';
import type { Evidence } from '../proof/evidence.ts';
import { SNAPSHOT_TAKES } from '../proof/heartbeat-proof.ts';
import { plusSeconds, secondsBetween, utc } from '../time.ts';
import type { PlanInput, Span, Way } from './way.ts';

/** Moments between which something happened. Without `earliest` it may have been at any time before. */
export type Bounds = { earliest?: string; latest: string };

/** States in which a source takes no writes for certain. */
const TAKES_NONE: readonly string[] = ['stopped', 'deleting'];

/**
 * When the source took its last write. A living one takes writes now. One that is gone took them until its last row of
 * the heartbeat at least, and until it was first seen gone at most.
 */
export function lastWriteOf({ target, now, status, findings }: PlanInput): Bounds {
  const platform = status?.platform;
  const gone = findings
    .filter(({ code }) => code === 'source-missing' || code === 'instance-deleted')
    .filter(({ subject }) => subject === target.platform?.id)
    .map(({ since }) => since)
    .sort()[0];
  const isDown = platform?.status === 'missing' || TAKES_NONE.includes(platform?.source?.state ?? '');
  const latest = gone ?? (isDown ? platform!.readAt : undefined);
  if (latest === undefined) return { earliest: utc(now), latest: utc(now) };
  const heartbeat = target.heartbeat ? status?.heartbeatAt : undefined;
  if (heartbeat === undefined) return { latest };
  // A row that came later shows that it was not gone yet.
  return { earliest: heartbeat, latest: later(heartbeat, latest) };
}

/** What is lost between a way's data and the last write. */
export function lossOf({ asOf, between }: Pick<Way, 'asOf' | 'between'>, lastWrite: Bounds): Span {
  const data = between ?? { earliest: asOf, latest: asOf };
  const seconds = (from: string, to: string) => Math.max(0, secondsBetween(from, to));
  return {
    least: lastWrite.earliest === undefined ? 0 : seconds(data.latest, lastWrite.earliest),
    most: seconds(data.earliest, lastWrite.latest),
  };
}

/**
 * Between which moments a point's data is. A dump's moment is that of its database snapshot, so it needs no bounds. A
 * snapshot has the moment that the platform reports, from which its data may differ by `SNAPSHOT_TAKES` either way; it
 * has nothing that was written after it was complete. A rehearsal of this very snapshot that found the heartbeat in it
 * shows that everything up to its newest row is there.
 */
export function boundsOf(
  point: RecoveryPoint,
  evidence: readonly Evidence[],
): Pick<Way, 'between'> | undefined {
  if (isDump(point)) return undefined;
  const reported = point.snapshotAt!;
  const complete = point.availableAt !== undefined && point.availableAt >= reported ? point.availableAt : '9';
  const rows = evidence.flatMap(({ point: of, heartbeat }) =>
    of === point.id && heartbeat?.verdict === 'agrees' && heartbeat.newestAt
      ? [utc(new Date(heartbeat.newestAt))]
      : [],
  );
  const latest = [utc(plusSeconds(reported, SNAPSHOT_TAKES)), complete].sort()[0]!;
  const earliest = [utc(plusSeconds(reported, -SNAPSHOT_TAKES)), ...rows].sort().at(-1)!;
  return { between: { earliest, latest: later(earliest, latest) } };
}

const later = (a: string, b: string) => (a > b ? a : b);
