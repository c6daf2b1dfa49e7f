import { createHash } from 'node:crypto';
import type { ExtractJob } from '../runs/job.ts';
import type { Run } from '../runs/run.ts';
import { secondsBetween } from '../time.ts';

/** What an extract is of. */
export type ExtractOf = Pick<ExtractJob, 'target' | 'from' | 'point' | 'moment' | 'tables' | 'find'>;

/** The same for every extract of the same: it is the label of their runs, and says nothing of a condition's values. */
export function extractLabel({ target, from, point, moment, tables, find }: ExtractOf): string {
  const of = { target, from, point, moment, tables: tables && [...new Set(tables)].sort(), find };
  return createHash('sha256').update(JSON.stringify(of)).digest('hex').slice(0, 32);
}

/** The files are deleted after a day at the earliest. With an hour for the comparison. In seconds. */
export const EXTRACT_LASTS = 23 * 3600;

/** Does it have these rows, or this answer? One of every table has the rows of some. */
export function isExtractOf({ label }: Run, of: ExtractOf): boolean {
  return label === extractLabel(of) || label === extractLabel({ ...of, tables: undefined });
}

/**
 * The extract to take instead of making another: a finished one whose files are there, else one that is under way.
 */
export function adoptable(runs: readonly Run[], of: ExtractOf, now: Date): Run | undefined {
  const same = runs.filter((run) => isExtractOf(run, of));
  const isThere = ({ state, endedAt }: Run) =>
    state === 'succeeded' && endedAt !== undefined && secondsBetween(endedAt, now) < EXTRACT_LASTS;
  const isAlive = ({ state, leaseUntil }: Run) => state === 'running' && new Date(leaseUntil) > now;
  return same.find(isThere) ?? same.find(isAlive);
}
