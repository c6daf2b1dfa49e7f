import { diffCommand } from '../../../../scripts/cli/commands/diff-command.ts';

const TABLE = {
  schema: 'public',
  name: 'odd name',
  key: ['id'],
  columns: ['id'],
  missing: 1,
  extra: 0,
  changed: 0,
  first: [{ kind: 'missing', key: '\u001b[2Jx' }],
  rows: { copy: 1, living: 0 },
  notes: [] as string[],
};
const reportWith = (table: object, more: object) => ({
  target: 'crm',
  point: '20261120T010000Z-1',
  snapshotAt: '2026-11-20T01:00:00Z',
  comparedAt: '2026-11-20T02:00:00Z',
  bucket: 'b',
  files: {},
  notes: [],
  unjudged: [],
  tables: [{ ...TABLE, ...table }],
  ...more,
});
const run = async (options: object = {}, table: object = {}, more: object = {}) => {
  const session = { caller: 'me', invoke: async () => reportWith(table, more) };
  const { lines, exit } = await diffCommand(session as never, 'crm', options as never);
  return { text: lines.join('\n'), exit };
};

test('what diff suggests names the point that was compared, its condition, and tables as a shell takes them', async () => {
  const { text } = await run({ where: "owner = 'x'" });
  expect(text).toContain(
    `./understudy restore crm --point 20261120T010000Z-1 --table 'public.odd name' --where 'owner = '\\''x'\\''' --patch`,
  );
});

test('a key cannot write to the terminal', async () => {
  const { text } = await run();
  expect(text).not.toContain('\u001b[2J');
  expect(text).toContain('\\u001b[2Jx');
});

test('a table with a column that was not compared does not have exactly the rows of the dump', async () => {
  const same = { missing: 0, first: [] };
  const notes = ['not compared, because only the copy has it: phone'];
  expect((await run({}, { ...same, notes })).text).not.toContain('exactly the rows');
  expect((await run({}, same)).text).toContain('exactly the rows');
});

test('a table that was not compared is named, and diff does not end as if nothing differed', async () => {
  const { text, exit } = await run(
    {},
    { missing: 0, first: [] },
    { unjudged: ['public.t: its definition could not be restored'] },
  );
  expect([exit, text]).toEqual([
    3,
    expect.stringContaining('not compared: public.t: its definition could not be restored'),
  ]);
});
