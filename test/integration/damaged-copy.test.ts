import { statSync, truncateSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { postgresInstances } from '../../lib/adapters/engines/postgres/instance.ts';
import type { Checkable, InstanceCopy } from '../../lib/ports/database.ts';
import { type Cluster, startCluster } from '../../scripts/local/cluster.ts';
import { crashSession } from '../support/crash.ts';
import { credentialsOf } from './support/own-cluster.ts';

/** A copy whose files lost something, as a broken snapshot's would: what reads and counts as if nothing were missing. */
let cluster: Cluster;
let copy: InstanceCopy;
let secondsLeft = 60;

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.sql(
    'postgres',
    `create table docs (id int primary key, body text);
    insert into docs select i, repeat(md5(i::text), 15) from generate_series(1, 5000) i;
    create table scans (id int primary key, image text);
    alter table scans alter image set storage external;
    insert into scans select i, repeat(md5(i::text), 400) from generate_series(1, 20) i;
    create table late (n int);
    create index by_n on late (n);
    create index never_finished on late (n);
    create index by_hash on late using hash (n);
    update pg_index set indisready = false where indexrelid = 'by_n'::regclass;
    update pg_index set indisvalid = false where indexrelid = 'never_finished'::regclass;
    insert into late values (1);
    update pg_index set indisready = true where indexrelid = 'by_n'::regclass;
    create table lost (n int);
    insert into lost select generate_series(1, 10);
    create table dropped (n int primary key);
    create function day(timestamptz) returns date immutable language sql as 'select $1::date';
    create table events (at timestamptz);
    create index by_day on events (day(at));
    set timezone = 'Asia/Tokyo';
    insert into events select timestamptz '2026-01-01T00:00Z' + n * interval '1 hour' from generate_series(1, 48) n;
    alter database postgres set timezone = 'Asia/Tokyo';
    create table ddl_log (tag text);
    create function log_it() returns event_trigger language plpgsql as 'begin insert into public.ddl_log values (tg_tag); end';
    create event trigger log_ddl on ddl_command_end execute function log_it();`,
  );
  await cluster.sql('postgres', 'vacuum analyze');
  // As a source that takes no writes; its copy is this way too.
  await cluster.sql('postgres', 'alter database postgres set default_transaction_read_only = on');
  await cluster.sql('postgres', 'checkpoint');
  const docs = await fileOf("'docs'::regclass");
  truncateSync(docs, Math.floor(statSync(docs).size / 8192 / 2) * 8192);
  unlinkSync(await fileOf("'lost'::regclass"));
  truncateSync(await fileOf("(select reltoastrelid from pg_class where relname = 'scans')"), 0);
  // Nothing of it in memory any more.
  await crashSession(cluster);
  copy = await postgresInstances().open(credentialsOf(cluster), () => secondsLeft);
});
afterAll(async () => {
  await copy?.close();
  await cluster.stop();
});

async function fileOf(what: string): Promise<string> {
  const [found] = await cluster.sql('postgres', `select pg_relation_filepath(${what}) as path`);
  return join(cluster.directory, 'data', String(found?.['path']));
}

const thing = async (name: string): Promise<Checkable> =>
  (await copy.checkable()).find((each) => each.name === name)!;

it('a restored copy is asked no question for longer than the function has time', async () => {
  secondsLeft = 1;
  await expect(copy.value('select count(*) from pg_sleep(30)')).rejects.toThrow(/statement timeout/);
  secondsLeft = 60;
});

it('a restored copy counts the rows of its table, not those of its index', async () => {
  expect(Number((await copy.table('public', 'docs', 'counts'))?.rows)).toBeLessThan(4000);
  expect(Number(await copy.value('select count(*) from public.docs'))).toBeLessThan(4000);
});

it('a restored copy is found without the large values that its rows point to', async () => {
  expect(await copy.table('public', 'scans', 'counts')).toMatchObject({ rows: '20' });
  expect(await copy.check(await thing('public.scans'))).toMatch(/could not read block|toast/);
});

it('a restored copy whose table cannot be read is reported as damaged', async () => {
  await expect(copy.table('public', 'scans', 'fingerprints')).rejects.toMatchObject({
    code: 'storage-damaged',
    message: expect.stringMatching(/^public\.scans cannot be read: /),
  });
});

it('a restored copy is found with an index that lacks a row of its table', async () => {
  expect(await copy.check(await thing('public.by_n'))).toContain('lacks matching index tuple');
});

it('a restored copy names the indexes that cannot be checked, of another kind or invalid', async () => {
  expect(await copy.uncheckable()).toEqual(['public.by_hash (hash)', 'public.never_finished (invalid)']);
  expect(await thing('public.never_finished')).toBeUndefined();
});

it('a restored copy without the file of a table is reported as damaged', async () => {
  await expect(copy.table('public', 'lost', 'counts')).rejects.toMatchObject({ code: 'storage-damaged' });
  expect(await copy.check(await thing('public.lost'))).toContain('could not open file');
});

it('a restored copy reports nothing of objects that were dropped meanwhile', async () => {
  const index = await thing('public.dropped_pkey');
  const table = await thing('public.dropped');
  await cluster.sql('postgres', 'begin read write; drop table dropped; commit');
  expect(await copy.check(index)).toBeUndefined();
  expect(await copy.check(table)).toBeUndefined();
});

it('a restored copy reports no index that is sound under the settings of its database', async () => {
  expect(await copy.check(await thing('public.by_day'))).toBeUndefined();
});

it('a restored copy fires no event trigger when amcheck is installed', async () => {
  expect(await copy.value("select count(*) from pg_extension where extname = 'amcheck'")).toBe('1');
  // The test's own DROP TABLE, and no CREATE EXTENSION.
  expect(await copy.value("select string_agg(tag, ',') from public.ddl_log")).toBe('DROP TABLE');
});
