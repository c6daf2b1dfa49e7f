import {
  boundedSchema,
  boundedTable,
  type SourceSince,
  type Written,
  writtenSince,
} from '../../../../lib/domain/proof/bounded.ts';
import type { TableFacts, WriteCounters } from '../../../../lib/domain/proof/manifest.ts';
import { manifest } from '../../../support/builders.ts';
import { randomFrom } from '../points/random.ts';

type Rows = number | string;
const unread = (rows: Rows): TableFacts => ({ schema: 'public', name: 'leads', rows: String(rows) });
const table = (rows: Rows, fingerprint = 'f'): TableFacts => ({ ...unread(rows), fingerprint });
const written = (inserted: Rows, deleted: Rows): Written => ({
  table: 0,
  inserted: String(inserted),
  deleted: String(deleted),
});

describe('of a table that was not written since the dump, boundedTable', () => {
  const compare = (copy: TableFacts | undefined, dumped = table(3)) => boundedTable(dumped, undefined, copy);

  it('accepts a copy with the same rows', () => expect(compare(table(3))).toEqual([]));

  it.each<[string, TableFacts | undefined, object]>([
    ['one row fewer', table(2), { what: 'changed', detail: expect.stringMatching(/3 rows.*2 in the copy/) }],
    ['one row more', table(4), { what: 'changed' }],
    ['other rows', table(3, 'g'), { what: 'changed', detail: expect.stringMatching(/3 rows.*not the same/) }],
    ['as many rows and no fingerprint', unread(3), { what: 'changed' }],
    ['no rows', table(0), { what: 'changed' }],
    ['no such table', undefined, { kind: 'table data', what: 'missing' }],
  ])('names a copy with %s', (_what, copy, difference) => {
    expect(compare(copy)).toEqual([expect.objectContaining({ name: 'public.leads', ...difference })]);
  });

  it('compares only the number of rows where the dump took no fingerprints', () => {
    expect(compare(table(3, 'anything'), unread(3))).toEqual([]);
    expect(compare(table(2), unread(3))).toHaveLength(1);
  });
});

describe('of a table that was written since the dump, boundedTable', () => {
  const BIG = '9007199254740993'; // more than a double can hold

  it.each<[number | string, Written, number | string, boolean]>([
    [100, written(10, 5), 95, true],
    [100, written(10, 5), 110, true],
    [100, written(10, 5), 94, false],
    [100, written(10, 5), 111, false],
    [100, written(0, 0), 100, true],
    [100, written(0, 0), 99, false],
    [100, written(0, 0), 101, false],
    [3, written(0, 3), 0, true],
    [3, written(0, 30), 0, true],
    [BIG, written(0, 0), BIG, true],
    [BIG, written(0, 0), '9007199254740992', false],
    [0, written(BIG, 0), '9007199254740994', false],
  ])(
    'judges a dump of %s rows, written %j, with %s rows in the copy as possible: %s',
    (then, since, rows, may) => {
      expect(boundedTable(table(then), since, table(rows, 'other'))).toHaveLength(may ? 0 : 1);
    },
  );

  it('says both numbers of rows and what was written', () => {
    const detail = expect.stringMatching(/100 rows.*10 inserted.*5 deleted.*0 in the copy/);
    expect(boundedTable(table(100), written(10, 5), table(0))).toMatchObject([
      { name: 'public.leads', what: 'changed', detail },
    ]);
  });

  it('names the table as missing when the copy does not have it', () => {
    expect(boundedTable(table(3), written(10, 10), undefined)).toEqual([
      { kind: 'table data', name: 'public.leads', what: 'missing' },
    ]);
  });

  it.each([table(0), table(1_000_000), undefined])(
    'accepts any copy where the counters were lost: %j',
    (copy) => {
      expect(boundedTable(table(3), { table: 0, unknown: true }, copy)).toEqual([]);
    },
  );

  it('accepts every moment of three hundred random histories, and no row more than was inserted', () => {
    for (let seed = 0; seed < 300; seed++) {
      const { below, chance } = randomFrom(seed);
      const then = below(20);
      const history = [then];
      let [rows, inserted, deleted] = [then, 0, 0];
      for (let step = 0; step < below(30); step++) {
        if (chance(0.5)) [rows, inserted] = [rows + 1, inserted + 1];
        else if (rows > 0) [rows, deleted] = [rows - 1, deleted + 1];
        history.push(rows);
      }
      const found = (count: number) =>
        boundedTable(table(then), written(inserted, deleted), table(count, 'x'));
      for (const moment of history) expect([seed, moment, found(moment)]).toEqual([seed, moment, []]);
      expect(found(then + inserted + 1)).toHaveLength(1);
    }
  });
});

describe('writtenSince', () => {
  const counters = (changes: Partial<WriteCounters> = {}): WriteCounters => ({
    inserted: '100',
    updated: '20',
    deleted: '3',
    of: 'file 1',
    ...changes,
  });

  it('counts an update as one row in and one row out where only some rows were dumped', () => {
    const now = counters({ updated: '23' });
    expect(writtenSince(0, counters(), now)).toEqual(written(0, 0));
    expect(writtenSince(0, counters(), now, true)).toEqual(written(3, 3));
  });

  it('takes a table for written whose columns changed, unless the manifest does not know its columns', () => {
    const [then, now] = [counters({ shape: 'a' }), counters({ shape: 'b' })];
    expect(writtenSince(0, then, now)).toEqual(written(0, 0));
    expect(writtenSince(0, then, then)).toBeUndefined();
    expect(writtenSince(0, counters(), now)).toBeUndefined();
  });

  it('is undefined where the counters did not move', () => {
    expect(writtenSince(4, counters(), counters())).toBeUndefined();
  });

  it.each<[string, Partial<WriteCounters>, Written]>([
    ['an insert', { inserted: '101' }, written(1, 0)],
    ['two deletes', { deleted: '5' }, written(0, 2)],
    ['an update', { updated: '21' }, written(0, 0)],
    ['more inserts than a double can hold', { inserted: '9007199254741093' }, written('9007199254740993', 0)],
  ])('counts %s', (_what, now, expected) => {
    expect(writtenSince(4, counters(), counters(now))).toEqual({ ...expected, table: 4 });
  });

  it.each<[string, WriteCounters | undefined, WriteCounters | undefined]>([
    ['the dump did not read the counters', undefined, counters()],
    ['the counters are gone', counters(), undefined],
    ['the counters were never there', undefined, undefined],
    ['the counters are of another file', counters(), counters({ of: 'file 2' })],
    ['the counters are of another file, and larger', counters(), counters({ of: 'file 2', inserted: '500' })],
    ['the inserts went back, because they were reset', counters(), counters({ inserted: '5' })],
    ['the updates went back', counters(), counters({ updated: '0' })],
    ['the deletes went back', counters(), counters({ deleted: '0' })],
    ['one counter went back, and another grew', counters(), counters({ inserted: '5', deleted: '30' })],
  ])('does not know what was written when %s', (_what, then, now) => {
    expect(writtenSince(4, then, now)).toEqual({ table: 4, unknown: true });
  });
});

describe('boundedSchema', () => {
  const [OLD, NEW, BETWEEN] = ['e1:l1', 'e2:l2', 'e3:l3'];
  const UNTOUCHED: SourceSince = { definitions: 'untouched', changed: {}, written: [] };
  const changed = (name: string, now: string | null): SourceSince => ({
    definitions: 'touched',
    changed: { table: { [name]: now } },
    written: [],
  });
  const then = (tables: Record<string, string> = { leads: OLD, events: OLD }) =>
    manifest({ schema: { table: tables } });
  const compare = (tables: Record<string, string>, since = UNTOUCHED, dumped = then()) =>
    boundedSchema(dumped, { table: tables }, since).map(({ kind, name, what }) => `${kind} ${name} ${what}`);

  it.each<[string, Record<string, string>, SourceSince, string[]]>([
    ['unchanged', { leads: OLD, events: OLD }, UNTOUCHED, []],
    ['written in another way', { leads: 'e9:l1', events: OLD }, UNTOUCHED, []],
    ['changed in the copy only', { leads: NEW, events: OLD }, UNTOUCHED, ['table leads changed']],
    ['missing from the copy only', { events: OLD }, UNTOUCHED, ['table leads missing']],
    ['extra in the copy only', { leads: OLD, events: OLD, odd: OLD }, UNTOUCHED, ['table odd extra']],
    ['changed at the source afterwards', { leads: OLD, events: OLD }, changed('leads', NEW), []],
    ['changed at the source beforehand', { leads: NEW, events: OLD }, changed('leads', NEW), []],
    ['changed at the source twice', { leads: BETWEEN, events: OLD }, changed('leads', NEW), []],
    ['changed, and is missing', { events: OLD }, changed('leads', NEW), ['table leads missing']],
    ['dropped at the source afterwards', { leads: OLD, events: OLD }, changed('leads', null), []],
    ['dropped at the source beforehand', { events: OLD }, changed('leads', null), []],
    ['made at the source afterwards', { leads: OLD, events: OLD }, changed('fresh', NEW), []],
    ['made at the source beforehand', { leads: OLD, events: OLD, fresh: NEW }, changed('fresh', NEW), []],
    ['made before, changed after', { leads: OLD, events: OLD, fresh: OLD }, changed('fresh', NEW), []],
    [
      'unlike its change, beside one that is like it',
      { leads: NEW, events: NEW },
      changed('leads', NEW),
      ['table events changed'],
    ],
    ['missing like all others', {}, UNTOUCHED, ['table events missing', 'table leads missing']],
  ])('judges a restored table that was %s', (_what, copy, since, found) => {
    expect(compare(copy, since)).toEqual(found);
  });

  it('does not compare large objects, which are data', () => {
    const found = { table: { leads: OLD, events: OLD }, owner: { 'large object 4242': OLD } };
    expect(boundedSchema(then(), found, UNTOUCHED)).toEqual([]);
    expect(boundedSchema(then(), { ...found, owner: { 'table public.x': OLD } }, UNTOUCHED)).toHaveLength(1);
  });

  it('does not take definitions without a loose digest for the same', () => {
    const dumped = then({ leads: 'e1', events: OLD });
    expect(compare({ leads: 'e9', events: OLD }, UNTOUCHED, dumped)).toEqual(['table leads changed']);
  });

  it('excuses no object of one kind by a change of another kind', () => {
    const dumped = manifest({ schema: { table: { leads: OLD }, index: { leads: OLD } } });
    const copy = { table: { leads: NEW }, index: { leads: NEW } };
    expect(boundedSchema(dumped, copy, changed('leads', NEW))).toEqual([
      { kind: 'index', name: 'leads', what: 'changed' },
    ]);
  });

  it('names every object of a kind that only the dump or only the copy has', () => {
    const dumped = manifest({ schema: { table: { leads: OLD }, view: { v: OLD } } });
    expect(boundedSchema(dumped, { table: { leads: OLD }, rule: { r: OLD } }, UNTOUCHED)).toEqual([
      { kind: 'rule', name: 'r', what: 'extra' },
      { kind: 'view', name: 'v', what: 'missing' },
    ]);
  });

  it('ignores the named extension, and nothing else of that name', () => {
    const ignoring = (copy: Record<string, Record<string, string>>) =>
      boundedSchema(manifest({ schema: {} }), copy, UNTOUCHED, ['amcheck']);
    expect(ignoring({ extension: { amcheck: OLD }, table: { amcheck: OLD } })).toEqual([
      { kind: 'table', name: 'amcheck', what: 'extra' },
    ]);
    expect(ignoring({ extension: { dblink: OLD } })).toHaveLength(1);
  });

  it('compares objects whose names every JavaScript object has', () => {
    const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty'];
    const facts = (digest: string) =>
      JSON.parse(`{${names.map((name) => `"${name}":"${digest}"`).join(',')}}`) as Record<string, string>;
    expect(compare(facts(OLD), UNTOUCHED, then(facts(OLD)))).toEqual([]);
    expect(compare({}, UNTOUCHED, then(facts(OLD)))).toHaveLength(names.length);
    expect(compare(facts(NEW), UNTOUCHED, then({}))).toHaveLength(names.length);
  });
});
