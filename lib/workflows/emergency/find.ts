import * as z from 'zod';
import { type RowsDeps, withRows } from './with-rows.ts';

/** Is a condition true of one dump? A search asks this of several. */
export const findRequest = z.strictObject({
  ask: z.literal('find'),
  target: z.string(),
  point: z.string(),
  find: z.string().min(1).max(10_000),
});

/** `lacks`: the dump has no table or column of such a name. */
export type FoundIn = { point: string; snapshotAt: string; holds: boolean; lacks?: true };

/** Restores the rows of a dump and asks them. */
export function findInPoint(asked: z.output<typeof findRequest>, deps: RowsDeps): Promise<FoundIn> {
  return withRows(asked, deps, async ({ stored, rows }) => {
    const holds = await rows.holds(asked.find);
    const found = { point: stored.id, snapshotAt: stored.snapshotAt, holds: holds ?? false };
    return holds === undefined ? { ...found, lacks: true } : found;
  });
}
