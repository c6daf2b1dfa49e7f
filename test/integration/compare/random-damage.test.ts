import { Random } from '../../../scripts/fuzz/random.ts';
import { contentOf, pair } from '../../support/compared.ts';
import type { TestDatabase } from '../../support/database.ts';

const DATABASES = 4;
const TABLES = 50;

/** Columns: a type, and a value of it from a number, as SQL. */
const TYPES: [string, (n: number, random: Random) => string][] = [
  ['int', (n) => String(n - 50)],
  ['bigint', (n, random) => `${random.pick(['', '-'])}${n}${random.pick(['', '00000000000'])}`],
  ['numeric', (n, random) => random.pick([`${n}`, `${n}.0`, `${n}.50`, "'NaN'"])],
  ['float8', (n, random) => random.pick([`${n} / 3.0`, "'-0'", "'Infinity'", `${n}e-300`])],
  ['text', (n, random) => `'${random.pick(['', 'é', '😀', "it''s ", 'a\\b', 'x;', '%$', '\u{E000}'])}${n}'`],
  ['text', (n) => `E'line ${n}\\nnext;\\r\\n;'`],
  ['uuid', (n) => `md5('${n}')::uuid`],
  ['bytea', (n) => `sha256('${n}')`],
  ['jsonb', (n, random) => `'{"n": ${n}, "s": "${random.pick(['a', '\\\\', '\\"'])}"}'`],
  ['timestamptz', (n) => `timestamptz '2026-03-29 00:00+00' + ${n} * interval '17 min'`],
  ['interval', (n) => `make_interval(months => ${n}, secs => ${n}.5)`],
  ['bool', (n) => (n % 2 === 0 ? 'true' : 'false')],
  ['int[]', (n) => `array[${n}, null, ${n + 1}]`],
  ['char(6)', (n) => `'${n}'`],
  ['date', (n) => `date '2026-01-01' + ${n}`],
];
/** Keys: columns, and their values from a number that is different for each row. */
const KEYS: { columns: string; values: (n: number) => string }[] = [
  { columns: '"The Key" int primary key', values: (n) => String(n * 7 - 1000) },
  {
    columns: 'k bigint generated always as identity (start with 100000) primary key',
    values: (n) => String(n * 1_000_000_007),
  },
  { columns: 'k uuid primary key', values: (n) => `md5('key ${n}')::uuid` },
  { columns: 'k text collate "en-x-icu" primary key', values: (n) => `'${n % 2 ? 'é' : 'E'} ${n}'` },
  { columns: 'k numeric(20, 4) primary key', values: (n) => `${n}.25` },
  {
    columns: 'k int, "l l" text, primary key ("l l", k)',
    values: (n) => `${n % 10}, 'part ${Math.floor(n / 10)}'`,
  },
  {
    columns: 'k timestamptz not null unique',
    values: (n) => `timestamptz '2026-01-01' + ${n} * interval '1 s'`,
  },
  { columns: 'k int', values: (n) => String(n % 20) },
];

type Table = { name: string; columns: string[]; values: (n: number, random: Random) => string; rows: number };

function tableOf(index: number, random: Random): Table {
  const key = random.pick(KEYS);
  const types = random.some(TYPES, random.between(1, 6));
  const name = `"t ${index}"`;
  return {
    name,
    columns: [key.columns, ...types.map(([type], column) => `c${column} ${type}`)],
    values: (n, each) =>
      [
        key.values(n),
        ...types.map(([, value]) => (each.chance(0.1) ? 'null' : value(each.between(0, 99), each))),
      ].join(', '),
    rows: random.pick([0, 1, 3, 40, 200, 1500]),
  };
}

const insert = ({ name, values }: Table, from: number, count: number, random: Random) =>
  count === 0
    ? ''
    : `insert into ${name} overriding system value values ${Array.from({ length: count }, (_, index) => `(${values(from + index, random)})`).join(', ')};`;

/** Deletes, changes and adds rows, each table in its own measure. */
function damageOf(table: Table, random: Random): string {
  const some = (part: number) =>
    `ctid in (select ctid from ${table.name} where abs(hashtext(ctid::text)) % 1000 < ${part})`;
  const column = table.columns.findIndex((each) => each.startsWith('c0'));
  const type = table.columns[column]!.slice(3);
  const value = TYPES.find(([each]) => each === type)![1];
  const kinds = [
    `delete from ${table.name} where ${some(random.pick([5, 300, 1000]))};`,
    `update ${table.name} set c0 = ${value(77, random)} where ${some(random.pick([5, 500, 1000]))};`,
    insert(table, 5000, random.pick([1, 20, 600]), random),
    `update ${table.name} set c0 = null where ${some(20)};`,
  ];
  return random.some(kinds, random.between(0, 3)).join('\n');
}

/** What differs, by reading every row of both sides: the key's text, or the whole row where there is no key. */
async function oracle(copy: TestDatabase, living: TestDatabase, name: string, key: readonly string[]) {
  const select = `select ${key.length === 0 ? "''" : `row(${key.map((column) => `"${column}"`).join(', ')})::text`} as key, t::text as row from ${name} t`;
  const [there, here] = [await copy.sql(select), await living.sql(select)] as {
    key: string;
    row: string;
  }[][];
  let [missing, extra, changed] = [0, 0, 0];
  if (key.length === 0) {
    const count = new Map<string, number>();
    for (const { row } of there!) count.set(row, (count.get(row) ?? 0) + 1);
    for (const { row } of here!) count.set(row, (count.get(row) ?? 0) - 1);
    for (const difference of count.values()) {
      missing += Math.max(0, difference);
      extra += Math.max(0, -difference);
    }
    return { missing, extra, changed };
  }
  const now = new Map(here!.map(({ key, row }) => [key, row]));
  for (const { key: each, row } of there!) {
    const found = now.get(each);
    now.delete(each);
    if (found === undefined) missing++;
    else if (found !== row) changed++;
  }
  extra = now.size;
  return { missing, extra, changed };
}

describe.each(Array.from({ length: DATABASES }, (_, index) => index + 1))(
  'random damage (seed %i)',
  (seed) => {
    it('of 50 tables is found exactly, taken back exactly, and done again exactly', async () => {
      const random = new Random(seed);
      const tables = Array.from({ length: TABLES }, (_, index) => tableOf(index, random));
      const fill = tables.map(
        (table) =>
          `create table ${table.name} (${table.columns.join(', ')}); ${insert(table, 0, table.rows, random)}`,
      );
      const both = await pair(fill.join('\n'), tables.map((table) => damageOf(table, random)).join('\n'));
      const damaged = await contentOf(both.living);
      const mends = ['missing', 'changed', 'extra'] as const;
      const found = await both.patch({}, { mends });
      expect(found.tables).toHaveLength(TABLES);
      let rows = 0;
      for (const { schema, name, key, missing, extra, changed } of found.tables) {
        const expected = await oracle(both.copy, both.living, `${schema}."${name}"`, key);
        expect([name, { missing, extra, changed }]).toEqual([name, expected]);
        rows += missing + extra + changed;
      }
      expect(rows).toBeGreaterThan(1000);
      await both.apply(found.forward);
      const without = (content: Record<string, unknown>) =>
        Object.entries(content).filter(([, each]) => Array.isArray(each));
      expect(without(await contentOf(both.living))).toEqual(without(await contentOf(both.copy)));
      expect(
        (await both.compare()).tables.filter(({ missing, extra, changed }) => missing + extra + changed > 0),
      ).toEqual([]);
      await both.apply(found.reverse);
      expect(without(await contentOf(both.living))).toEqual(without(damaged));
    });
  },
);
