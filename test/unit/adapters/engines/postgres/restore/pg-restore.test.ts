import { once } from 'node:events';
import { Readable } from 'node:stream';
import type { ArchiveEntry } from '../../../../../../lib/adapters/engines/postgres/restore/archive-toc.ts';
import { complaints, errorsOf } from '../../../../../../lib/adapters/engines/postgres/restore/pg-restore.ts';

/** What is counted and kept of a verbose program's output. */
async function heard(...chunks: string[]) {
  const stderr = Readable.from(chunks);
  let tables = 0;
  const kept = complaints(stderr, () => tables++);
  await once(stderr, 'end');
  return { tables, kept: kept() };
}

/** Every order in which two jobs can write these pieces. */
function interleaved(a: readonly string[], b: readonly string[]): string[] {
  if (a.length === 0 || b.length === 0) return [[...a, ...b].join('')];
  const [first, ...rest] = a;
  const [other, ...others] = b;
  return [
    ...interleaved(rest, b).map((text) => first + text),
    ...interleaved(a, others).map((text) => other + text),
  ];
}

const says = (text: string, ...level: string[]) => ['pg_restore:', ' ', ...level, `${text}\n`];
const rows = (name: string) => says(`processing data for table "public.${name}"`);

test('each table is counted once, however two jobs of pg_restore write into one line', async () => {
  const orders = interleaved(rows('a'), rows('b'));
  expect(new Set(orders).size).toBe(10);
  for (const order of orders) expect([order, await heard(order)]).toEqual([order, { tables: 2, kept: '' }]);
});

test('a line that comes in two pieces is counted once', async () => {
  const line = rows('a').join('');
  expect(await heard(line.slice(0, 30), line.slice(30))).toEqual({ tables: 1, kept: '' });
});

const ENTRY = { id: 7, schema: 'public', name: 't', type: 'TABLE DATA' } as ArchiveEntry;
const FAILURES = [
  'could not execute query: ERROR:  no\nCommand was: create table t ()',
  'COPY failed for table "t": ERROR:  no\nCONTEXT:  COPY t, line 1',
];
const OTHERS = [rows('b').join(''), 'launching item 9 TABLE DATA b', 'warning from original dump file: x'];

test.each(FAILURES.flatMap((failure) => OTHERS.map((other) => ({ failure, other }))))(
  'an error is kept and found, however another job writes into its line (%#)',
  async ({ failure, other }) => {
    for (const order of interleaved(says(failure, 'error: '), says(other))) {
      const text = `${says('from TOC entry 7; 0 1 TABLE DATA t').join('')}${order}`;
      const { kept } = await heard(text);
      const errors = errorsOf(kept, [ENTRY]).map(({ entry, message }) => ({ entry, message }));
      expect([order, errors]).toEqual([order, [{ entry: ENTRY, message: 'no' }]]);
    }
  },
);

test('the text of a failed command is no error of its own', () => {
  const text = [
    'pg_restore: from TOC entry 7; 0 1 TABLE DATA t',
    'pg_restore: error: could not execute query: ERROR:  no',
    'Command was: create function f() returns void language plpgsql as $$ begin',
    "raise 'ERROR:  more'; -- error: ERROR:  more",
    '$$',
  ];
  expect(errorsOf(text.join('\n'), [ENTRY])).toHaveLength(1);
});
