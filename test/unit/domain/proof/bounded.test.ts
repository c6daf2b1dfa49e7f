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

const table = (rows: number | string, fingerprint: string | undefined = 'f'): TableFacts => ({
  schema: 'public',
  name: 'leads',
  rows: String(rows),
  ...(fingerprint === undefined ? {} : { fingerprint }),
});
const written = (inserted: number | string, deleted: number | string): Written => ({
  table: 0,
  inserted: String(inserted),
  deleted: String(deleted),
});

describe('a table that nobody wrote since the dump', () => {
  it('is the same to its last row', () => {
    expect(boundedTable(table(3), undefined, table(3))).toEqual([]);
  });

  it.each<[string, TableFacts | undefined, string]>([
    ['one row fewer', table(2), 'changed'],
    ['one row more', table(4), 'changed'],
    ['as many rows, and others', table(3, 'g'), 'changed'],
    ['as many rows, and no word of which', { schema: 'public', name: 'leads', rows: '3' }, 'changed'],
    ['no rows', table(0), 'changed'],
    ['no such table', undefined, 'missing'],
  ])('has %s: that is named', (_what, copy, what) => {
    expect(boundedTable(table(3), undefined, copy)).toEqual([
      expect.objectContaining({ name: 'public.leads', what }),
    ]);
  });

  it('says both numbers', () => {
    expect(boundedTable(table(3), undefined, table(2))[0]!.detail).toMatch(/had 3 rows.*2 in the copy/);
    expect(boundedTable(table(3), undefined, table(3, 'g'))[0]!.detail).toMatch(/3 rows.*not the same/);
  });

  it('is compared by its rows alone where the dump took no fingerprints', () => {
    const then: TableFacts = { schema: 'public', name: 'leads', rows: '3' };
    expect(boundedTable(then, undefined, table(3, 'anything'))).toEqual([]);
    expect(boundedTable(then, undefined, table(2))).toHaveLength(1);
  });
});

describe('a table that was written since the dump', () => {
  it.each([
    [100, true],
    [95, true],
    [110, true],
    [94, false],
    [111, false],
    [0, false],
  ])('with at most 10 inserted and 5 deleted of 100 may have %i rows: %p', (rows, may) => {
    const found = boundedTable(table(100), written(10, 5), table(rows, 'other'));
    expect(found).toHaveLength(may ? 0 : 1);
    if (!may)
      expect(found[0]).toMatchObject({
        name: 'public.leads',
        what: 'changed',
        detail: expect.stringMatching(/100 rows.*10 inserted.*5 deleted/),
      });
  });

  it('only updated has as many rows as before', () => {
    expect(boundedTable(table(100), written(0, 0), table(100, 'other'))).toEqual([]);
    expect(boundedTable(table(100), written(0, 0), table(99))).toHaveLength(1);
    expect(boundedTable(table(100), written(0, 0), table(101))).toHaveLength(1);
  });

  it('emptied since may be empty, and no emptier than that is possible', () => {
    expect(boundedTable(table(3), written(0, 3), table(0))).toEqual([]);
    expect(boundedTable(table(3), written(0, 30), table(0))).toEqual([]);
  });

  it('is counted beyond what a double can hold', () => {
    const big = '9007199254740993';
    expect(boundedTable(table(big), written(0, 0), table(big))).toEqual([]);
    expect(boundedTable(table(big), written(0, 0), table('9007199254740992'))).toHaveLength(1);
    expect(boundedTable(table('0'), written(big, 0), table('9007199254740994'))).toHaveLength(1);
  });

  it('is missing when it is not there at all: it was there all the time', () => {
    expect(boundedTable(table(3), written(10, 10), undefined)).toEqual([
      { kind: 'table data', name: 'public.leads', what: 'missing' },
    ]);
  });

  it('whose counters were lost is not judged, whatever it holds', () => {
    for (const copy of [table(0), table(1_000_000), undefined])
      expect(boundedTable(table(3), { table: 0, unknown: true }, copy)).toEqual([]);
  });

  it('of which any history is true is never accused, at any moment of it', () => {
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
      for (const moment of history)
        expect([
          seed,
          moment,
          boundedTable(table(then), written(inserted, deleted), table(moment, 'x')),
        ]).toEqual([seed, moment, []]);
      expect(boundedTable(table(then), written(inserted, deleted), table(then + inserted + 1))).toHaveLength(
        1,
      );
    }
  });
});

describe('what the counters say', () => {
  const counters = (changes: Partial<WriteCounters> = {}): WriteCounters => ({
    inserted: '100',
    updated: '20',
    deleted: '3',
    of: 'file 1',
    ...changes,
  });

  it('moved rows in and out of the part that was dumped by as many updates', () => {
    const now = counters({ updated: String(Number(counters().updated) + 3) });
    expect(writtenSince(0, counters(), now)).toEqual({ table: 0, inserted: '0', deleted: '0' });
    expect(writtenSince(0, counters(), now, true)).toEqual({ table: 0, inserted: '3', deleted: '3' });
  });

  it('counted nothing and has other columns than then: its rows can be counted', () => {
    const [then, now] = [counters({ shape: 'a' }), counters({ shape: 'b' })];
    expect(writtenSince(0, then, now)).toEqual({ table: 0, inserted: '0', deleted: '0' });
    expect(writtenSince(0, then, then)).toBeUndefined();
    // A manifest of before shapes were noted says nothing of them.
    expect(writtenSince(0, counters(), now)).toBeUndefined();
  });

  it('is nothing when nothing was counted', () => {
    expect(writtenSince(4, counters(), counters())).toBeUndefined();
  });

  it.each<[string, Partial<WriteCounters>, object]>([
    ['an insert', { inserted: '101' }, { inserted: '1', deleted: '0' }],
    ['a delete', { deleted: '5' }, { inserted: '0', deleted: '2' }],
    ['an update', { updated: '21' }, { inserted: '0', deleted: '0' }],
    [
      'more than a double can hold',
      { inserted: '9007199254741093' },
      { inserted: '9007199254740993', deleted: '0' },
    ],
  ])('is %s, of this table', (_what, now, said) => {
    expect(writtenSince(4, counters(), counters(now))).toEqual({ table: 4, ...said });
  });

  it.each<[string, WriteCounters | undefined, WriteCounters | undefined]>([
    ['were not taken with the dump', undefined, counters()],
    ['are not there any more', counters(), undefined],
    ['were never there', undefined, undefined],
    ['are of another file, though they are equal', counters(), counters({ of: 'file 2' })],
    ['are of another file and larger', counters(), counters({ of: 'file 2', inserted: '500' })],
  ])('is unknown when they %s', (_what, then, now) => {
    expect(writtenSince(4, then, now)).toEqual({ table: 4, unknown: true });
  });

  it.each([
    ['inserted', { inserted: '5' }],
    ['updated', { updated: '0' }],
    ['deleted', { deleted: '0' }],
    ['one of them, though others grew', { inserted: '5', deleted: '30' }],
  ])('is unknown when they went backwards (%s): somebody reset them', (_what, now) => {
    expect(writtenSince(4, counters(), counters(now))).toEqual({ table: 4, unknown: true });
  });
});

describe('a schema', () => {
  const OLD = 'e1:l1';
  const NEW = 'e2:l2';
  const nothing: SourceSince = { definitions: 'untouched', changed: {}, written: [] };
  const changed = (name: string, now: string | null): SourceSince => ({
    definitions: 'touched',
    changed: { table: { [name]: now } },
    written: [],
  });
  const then = (tables: Record<string, string> = { leads: OLD, events: OLD }) =>
    manifest({ schema: { table: tables } });
  const compare = (tables: Record<string, string>, since: SourceSince = nothing, dumped = then()) =>
    boundedSchema(dumped, { table: tables }, since).map(({ kind, name, what }) => `${kind} ${name} ${what}`);

  it('that nobody changed is the same', () => {
    expect(compare({ leads: OLD, events: OLD })).toEqual([]);
  });

  it('is not asked for large objects, which are data and come and go', () => {
    const found = { table: { leads: OLD, events: OLD }, owner: { 'large object 4242': 'e1:l1' } };
    expect(boundedSchema(then(), found, nothing)).toEqual([]);
    expect(boundedSchema(then(), { ...found, owner: { 'table public.x': 'e1:l1' } }, nothing)).toHaveLength(
      1,
    );
  });

  it('that only was written down in another way is the same', () => {
    expect(compare({ leads: 'e9:l1', events: OLD })).toEqual([]);
  });

  it('is not the same because both only say the same little', () => {
    expect(compare({ leads: 'e9', events: OLD }, nothing, then({ leads: 'e1', events: OLD }))).toEqual([
      'table leads changed',
    ]);
  });

  it.each<[string, Record<string, string>, SourceSince, string[]]>([
    ['changed in the copy only', { leads: NEW, events: OLD }, nothing, ['table leads changed']],
    ['missing from the copy only', { events: OLD }, nothing, ['table leads missing']],
    ['extra in the copy only', { leads: OLD, events: OLD, odd: OLD }, nothing, ['table odd extra']],
    ['changed on purpose, restored before', { leads: OLD, events: OLD }, changed('leads', NEW), []],
    ['changed on purpose, restored after', { leads: NEW, events: OLD }, changed('leads', NEW), []],
    [
      'changed twice on purpose, restored in between',
      { leads: 'e3:l3', events: OLD },
      changed('leads', NEW),
      [],
    ],
    [
      'changed on purpose, and missing from the copy',
      { events: OLD },
      changed('leads', NEW),
      ['table leads missing'],
    ],
    ['dropped on purpose, restored before', { leads: OLD, events: OLD }, changed('leads', null), []],
    ['dropped on purpose, restored after', { events: OLD }, changed('leads', null), []],
    ['made on purpose, restored before', { leads: OLD, events: OLD }, changed('fresh', NEW), []],
    ['made on purpose, restored after', { leads: OLD, events: OLD, fresh: NEW }, changed('fresh', NEW), []],
    [
      'made and changed on purpose, restored in between',
      { leads: OLD, events: OLD, fresh: OLD },
      changed('fresh', NEW),
      [],
    ],
    [
      'changed on purpose, and another one changed in the copy only',
      { leads: NEW, events: NEW },
      changed('leads', NEW),
      ['table events changed'],
    ],
    ['empty in the copy', {}, nothing, ['table events missing', 'table leads missing']],
  ])('%s', (_what, copy, since, differences) => {
    expect(compare(copy, since)).toEqual(differences);
  });

  it('is compared kind by kind: what changed of one excuses no other', () => {
    const dumped = manifest({ schema: { table: { leads: OLD }, index: { leads: OLD } } });
    expect(
      boundedSchema(dumped, { table: { leads: NEW }, index: { leads: NEW } }, changed('leads', NEW)),
    ).toEqual([{ kind: 'index', name: 'leads', what: 'changed' }]);
  });

  it('that lacks a whole kind lacks everything of it, and one more kind is extra', () => {
    const dumped = manifest({ schema: { table: { leads: OLD }, view: { v: OLD } } });
    expect(boundedSchema(dumped, { table: { leads: OLD }, rule: { r: OLD } }, nothing)).toEqual([
      { kind: 'rule', name: 'r', what: 'extra' },
      { kind: 'view', name: 'v', what: 'missing' },
    ]);
  });

  it('ignores an extension it is told to, and nothing else of that name', () => {
    const dumped = manifest({ schema: {} });
    expect(
      boundedSchema(dumped, { extension: { amcheck: OLD }, table: { amcheck: OLD } }, nothing, ['amcheck']),
    ).toEqual([{ kind: 'table', name: 'amcheck', what: 'extra' }]);
    expect(boundedSchema(dumped, { extension: { dblink: OLD } }, nothing, ['amcheck'])).toHaveLength(1);
  });

  it('is not confused by names that every object has', () => {
    const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty'];
    const facts = (digest: string) =>
      JSON.parse(`{${names.map((name) => `"${name}":"${digest}"`).join(',')}}`) as Record<string, string>;
    expect(compare(facts(OLD), nothing, then(facts(OLD)))).toEqual([]);
    expect(compare({}, nothing, then(facts(OLD)))).toHaveLength(names.length);
    expect(compare(facts(NEW), nothing, then({}))).toHaveLength(names.length);
  });
});
