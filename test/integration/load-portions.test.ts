import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { connect } from '../../lib/adapters/engines/postgres/connection.ts';
import { postgres } from '../../lib/adapters/engines/postgres/engine.ts';
import { postgresInstances } from '../../lib/adapters/engines/postgres/instance.ts';
import type { ArchiveEntry } from '../../lib/adapters/engines/postgres/restore/archive-toc.ts';
import { clearUnfinished } from '../../lib/adapters/engines/postgres/restore/portions.ts';
import type { RestoreServer } from '../../lib/adapters/engines/postgres/restore/restorer.ts';
import type { Manifest } from '../../lib/domain/proof/manifest.ts';
import type { LoadOnto, LoadProgress, OntoResult } from '../../lib/ports/destination.ts';
import { proveInstance } from '../../lib/restore/prove/prove-instance.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { BIN, never, type Taken, take } from '../support/source.ts';
import { proofWorld } from '../unit/restore/prove/proof-world.ts';
import { newBase } from './support/scratch.ts';

/** A dump that takes more than one function's time, loaded call by call. */
let source: TestDatabase;
let into: TestDatabase;
let from: Taken;

beforeAll(async () => {
  source = await createDatabase(`
    create schema store;
    create table store.customers (id int primary key, name text unique);
    create table store.orders (id int primary key, customer int references store.customers, at date not null);
    create table store.lines (n int, part int) partition by list (part);
    create table store.lines_1 partition of store.lines for values in (1);
    create table store.lines_2 partition of store.lines for values in (2);
    create index on store.lines (n);
    create sequence store.numbers;
    insert into store.customers select n, 'customer ' || n from generate_series(1, 300) n;
    insert into store.orders select n, n, '2026-11-20' from generate_series(1, 300) n;
    insert into store.lines select n, 1 + n % 2 from generate_series(1, 400) n;
    create materialized view store.sums as select customer, count(*) from store.orders group by 1;
    create function store.noted() returns trigger language plpgsql as 'begin return new; end';
    create trigger noted before update on store.orders for each row execute function store.noted();
    select setval('store.numbers', 77), lo_from_bytea(0, 'a large object');
    create unlogged table store.cache as select n from generate_series(1, 50) n;
    comment on index store.lines_n_idx is 'by number';
    comment on trigger noted on store.orders is 'notes';
    comment on constraint orders_customer_fkey on store.orders is 'whose';
    do $$ begin execute 'comment on large object ' || (select oid from pg_largeobject_metadata) || ' is ''one'''; end $$;
    create publication orders for table store.orders;
    create publication everything for tables in schema store;
    grant select on store.orders to pg_monitor`);
  into = await createDatabase();
  const taken = await take(source.credentials);
  // As if each of its tables were some gigabytes: each is a portion.
  const bytes = 2 ** 31 * 1000;
  from = { ...taken, manifest: { ...taken.manifest, source: { ...taken.manifest.source, bytes } } };
});
afterAll(async () => {
  await source.drop();
  await into.drop();
});

type Call = Partial<Pick<LoadOnto, 'from' | 'signal' | 'secondsLeft' | 'phase'>>;
const ENOUGH = () => 900;
const ALL_BUT_THE_ENDING = () => 240;

const base = newBase();
afterAll(() => rmSync(base, { recursive: true, force: true }));
const engine = () => postgres({ binDirectories: () => [BIN()], scratchDirectory: base });

const load = (call: Call = {}): Promise<OntoResult> =>
  engine().destinations.load(into.credentials, {
    ...{ manifest: from.manifest, jobs: 2, phase: () => undefined, secondsLeft: () => 0, signal: never() },
    ...call,
    dump: async () => Readable.from([from.archive]),
    roles: async () => Readable.from([from.roles]),
  });

/** Whatever a proof compares. */
function contentOf({ schema, tables, sequences, largeObjects }: Manifest) {
  const rows = tables.map(({ schema: of, name, rows: count, fingerprint }) => [of, name, count, fingerprint]);
  return { schema, rows, sequences, largeObjects };
}

async function whole(each: (progress?: LoadProgress) => Promise<OntoResult>): Promise<OntoResult[]> {
  const calls = [await each()];
  while (calls.at(-1)!.next) calls.push(await each(calls.at(-1)!.next));
  return calls;
}

test('what does not fit into one call is loaded by several, each of which goes on where the last one stopped', async () => {
  const calls = await whole((progress) => load({ from: progress }));
  expect(calls.flatMap(({ failed }) => failed)).toEqual([]);
  expect(calls.map(({ proof }) => proof)).toEqual(calls.map(() => undefined));
  const rows = calls.flatMap(({ next }) => (typeof next?.data === 'number' ? [next.data] : []));
  expect(rows.length).toBeGreaterThan(3);
  expect(rows).toEqual([...new Set(rows)].sort((a, b) => a - b));
  expect(calls.at(-2)!.next).toMatchObject({ data: 'all', postData: expect.any(Number) });
  expect(contentOf((await take(into.credentials)).manifest)).toEqual(contentOf(from.manifest));
});

test('a call whose answer was lost is made again, and nothing is there twice', async () => {
  let call = 0;
  const calls = await whole(async (progress) => {
    // It has done everything up to the end: among the rows, and among what comes after them.
    if ([1, 8].includes(call++)) await load({ from: progress, secondsLeft: ENOUGH });
    return load({ from: progress });
  });
  expect(calls.flatMap(({ failed }) => failed)).toEqual([]);
  expect(contentOf((await take(into.credentials)).manifest)).toEqual(contentOf(from.manifest));
});

test('a portion that is ended is done again entry by entry, and one that is too long alone is refused', async () => {
  const { next } = await load();
  const ended = { signal: AbortSignal.abort(new Error('the time is over')) };
  const again = await load({ from: next, ...ended });
  expect(again.next).toEqual({ ...next, smaller: true });
  await expect(load({ from: again.next, ...ended })).rejects.toMatchObject({
    code: 'does-not-fit',
    message: expect.stringMatching(/^\S.* alone takes longer than a function may run$/),
  });
  // Before the rows nothing can be left unfinished.
  await expect(load(ended)).rejects.toThrow('the time is over');
});

test('with time for everything one call loads and compares it, and removes what a call that died has left', async () => {
  mkdirSync(join(base, 'us-run-0a1b2c3d'));
  expect(await load({ secondsLeft: ENOUGH })).toMatchObject({
    failed: [],
    proof: { equal: true, strength: 'exact' },
  });
  expect(readdirSync(base)).toEqual([]);
});

test('an ending that is ended is left to another call, and then it is too long', async () => {
  const { next: left } = await load({ secondsLeft: ALL_BUT_THE_ENDING });
  const work = new AbortController();
  const endedInIt = () => {
    work.abort(new Error('the time is over'));
    return 900;
  };
  const before = { ...left!, postData: left!.postData - 1 };
  const again = await load({ from: before, signal: work.signal, secondsLeft: endedInIt });
  expect(again).toMatchObject({ failed: [], next: left });
  await expect(load({ from: again.next, signal: work.signal })).rejects.toThrow('the time is over');
});

test('statistics are gathered as far as there is time for them, and the rest is said', async () => {
  const { next: before } = await load({ secondsLeft: ALL_BUT_THE_ENDING });
  // By ANALYZE itself: the dump may bring statistics, and autovacuum gathers some.
  const gathered = async () =>
    (await into.sql("select last_analyze as at from pg_stat_all_tables where relname = 'orders'"))[0]!['at'];
  const late = [expect.stringContaining('no time to gather all statistics')];
  expect((await load({ from: before })).notes).toEqual(late);
  expect(await gathered()).toBeNull();
  const other = await connect(into.credentials);
  await other.query(
    "set application_name = 'other'; begin; lock table store.customers in access exclusive mode",
  );
  expect((await load({ from: before, secondsLeft: () => 1 })).notes).toEqual(late);
  await other.end();
  expect((await load({ from: before, secondsLeft: ENOUGH })).notes).toEqual([]);
  expect(await gathered()).not.toBeNull();
});

test('what several calls have loaded is compared in parts, unlogged tables too', async () => {
  const { next } = await load({ secondsLeft: ALL_BUT_THE_ENDING });
  const { leftOut } = await load({ from: next });
  const { host, port, user, database, password } = into.credentials;
  const world = proofWorld({}, { manifest: from.manifest });
  // It is not in quarantine.
  const unsilenced = async () => undefined;
  const open = async () => ({ ...(await postgresInstances().open(into.credentials, ENOUGH)), unsilenced });
  const instances = { ...postgresInstances(), open };
  const proof = async () =>
    proveInstance(
      { ...world.request, host, port, user, database, loaded: leftOut },
      { ...world.deps, instances, secrets: { ...world.deps.secrets, password: async () => password } },
    );
  const { differences, failure, compared } = await proof();
  expect({ differences, failure }).toEqual({ differences: [], failure: undefined });
  expect(compared).toMatchObject({ exact: compared.tables, unlogged: 0 });
  await into.sql('delete from store.cache where n = 1');
  expect((await proof()).differences.map(({ name }) => name)).toEqual(['store.cache']);
});

test('a comparison that is ended is left to others: all is loaded', async () => {
  const work = new AbortController();
  const phase = (name: string) => name === 'proof' && work.abort(new Error('the time is over'));
  const { proof, next, leftOut, failed } = await load({ signal: work.signal, secondsLeft: ENOUGH, phase });
  expect({ proof, next, leftOut, failed }).toEqual({
    ...{ proof: undefined, next: undefined, leftOut: { extensions: [], exceptions: [] }, failed: [] },
  });
});

test('large objects that a call has made whose answer was lost are made again, and those that are done stay', async () => {
  const objects = () => into.sql('select oid::int from pg_largeobject_metadata order by oid');
  await into.sql('select lo_unlink(oid) from pg_largeobject_metadata');
  await into.sql('select lo_create(oid) from generate_series(9001, 9003) oid');
  const made = (id: number, definition: string): ArchiveEntry => ({
    ...{ id, catalog: 2613, oid: 0, type: 'BLOB METADATA', name: '', owner: '' },
    ...{ section: 'data', definition, needs: [] },
  });
  const server = { connect: () => connect(into.credentials) } as unknown as RestoreServer;
  await clearUnfinished(server, [made(1, '9001\n'), made(2, '9002\n9003\n9004\n')], 1);
  expect(await objects()).toEqual([{ oid: 9001 }]);
});
