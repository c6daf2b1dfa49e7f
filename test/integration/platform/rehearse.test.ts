import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateDBParameterGroupCommand,
  DeleteDBInstanceCommand,
  DescribeDBInstancesCommand,
  DescribeDBParametersCommand,
  ModifyDBParameterGroupCommand,
  type Parameter,
  RestoreDBInstanceFromDBSnapshotCommand,
} from '@aws-sdk/client-rds';
import { utc } from '../../../lib/domain/time.ts';
import type { ProveRequest } from '../../../lib/restore/prove/proof-slices.ts';
import { catalog } from '../../../lib/runtime/compose.ts';
import type { RehearsalOutcome } from '../../../lib/workflows/rehearse/rehearse.ts';
import { type Cluster, startCluster } from '../../../scripts/local/cluster.ts';
import { invokeLocally, replacedFunctions } from '../../../scripts/local/invoke-locally.ts';
import type { LocalInstance } from '../../../scripts/local/rds/local-rds.ts';
import { instancePlan } from '../../support/plan.ts';
import { createPlatform, eventually, type Platform } from '../../support/rds-stage.ts';
import { evidenceOf } from './evidence.ts';

let platform: Platform;
let point: string;

beforeAll(async () => {
  platform = await createPlatform(() =>
    instancePlan({
      targets: {
        lake: 'aurora: lake-prod\nconnection: { secret: understudy/lake }',
        shop: 'rds: shop-prod\nengine: mysql',
        subscriber: 'rds: subscriber-prod',
      },
    }),
  );
  await platform.source('crm', { id: 'crm-prod' });
  await source(`
    create table public.leads (id int primary key, name text);
    insert into public.leads select n, 'lead ' || n from generate_series(1, 500) n;
    create table public.notes (id int primary key, text text);
    create index notes_text on public.notes (text);
    insert into public.notes select n, 'note ' || n from generate_series(1, 50) n;
    create table public.events (id serial primary key, at timestamptz default now());
    insert into public.events (at) select now() from generate_series(1, 100);
    grant all on all tables in schema public to public; grant all on all sequences in schema public to public;`);
  const dumped = await platform.ask<{ point: string }>('dump', '2026-11-20T01:00:00Z');
  await platform.ask('verify', '2026-11-20T01:00:00Z', { point: dumped.point });
  // Only a dump that is surely older than the snapshot is compared with it: what takes hours takes seconds here.
  const snapshotAt = utc(new Date(Date.now() - 3_600_000));
  await catalog().movePoint('crm', dumped.point, 'rehearsed', { snapshotAt, rehearsedAt: snapshotAt });
  // The life of a database goes on after its dump: rows come and go.
  await source('insert into public.events (at) select now() from generate_series(1, 10)');
  // Or a first read during the backup writes hints to the log, recovery has the page in memory, and no damage is seen.
  await source('vacuum (freeze) public.events');
  ({ point } = await platform.ask<{ point: string }>('snapshot', '2026-11-20T02:00:00Z'));
  await source('delete from public.events where id <= 5');
});

afterAll(async () => {
  await platform.close();
  expect(platform.rds.violations).toEqual([]);
});

afterEach(() => {
  replacedFunctions.prove = undefined;
});

const source = (text: string) => platform.rds.instance('crm-prod').sql('crm', text);
const rehearse = async (scheduledFor: string, more: object = {}) =>
  evidenceOf(
    await platform.ask<RehearsalOutcome>('rehearse-instance', scheduledFor, { from: 'snapshot', ...more }),
  );

/** Does something to the copy when it has come up, before it is looked at. */
function inTheCopy(work: (copy: LocalInstance, request: ProveRequest) => Promise<unknown>): void {
  replacedFunctions.prove = async (input) => {
    const request = input as ProveRequest;
    if (request.from === 0) await work(platform.rds.instance(request.name), request);
    return invokeLocally('prove', input);
  };
}

test('a rehearsal proves a faithful snapshot within bounds, and leaves nothing', async () => {
  expect(await rehearse('2026-11-20T03:00:00Z')).toMatchObject({
    outcome: 'passed',
    strength: 'bounded',
    point,
    differences: [],
    findings: [],
    // leads and notes to their last row; events within what was written.
    bounded: { exact: 2, bounded: 1, unbounded: 0 },
  });
  expect(await catalog().point('crm', point)).toMatchObject({ state: 'rehearsed' });
  expect(await platform.leftOver()).toEqual([]);
});

test('a rehearsal finds an emptied table, a removed row and an altered row of the copy by the tables’ names', async () => {
  inTheCopy((copy) =>
    copy.sql(
      'crm',
      `truncate public.events; update public.leads set name = 'forged' where id = 250; delete from public.notes where id = 7`,
    ),
  );
  const rows = (name: string, said: string) => ({
    kind: 'rows',
    name: `public.${name}`,
    detail: expect.stringContaining(said),
  });
  expect(await rehearse('2026-11-20T03:10:00Z', { point })).toMatchObject({
    outcome: 'failed',
    strength: 'none',
    differences: [
      rows('events', '10 inserted and 5 deleted; 0 in'),
      rows('leads', 'not the same ones'),
      rows('notes', '49 in the copy'),
    ],
    findings: [{ code: 'proof-mismatch', subject: point, message: expect.stringContaining('public.events') }],
  });
  expect(await catalog().point('crm', point)).toMatchObject({ state: 'corrupt' });
  expect(await platform.leftOver()).toEqual([]);
});

test('a rehearsal finds a row that an unwritten table lacks, and a table that is gone', async () => {
  inTheCopy((copy) => copy.sql('crm', 'delete from public.leads where id = 250; drop table public.notes'));
  const { differences, findings } = await rehearse('2026-11-20T03:15:00Z', { point });
  expect(differences).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: 'public.leads', detail: expect.stringContaining('499 in the copy') }),
      { kind: 'table', name: 'public.notes', what: 'missing' },
    ]),
  );
  expect(findings.map(({ code }) => code)).toEqual(['proof-mismatch']);
});

test('a rehearsal finds a damaged index, a damaged page of a table and an index that is gone by their names', async () => {
  inTheCopy(async (copy) => {
    await damage(copy, 'public.leads_pkey');
    await damage(copy, 'public.events', 0);
    await copy.sql('crm', 'drop index public.notes_text');
  });
  const evidence = await rehearse('2026-11-20T03:20:00Z', { point });
  const differences = [{ kind: 'index', name: 'public.notes_text', what: 'missing' }];
  expect(evidence).toMatchObject({ outcome: 'failed', strength: 'none', differences });
  expect(evidence.findings.map(({ code, subject }) => [code, subject])).toEqual(
    expect.arrayContaining([
      ['proof-mismatch', point],
      ['index-corrupt', 'public.leads_pkey'],
      ['index-corrupt', 'public.events'],
    ]),
  );
});

test('a rehearsal passes although tables, indexes and views were defined at the source after the dump', async () => {
  await source(`
    alter table public.notes add column author text;
    create index events_at on public.events (at);
    create table public.fresh (id int primary key);
    create view public.lately as select * from public.events;
    drop index public.notes_text`);
  await platform.ask('snapshot', '2026-11-20T02:30:00Z');
  // And some of it did not last.
  await source('drop view public.lately; create view public.later as select 1 as one');
  expect(await rehearse('2026-11-20T03:25:00Z')).toMatchObject({
    outcome: 'passed',
    point: '20261120T023000Z-snapshot@eu-central-1',
    differences: [],
    // The view that did not last is reported; it makes the rehearsal no failure.
    findings: [
      { code: 'proof-incomplete', message: expect.stringContaining('public.lately only in the copy') },
    ],
    // notes has its rows, which read differently now.
    bounded: { exact: 1, bounded: 2, unbounded: 0 },
  });
});

test('a rehearsal restores an Aurora cluster with an instance, and deletes both', async () => {
  await platform.source('lake', { id: 'lake-prod', cluster: true, database: 'lake' });
  await platform.rds.instance('lake-prod').sql('lake', 'create table public.fish (id int primary key)');
  const of = { target: 'lake' };
  await platform.ask('snapshot', '2026-11-20T02:00:00Z', of);
  let seen: string[] = [];
  inTheCopy(async (copy) => {
    seen = await platform.leftOver();
    const fish = await copy.sql('lake', `select to_regclass('public.fish') is not null as there`);
    expect(fish).toEqual([{ there: true }]);
  });
  const evidence = await rehearse('2026-11-20T03:30:00Z', of);
  expect(evidence).toMatchObject({ outcome: 'passed', strength: 'restored', findings: [] });
  const kinds = ['cluster', 'cluster parameter group', 'instance', 'record', 'secret'];
  expect(seen.map((each) => each.replace(/ understudy.*/, '')).sort()).toEqual(kinds);
  expect(await platform.leftOver()).toEqual([]);
});

test('a rehearsal of a MySQL instance passes as restored, and says that it proves no more', async () => {
  await platform.rds.createInstance({
    id: 'shop-prod',
    database: 'shop',
    masterPassword: 'only-for-tests',
    engine: 'mysql',
    kmsKeyId: platform.keys.home,
  });
  const of = { target: 'shop' };
  await platform.ask('snapshot', '2026-11-20T02:00:00Z', of);
  expect(await rehearse('2026-11-20T03:40:00Z', of)).toMatchObject({
    outcome: 'passed',
    strength: 'restored',
    notes: expect.arrayContaining([expect.stringContaining('only PostgreSQL can be')]),
  });
  expect(await platform.leftOver()).toEqual([]);
});

describe('a logical subscriber', () => {
  let publisher: Cluster;
  let rows = 0;
  let stopped = false;
  let inserting: Promise<void>;
  const GROUP = 'of-the-subscriber';

  beforeAll(async () => {
    publisher = await startCluster();
    await publisher.sql(
      'postgres',
      'create table public.orders (n int primary key); create publication orders for all tables',
    );
    const { client } = platform;
    const [version] = await publisher.sql(
      'postgres',
      `select current_setting('server_version_num')::int / 10000 as major`,
    );
    const DBParameterGroupFamily = `postgres${version!['major']}`;
    const described = { DBParameterGroupFamily, Description: 'reconnects at once, and has pg_cron' };
    const group = { DBParameterGroupName: GROUP };
    await client.send(new CreateDBParameterGroupCommand({ ...group, ...described }));
    const Parameters = [
      ['wal_retrieve_retry_interval', '100'],
      ['shared_preload_libraries', 'pg_stat_statements,pg_cron'],
    ].map(([ParameterName, ParameterValue]) => ({ ParameterName, ParameterValue }));
    const values = Parameters.map((each) => ({ ...each, ApplyMethod: 'pending-reboot' as const }));
    await client.send(new ModifyDBParameterGroupCommand({ ...group, Parameters: values }));
    await platform.source('subscriber', { id: 'subscriber-prod', parameterGroup: GROUP });
    await production('create table public.orders (n int primary key)');
    await production(
      `create subscription orders connection 'host=127.0.0.1 port=${publisher.port} user=postgres password=${publisher.password} dbname=postgres' publication orders`,
    );
    inserting = (async () => {
      while (!stopped) {
        await publisher.sql('postgres', `insert into public.orders values (${rows + 1})`);
        rows++;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    inserting.catch(() => undefined);
    await eventually('the first orders', async () => (await newest(production)) > 5);
  });

  afterAll(async () => {
    stopped = true;
    await inserting;
    await publisher.stop();
  });

  const production = (text: string) => platform.rds.instance('subscriber-prod').sql('crm', text);
  type Sql = (text: string) => Promise<Record<string, unknown>[]>;
  const newest = async (sql: Sql) =>
    Number((await sql('select coalesce(max(n), 0) as n from public.orders'))[0]!['n']);
  const all = async (sql: Sql) => Number((await sql('select count(*) as n from public.orders'))[0]!['n']);
  /** The server process that streams the slot's changes, if a server listens. */
  const sender = async () =>
    (await publisher.sql('postgres', 'select active_pid from pg_replication_slots'))[0]!['active_pid'];
  /** What could ask for the slot: the launcher runs wherever a subscription may be served. */
  const workers = async (sql: Sql) =>
    (
      await sql(`select backend_type from pg_stat_activity where backend_type like 'logical replication%'`)
    ).map((each) => each['backend_type']);
  /** Does this server listen to the publisher? */
  const listens = async (sql: Sql) =>
    (await sql('select 1 from pg_stat_subscription where pid is not null and received_lsn is not null'))
      .length > 0;

  test('keeps its slot and receives every row while its snapshot is rehearsed, and the copy receives none', async () => {
    const of = { target: 'subscriber' };
    await platform.ask('snapshot', '2026-11-20T02:00:00Z', of);
    const before = await sender();
    expect(before).toEqual(expect.any(Number));
    let atFirst = 0;
    let atLast = 0;
    let after = 0;
    let workersOfCopy: unknown[] = [];
    let parameters: Parameter[] = [];
    inTheCopy(async (copy, { name }) => {
      const inCopy: Sql = (text) => copy.sql('crm', text);
      // The copy did not take the slot over while it came up.
      expect(await sender()).toBe(before);
      atFirst = await newest(inCopy);
      // Production's connection breaks, and the slot goes to the server that asks first.
      await publisher.sql('postgres', `select pg_terminate_backend(${before})`);
      await eventually('a server to listen again', async () => {
        const now = await sender();
        return now !== null && now !== before;
      });
      const later = rows + 1;
      await eventually('production to receive it', async () => (await newest(production)) >= later);
      const asked = new DescribeDBParametersCommand({ DBParameterGroupName: name, Source: 'user' });
      parameters = (await platform.client.send(asked)).Parameters!;
      workersOfCopy = await workers(inCopy);
      atLast = await newest(inCopy);
      after = await newest(production);
    });
    expect(await rehearse('2026-11-20T03:50:00Z', of)).toMatchObject({ outcome: 'passed' });
    expect(atLast).toBe(atFirst);
    expect(atLast).toBeLessThan(after);
    expect(workersOfCopy).toEqual([]);
    expect(await listens(production)).toBe(true);
    expect(await workers(production)).toContain('logical replication launcher');
    expect(parameters.map(({ ParameterName, ParameterValue }) => [ParameterName, ParameterValue])).toEqual(
      expect.arrayContaining([
        ['max_logical_replication_workers', '0'],
        ['shared_preload_libraries', 'pg_stat_statements'],
        // The rest is as production has it.
        ['wal_retrieve_retry_interval', '100'],
      ]),
    );
    const published = rows;
    await eventually('production to receive them', async () => (await newest(production)) >= published);
    const [missing] = await production(
      `select n from generate_series(1, ${published}) n where n not in (select n from public.orders)`,
    );
    expect(missing).toBeUndefined();
    expect(await platform.leftOver()).toEqual([]);
  });

  test('loses rows to a copy that is not quarantined', async () => {
    const { client, rds, stage } = platform;
    const id = 'not-quarantined';
    await production('alter subscription orders disable');
    await eventually('no server to listen', async () => (await sender()) === null);
    await client.send(
      new RestoreDBInstanceFromDBSnapshotCommand({
        DBInstanceIdentifier: id,
        DBSnapshotIdentifier: `understudy-${stage.name}-subscriber-20261120t020000z`,
        DBParameterGroupName: GROUP,
        BackupRetentionPeriod: 0,
      }),
    );
    await eventually('the copy', async () => {
      const { DBInstances } = await client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }));
      return DBInstances![0]!.DBInstanceStatus === 'available';
    });
    const copy: Sql = (text) => rds.instance(id).sql('crm', text);
    await eventually('the copy to listen', () => listens(copy));
    const stolen = rows + 1;
    await eventually('the copy to receive', async () => (await newest(copy)) >= stolen);
    const [at] = await publisher.sql('postgres', 'select pg_current_wal_lsn() as lsn');
    await eventually('the copy to say that it has them', async () => {
      const [slot] = await publisher.sql(
        'postgres',
        `select confirmed_flush_lsn >= '${at!['lsn']}'::pg_lsn as far from pg_replication_slots`,
      );
      return slot!['far'] === true;
    });
    await client.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: id, SkipFinalSnapshot: true }));
    await eventually('the copy to be gone', async () => (await sender()) === null);
    await production('alter subscription orders enable');
    const later = rows + 1;
    await eventually('production to receive again', async () => (await newest(production)) >= later);
    expect(await all(production)).toBeLessThan(await newest(production));
    expect(await production(`select n from public.orders where n = ${stolen}`)).toEqual([]);
  });
});

/** Writes over the end of a page, where its items are, in the file itself, as a failing disk does. */
async function damage(copy: LocalInstance, relation: string, page = 1): Promise<void> {
  const [found] = await copy.sql(
    'crm',
    `checkpoint; select current_setting('data_directory') as data, pg_relation_filepath('${relation}') as file`,
  );
  const file = openSync(join(String(found!['data']), String(found!['file'])), 'r+');
  writeSync(file, Buffer.alloc(64, 0xff), 0, 64, (page + 1) * 8192 - 128);
  closeSync(file);
}

test('a rehearsal does not fire a login trigger of the source, from PostgreSQL 17 on', async () => {
  const [server] = await source(`select current_setting('server_version_num')::int / 10000 as major`);
  if ((server!['major'] as number) < 17) return;
  const { port } = platform.rds.instance('crm-prod');
  await source(`
    create function public.entered() returns event_trigger language plpgsql as $$
    begin
      if inet_server_port() <> ${port} then
        insert into public.leads select max(id) + 1, 'by a login' from public.leads;
      end if;
    end $$;
    create event trigger entered on login execute function public.entered();
    alter event trigger entered enable always`);
  const taken = await platform.ask<{ point: string }>('snapshot', '2026-11-20T02:40:00Z');
  await source('drop event trigger entered; drop function public.entered()');
  const evidence = await rehearse('2026-11-20T03:55:00Z', { point: taken.point });
  expect(evidence).toMatchObject({ outcome: 'passed', differences: [] });
});
