import { contentOf, type Pair } from './compared.ts';

export const ALL = ['missing', 'changed', 'extra'] as const;
const rowsOnly = (content: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(content).filter(([, value]) => Array.isArray(value)));

/** Patch with all kinds: the living becomes the copy; the reverse makes it what it was. */
export async function thereAndBack(
  both: Pair,
  how: {
    mends?: readonly ('missing' | 'changed' | 'extra')[];
    withoutTriggers?: boolean;
    tables?: string[];
    where?: string;
  } = {},
) {
  const before = rowsOnly(await contentOf(both.living));
  const made = await both.patch(
    { tables: how.tables, where: how.where },
    { mends: how.mends ?? ALL, withoutTriggers: how.withoutTriggers ?? false },
  );
  await both.apply(made.forward);
  if (!how.mends && !how.where && !how.tables)
    expect(rowsOnly(await contentOf(both.living))).toEqual(rowsOnly(await contentOf(both.copy)));
  const again = await both.compare({ tables: how.tables, where: how.where });
  const left = again.tables.map(({ name, missing, changed, extra }) => ({ name, missing, changed, extra }));
  await both.apply(made.reverse);
  expect(rowsOnly(await contentOf(both.living))).toEqual(before);
  return { ...made, left };
}
