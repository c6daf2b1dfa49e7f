import * as z from 'zod';
import { type RowsDeps, withRows } from './with-rows.ts';

/** Is a condition true of one dump? A search asks this of several. */
export const findRequest = z.strictObject({
  ask: z.literal('find'),
  target: z.string(),
  point: z.string(),
  find: z.string().min(1).max(10_000),
});

export type FoundIn = { point: string; snapshotAt: string; holds: boolean };

/** Restores the rows of a dump and asks them. */
export function findInPoint(asked: z.output<typeof findRequest>, deps: RowsDeps): Promise<FoundIn> {
  return withRows(asked, deps, async ({ stored, rows }) => ({
    point: stored.id,
    snapshotAt: stored.snapshotAt,
    holds: await rows.holds(asked.find),
  }));
}
