import { plusSeconds, secondsBetween, utc } from '../time.ts';

/**
 * One row of a source's heartbeat. `minute` is its name (`2026-11-20T01:02:00Z`); the other two are the server's
 * clock with microseconds (`2026-11-20T01:02:07.123456Z`), so that they compare as text. The row was committed
 * between them. Without `committedBy` the upper bound is unknown: its writer died first.
 */
export type HeartbeatRow = { minute: string; writtenAt: string; committedBy?: string };

/** `from` is the source's last known write, `to` its next: the downtime lies between them. */
export type Downtime = { from: string; to: string; seconds: number };

/**
 * The result for a restored copy's heartbeat. Rows are named by their minute, the first hundred of each; the counts
 * are complete.
 */
export type HeartbeatProof = {
  /** `unknown`: no row of the copy could be compared with one of the source, so it is not a proof. */
  verdict: 'agrees' | 'differs' | 'unknown';
  /** Rows of the copy that are not older than the source's heartbeat. */
  compared: number;
  /** When the newest row in the copy was written: everything committed before that is in it. */
  newestAt?: string;
  missing: string[];
  missingCount: number;
  extra: string[];
  extraCount: number;
  /** In the source, as far as it was read. */
  downtimes: Downtime[];
};

type Rule = { must(row: HeartbeatRow): boolean; mustNot(row: HeartbeatRow): boolean };

const LISTED = 100;
/** The longest time between the moment of a snapshot's data and the moment it reports, in seconds. */
export const SNAPSHOT_TAKES = 900;
/** Rows are a minute apart, and EventBridge Scheduler may be up to a minute late: only more than both is a gap. */
export const USUALLY_APART = 120;

/**
 * Compares the heartbeat of a restored copy with its source's. `source` must have been read after the copy's moment,
 * and both from the same start. `moment` is the restored moment; undefined for a snapshot.
 *
 * The source keeps rows for 35 days: older rows of the copy are not compared.
 */
export function judgeHeartbeat(
  source: readonly HeartbeatRow[],
  copy: readonly HeartbeatRow[],
  moment: string | undefined,
  /** When the snapshot was taken, as reported. */
  takenAt?: string,
): HeartbeatProof {
  const oldest = inOrder(source)[0]?.writtenAt;
  const compared = inOrder(copy).filter((row) => oldest !== undefined && row.writtenAt >= oldest);
  const known = new Set(source.map(identity));
  const restored = new Set(compared.map(identity));
  const isThere = (row: HeartbeatRow) => restored.has(identity(row));
  const { must, mustNot } =
    moment === undefined ? asOfSnapshot(source.filter(isThere), takenAt) : asOf(moment);

  const missing = inOrder(source).filter((row) => must(row) && !isThere(row));
  const extra = compared.filter((row) => mustNot(row) || !known.has(identity(row)));
  const differs = missing.length > 0 || extra.length > 0;
  const newest = inOrder(copy).at(-1);
  return {
    verdict: differs ? 'differs' : compared.length === 0 ? 'unknown' : 'agrees',
    compared: compared.length,
    ...(newest ? { newestAt: newest.writtenAt } : {}),
    missing: missing.slice(0, LISTED).map((row) => row.minute),
    missingCount: missing.length,
    extra: extra.slice(0, LISTED).map((row) => row.minute),
    extraCount: extra.length,
    downtimes: downtimes(source).slice(-LISTED),
  };
}

/**
 * Restored to a moment: a row committed by then must be there, one written later must not. PostgreSQL replays
 * everything committed up to and including its target and stops at the first commit after it
 * (recovery_target_inclusive), so both bounds are exact with any number of concurrent transactions. RDS takes moments
 * to the second: "any second during your retention period" (its FAQ), "within 1 second of precision" (AWS Backup).
 * Where within that second a restore stops is not documented: a row written or committed within it may be there or
 * not.
 */
function asOf(moment: string): Rule {
  const second = utc(new Date(moment));
  const begins = micros(second);
  const ends = micros(utc(plusSeconds(second, 1)));
  return {
    must: (row) => row.committedBy !== undefined && row.committedBy <= begins,
    mustNot: (row) => row.writtenAt >= ends,
  };
}

/**
 * The exact moment of a snapshot is unknown, so the copy must be a prefix of the source: if a row is there, so is
 * every row that was committed before it was written. Of two that were written at once either may have been committed
 * first.
 */
function asOfSnapshot(there: readonly HeartbeatRow[], takenAt: string | undefined): Rule {
  const newest = inOrder(there).at(-1)?.writtenAt ?? '';
  // It is no older than it reports: what was committed well before that is in it.
  const surely = takenAt === undefined ? '' : micros(utc(plusSeconds(takenAt, -SNAPSHOT_TAKES)));
  const least = [newest, surely].sort().at(-1)!;
  return {
    must: (row) => row.committedBy !== undefined && row.committedBy <= least,
    mustNot: () => false,
  };
}

/**
 * The most that an emergency at `at` would have lost, in seconds: everything since the copy's newest row. With a row
 * a minute that is about a minute too much at most. Undefined where the copy has no row.
 */
export function lostBy(proof: Pick<HeartbeatProof, 'newestAt'>, at: string): number | undefined {
  return proof.newestAt === undefined ? undefined : Math.max(0, secondsBetween(proof.newestAt, at));
}

/**
 * Gaps longer than the usual distance between rows, oldest first: the longest time that the source took no writes. A
 * silent heartbeat (its function, its network) looks the same, so a gap tells when and how long, not why.
 */
export function downtimes(rows: readonly HeartbeatRow[], longerThan = USUALLY_APART): Downtime[] {
  const found: Downtime[] = [];
  let alive: string | undefined;
  for (const { writtenAt, committedBy = writtenAt } of inOrder(rows)) {
    if (alive !== undefined && secondsBetween(alive, writtenAt) > longerThan)
      found.push({ from: alive, to: writtenAt, seconds: secondsBetween(alive, writtenAt) });
    if (alive === undefined || committedBy > alive) alive = committedBy;
  }
  return found;
}

/** A row that was written again is another row, even for the same minute. */
function identity({ minute, writtenAt }: HeartbeatRow): string {
  return `${minute} ${writtenAt}`;
}

/** By when they were written: their minutes may arrive late and out of order. */
function inOrder(rows: readonly HeartbeatRow[]): HeartbeatRow[] {
  return [...rows].sort((a, b) => (a.writtenAt < b.writtenAt ? -1 : a.writtenAt > b.writtenAt ? 1 : 0));
}

function micros(second: string): string {
  return second.replace('Z', '.000000Z');
}
