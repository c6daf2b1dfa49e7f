import { manifest } from '../../../support/builders.ts';
import { holding, proofWorld, SINCE, table } from './proof-world.ts';

const loaded = { extensions: [] as string[], exceptions: [] };
const since = { ...SINCE, written: [] };
/** Digests of a definition with an expression, which the server writes otherwise after a restore. */
const [DUMPED, WRITTEN] = ['a:l:p:9.x', 'b:m:p:12.y'];

test('of a loaded dump an unlogged table is compared like any other: a dump has its rows', async () => {
  const unlogged = (_schema: string, name: string) => name === 'leads';
  const { prove } = proofWorld({ unlogged });
  expect(await prove({ since, loaded })).toMatchObject({ compared: { exact: 2, unlogged: 0 } });
  const empty = holding(table('leads', 0), table('events', 100));
  expect(await proofWorld({ unlogged, table: empty }).prove({ since, loaded })).toMatchObject({
    differences: [{ kind: 'rows', name: 'public.leads' }],
  });
});

test('rows that a load put into other hash partitions are no difference, and a lost one is', async () => {
  const tree = 'public.events';
  const partition = (name: string, rows: number, sum: string) => ({ ...table(name, rows, sum), tree });
  const tables = [partition('events_0', 3, '5:7'), table('leads', 3), partition('events_1', 4, '2:2')];
  const options = { manifest: manifest({ tables }) };
  const holds = (...moved: ReturnType<typeof partition>[]) =>
    proofWorld({ table: holding(table('leads', 3), ...moved) }, options).prove({ since, loaded });
  expect(await holds(partition('events_0', 6, '6:8'), partition('events_1', 1, '1:1'))).toMatchObject({
    ...{ differenceCount: 0, unchecked: [], compared: { exact: 3, rows: '10' } },
  });
  expect(await holds(partition('events_0', 5, '6:8'), partition('events_1', 1, '1:1'))).toMatchObject({
    differences: [{ kind: 'rows', name: tree, detail: '7 rows in the source, 6 in the copy' }],
  });
});

test('what the load left out, and what the server writes otherwise, is no difference', async () => {
  const schema = {
    view: { 'public.v': DUMPED },
    extension: { postgis: 'e' },
    table: { 'public.far': 't', 'public.gone': 't' },
  };
  const found = { ...schema, view: { 'public.v': WRITTEN }, extension: { amcheck: 'e' }, table: {} };
  const world = () =>
    proofWorld({ schema: async () => found }, { manifest: manifest({ schema, tables: [table('far', 1)] }) });
  const exceptions = [
    { kind: 'table', name: 'public.far', what: 'missing' as const, said: 'table public.far' },
  ];
  const { differences, notes } = await world().prove({
    since,
    loaded: { extensions: ['postgis'], exceptions },
  });
  expect(differences.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['table public.gone']);
  expect(notes).toEqual(['view public.v: written differently after a restore, and not looked at again']);
});

test('definitions of a dump with other formulas are not compared, and that is said', async () => {
  const old = { ...manifest({ schema: { view: { 'public.v': DUMPED } } }), facts: 1 };
  const other = { view: { 'public.v': 'other' } };
  const proof = await proofWorld({ schema: async () => other }, { manifest: old }).prove({ since, loaded });
  expect(proof).toMatchObject({ differenceCount: 0, compared: { objects: 0 } });
  expect(proof.unchecked).toEqual([expect.stringMatching(/^definitions: .*another version/)]);
});
