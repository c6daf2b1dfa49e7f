import { plusSeconds, secondsBetween, utc } from '../time.ts';

/**
 * One row of a source's heartbeat. `minute` is what it is named after (`2026-11-20T01:02:00Z`); the other two are the
 * server's clock with microseconds (`2026-11-20T01:02:07.123456Z`), so that they compare as text. The row was committed
 * between them. Without `committedBy` nobody knows by when: its writer died before it could say.
 */
export type HeartbeatRow = { minute: string; writtenAt: string; committedBy?: string };

/** `from` is when the source was last known to take a write, `to` when it did again: a downtime lies within. */
export type Downtime = { from: string; to: string; seconds: number };

/** What a restored copy's heartbeat says. Rows are named by their minute, the first hundred of each; the counts are whole. */
export type HeartbeatProof = {
  /** `unknown`: no row of the copy could be compared with one of the source. It is no proof. */
  verdict: 'agrees' | 'differs' | 'unknown';
  /** Rows of the copy that the source's heartbeat reaches back to. */
  compared: number;
  /** When the newest row in the copy was written: what was committed before that is in it. */
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
/** Between the moment that a snapshot holds and the one that is said of it, at most. In seconds. */
export const SNAPSHOT_TAKES = 900;
/** Rows are a minute apart, and EventBridge Scheduler may be up to a minute late: only more than both is a gap. */
export const USUALLY_APART = 120;

/**
 * Compares the heartbeat of a restored copy with its source's. `source` must have been read after the copy's moment, and
 * both from the same beginning. `moment` is what was restored to; undefined for a snapshot.
 *
 * The source keeps rows for 35 days only: what the copy has from before the source's oldest row is not compared.
 */
export function judgeHeartbeat(
  source: readonly HeartbeatRow[],
  copy: readonly HeartbeatRow[],
  moment: string | undefined,
  /** When the snapshot is said to have been taken. */
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
 * Restored to a moment: a row committed by then must be there, one written later must not. PostgreSQL replays what was
 * committed up to and including its target and stops at the first commit after it (recovery_target_inclusive), so that
 * both bounds are sharp however many transactions ran at once. RDS takes moments to the second: "any second during your
 * retention period" (its FAQ), "within 1 second of precision" (AWS Backup). Where within its second a restore stops is
 * not documented: what was written or committed within it may be there or not.
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
 * A snapshot is of one moment that nobody noted to the second, so that the copy must be a beginning of the source: if a
 * row is there, so is every one that was committed before it was written. Of two that were written at once either
 * may have been committed first.
 */
function asOfSnapshot(there: readonly HeartbeatRow[], takenAt: string | undefined): Rule {
  const newest = inOrder(there).at(-1)?.writtenAt ?? '';
  // Whatever it holds, it is no older than it says: what was committed well before then is in it.
  const surely = takenAt === undefined ? '' : micros(utc(plusSeconds(takenAt, -SNAPSHOT_TAKES)));
  const least = [newest, surely].sort().at(-1)!;
  return {
    must: (row) => row.committedBy !== undefined && row.committedBy <= least,
    mustNot: () => false,
  };
}

/**
 * What was lost at most, in seconds, had the emergency been at `at`: everything since the copy's newest row. A row a
 * minute makes it at most a minute or so too much. Undefined where the copy has no row.
 */
export function lostBy(proof: Pick<HeartbeatProof, 'newestAt'>, at: string): number | undefined {
  return proof.newestAt === undefined ? undefined : Math.max(0, secondsBetween(proof.newestAt, at));
}

/**
 * Where nothing was written for longer than rows are usually apart, oldest first: at most so long the source took no
 * writes. The heartbeat's own silence (its function, its network) looks the same, so that it says when and how long, not why.
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

/** By when they were written: their minutes may come late and out of turn. */
function inOrder(rows: readonly HeartbeatRow[]): HeartbeatRow[] {
  return [...rows].sort((a, b) => (a.writtenAt < b.writtenAt ? -1 : a.writtenAt > b.writtenAt ? 1 : 0));
}

function micros(second: string): string {
  return second.replace('Z', '.000000Z');
}
