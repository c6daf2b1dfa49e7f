import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { Client } from 'pg';
import { catalog } from '../../../lib/runtime/compose.ts';
import { type Cluster, startCluster } from '../../../scripts/local/cluster.ts';
import { endDurable, type FunctionName, invokeLocally } from '../../../scripts/local/invoke-locally.ts';
import {
  type Application,
  answer,
  beginRestore,
  confirmed,
  recordOf,
  startApplication,
  untilAsked,
} from '../../support/emergencies.ts';
import { planWith } from '../../support/plan.ts';
import { eventually } from '../../support/rds-stage.ts';
import { createStage, type Stage } from '../../support/stage.ts';

/** A server of one's own, as at Neon: nobody is superuser, and AWS can make nothing of it. */
let cluster: Cluster;
let stage: Stage;
let application: Application;
let dumped: number;
const AT = '2026-11-20T01:00:00Z';
const PASSWORD = 'only-for-tests';

const planBy = (cutover: string) =>
  planWith({
    policy: `restore: { cutover: ${cutover}, freeze: read-only, approveWithin: 1h, secrets: [beside-app], admin: beside-admin }`,
  });

beforeAll(async () => {
  cluster = await startCluster();
  stage = await createStage(planBy('secret'));
  Object.assign(process.env, { UNDERSTUDY_PACE: '1' });
  await sql(
    'postgres',
    `create role admin login password '${PASSWORD}' createdb createrole;
     create role shop login password '${PASSWORD}'; create role readers login password '${PASSWORD}';
     create role dumper login password '${PASSWORD}'; grant pg_read_all_data to dumper;
     grant pg_signal_backend, pg_monitor, readers to admin; grant shop to admin with admin option`,
  );
  for (const name of ['crm', 'erp']) await sql('postgres', `create database ${name} owner shop`);
  await sql(
    'crm',
    `create schema store authorization shop; set role shop;
     create table store.leads (id int primary key, name text);
     insert into store.leads select n, 'lead ' || n from generate_series(1, 500) n;
     create table store.events (n int, writer int);
     grant usage on schema store to readers; grant select on store.leads to readers;
     reset role;
     revoke connect on database crm from public; grant connect, temporary on database crm to readers;
     grant connect on database crm to dumper, admin;
     comment on database crm is 'of the shop'; alter database crm set work_mem = '7MB';
     alter database crm connection limit 50;
     alter role shop in database crm set search_path = store`,
  );
  const at = { host: '127.0.0.1', port: cluster.port, database: 'crm', sslmode: 'disable' as const };
  await stage.secret('crm', { ...at, user: 'dumper', password: PASSWORD });
  await secretOf('beside-admin', { ...JSON.parse(await textOf(`${stage.name}/crm`)), username: 'admin' });
  await secretOf('beside-app', { ...JSON.parse(await textOf(`${stage.name}/crm`)), username: 'shop' });
  application = startApplication('beside-app', 'store.events');
  await writes();
  const { point } = await ask<{ point: string }>('dump', AT);
  await ask('verify', AT, { point });
  dumped = await newestIn('crm');
  await sql('crm', 'delete from store.leads');
});

afterAll(async () => {
  await application?.stop();
  await endDurable();
  await cluster?.stop();
});

const sql = (database: string, text: string) => cluster.sql(database, text);
const secrets = new SecretsManager({});
const secretOf = (Name: string, value: object) =>
  secrets.createSecret({ Name, SecretString: JSON.stringify(value) });
const textOf = async (SecretId: string) =>
  (await secrets.getSecretValue({ SecretId, VersionStage: 'AWSCURRENT' })).SecretString!;
const databaseOf = async (secret: string) => JSON.parse(await textOf(secret)).dbname;
const ask = <T>(job: FunctionName, scheduledFor: string, more = {}) =>
  invokeLocally(job, { job, target: 'crm', scheduledFor, requestedBy: 'test', ...more }) as Promise<T>;
const rollBack = async () => {
  const { id, startedAt } = await recordOf();
  const message = { job: 'rollback', target: 'crm', scheduledFor: startedAt, requestedBy: 'anna' };
  return invokeLocally('restore', { ...message, restore: id });
};
const newestIn = async (database: string) =>
  Number((await sql(database, 'select max(n) as n from store.events'))[0]!['n']);
const eventsIn = async (database: string) =>
  (await sql(database, `select n from store.events where n > ${dumped} order by n`)).map(({ n }) =>
    Number(n),
  );
/** The application gets some writes in from now on. */
async function writes(): Promise<void> {
  const before = application.accepted.length;
  await eventually('the application to write', async () => application.accepted.length > before + 5);
}
const passwords = () => sql('postgres', 'select rolname, rolpassword from pg_authid order by 1');
/** The database as a whole: what a dump alone does not bring back. */
const wholeOf = async (database: string) =>
  (
    await sql(
      'postgres',
      `select pg_get_userbyid(datdba) as owner, datconnlimit as most, datallowconn as open, encoding, datcollate, datctype,
        (select json_agg(a::text order by a::text) from unnest(datacl) a) as privileges,
        shobj_description(d.oid, 'pg_database') as comment,
        (select json_agg(json_build_array(setrole::regrole::text, setconfig) order by setrole) from pg_db_role_setting where setdatabase = d.oid) as settings
      from pg_database d where datname = '${database}'`,
    )
  )[0];
async function whyNotIn(user: string, database: string): Promise<string | undefined> {
  const client = new Client({ host: '127.0.0.1', port: cluster.port, user, password: PASSWORD, database });
  return client.connect().then(
    () => client.end().then(() => undefined),
    (error: { code: string }) => error.code,
  );
}

test('a dump goes beside the living database and into service by secret, and back', async () => {
  const erp = new Client({
    host: '127.0.0.1',
    port: cluster.port,
    user: 'shop',
    password: PASSWORD,
    database: 'erp',
  });
  erp.on('error', () => undefined);
  await erp.connect();
  const [before, roles] = [await wholeOf('crm'), await passwords()];
  const ending = beginRestore(await confirmed('dump'));
  const waiting = await untilAsked();
  const name = waiting.made!.name;
  expect(waiting).toMatchObject({
    ...{ kind: 'database', proof: { strength: 'exact', differences: [], unchecked: [] }, incomplete: [] },
    old: { name: 'crm', database: 'crm', port: cluster.port },
  });
  expect(name).toMatch(/^crm_restored_\d{8}t\d{6}z$/);
  // Nobody gets in before it is approved, not even its owner to be.
  for (const user of ['shop', 'readers', 'dumper'])
    expect([user, await whyNotIn(user, name)]).toEqual([user, '42501']);
  await answer('approve');
  expect(await ending).toMatchObject({ outcome: 'done' });

  const record = await recordOf();
  expect(record.error).toBeUndefined();
  expect(await catalog().openFindings('crm')).toEqual([]);
  expect([await databaseOf('beside-app'), await databaseOf(`${stage.name}/crm`)]).toEqual([name, name]);
  await writes();
  // It is the same database as a whole, and no role has another password.
  expect(await wholeOf(name)).toEqual(before);
  expect(await passwords()).toEqual(roles);
  expect(await sql(name, 'select count(*)::int as n from store.leads')).toEqual([{ n: 500 }]);
  expect(await whyNotIn('shop', 'crm')).toBe('55000');
  // Another database of the server was in use all the time.
  expect((await erp.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
  await erp.end();

  expect(await rollBack()).toMatchObject({ outcome: 'done' });
  await writes();
  expect(await wholeOf('crm')).toEqual(before);
  expect(await databaseOf('beside-app')).toBe('crm');
  expect(await whyNotIn('shop', name)).toBe('55000');
  // The application wrote into one, then into the other, then into the first again: never into both.
  await sql('postgres', `alter database ${name} allow_connections true`);
  const [first, second] = [await eventsIn('crm'), await eventsIn(name)];
  const [from, to] = [second[0]!, second.at(-1)!];
  expect(second.length).toBeGreaterThan(5);
  expect(first.filter((n) => n > from && n < to)).toEqual([]);
  expect(first.some((n) => n < from) && first.some((n) => n > to)).toBe(true);
  expect(await recordOf()).toMatchObject({
    state: 'rolled-back',
    kept: [{ name }],
    next: [expect.stringContaining(`dropdb --host 127.0.0.1 --port ${cluster.port} ${name}`)],
  });
});

test('by name the new one takes the old one’s name, no secret changes, and it goes back', async () => {
  stage.usePlan(planBy('rename'));
  const before = await wholeOf('crm');
  const [{ oid: old }] = (await sql('postgres', "select oid from pg_database where datname = 'crm'")) as [
    { oid: number },
  ];
  const ending = beginRestore(await confirmed('dump'));
  const { made } = await untilAsked();
  await answer('approve');
  expect(await ending).toMatchObject({ outcome: 'done' });
  const { switched } = await recordOf();
  const names = async () =>
    Object.fromEntries(
      (await sql('postgres', 'select datname, oid::text from pg_database')).map(({ datname, oid }) => [
        datname,
        oid,
      ]),
    );
  expect(await names()).toMatchObject({ crm: made!.resourceId, [switched!.oldIs!]: String(old) });
  await writes();
  expect(await sql('crm', 'select count(*)::int as n from store.leads')).toEqual([{ n: 500 }]);
  expect(await wholeOf('crm')).toEqual(before);
  expect(await databaseOf('beside-app')).toBe('crm');

  expect(await rollBack()).toMatchObject({ outcome: 'done' });
  expect(await names()).toMatchObject({ crm: String(old), [made!.name]: made!.resourceId });
  await writes();
  expect(await wholeOf('crm')).toEqual(before);
  expect(await sql('crm', 'select count(*)::int as n from store.leads')).toEqual([{ n: 0 }]);

  // The next dump sees that somebody has dropped it.
  expect(await recordOf()).toMatchObject({ kept: [{ name: made!.name }] });
  await sql('postgres', `drop database ${made!.name}`);
  await ask('dump', '2026-11-20T02:00:00Z');
  expect((await recordOf()).kept).toEqual([]);
});

test('missing rights are told before anything is made, with what grants them', async () => {
  await sql('postgres', 'alter role admin nocreatedb; revoke shop from admin');
  expect(await beginRestore(await confirmed('dump'))).toMatchObject({
    ...{ outcome: 'refused', code: 'not-possible' },
    summary:
      'admin may not create databases: alter role "admin" createdb; admin may not give shop the new database: grant "shop" to "admin"',
  });
  await sql('postgres', 'alter role admin createdb; grant shop to admin');
});
