import { once } from 'node:events';
import { Readable } from 'node:stream';
import { complaints } from '../../../../../../lib/adapters/engines/postgres/restore/pg-restore.ts';

/** What is counted and kept of a verbose program's output. */
async function heard(...chunks: string[]) {
  const stderr = Readable.from(chunks);
  let tables = 0;
  const kept = complaints(stderr, () => tables++);
  await once(stderr, 'end');
  return { tables, kept: kept() };
}

test('each table is counted once, also when two jobs of pg_restore write into one line', async () => {
  const lines = ['a', 'b', 'c'].map((name) => `processing data for table "public.${name}"\n`);
  expect(
    await heard(
      `pg_restore: pg_restore: ${lines[0]}${lines[1]!.slice(0, 9)}`,
      lines[1]!.slice(9),
      `pg_restore: ${lines[2]}`,
    ),
  ).toEqual({
    tables: 3,
    kept: '',
  });
});

test('an error is kept, also behind the name that another job wrote', async () => {
  const error = 'pg_restore: pg_restore: error: could not execute query: ERROR:  no';
  expect(await heard('pg_restore: creating TABLE "public.t"\n', `${error}\n`)).toEqual({
    tables: 0,
    kept: error,
  });
});
