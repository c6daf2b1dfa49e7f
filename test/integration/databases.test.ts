import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Client } from 'pg';
import { postgresDatabases } from '../../lib/adapters/engines/postgres/databases.ts';
import { lackingRoles, makeEmptyBeside } from '../../lib/adapters/engines/postgres/restore/empty-beside.ts';
import { giveBeside } from '../../lib/adapters/engines/postgres/restore/give-beside.ts';
import { statementsOfDatabase } from '../../lib/adapters/engines/postgres/restore/of-database.ts';
import type { Manifest } from '../../lib/domain/proof/manifest.ts';
import type { Credentials } from '../../lib/ports/credentials.ts';
import { type Cluster, startCluster } from '../../scripts/local/cluster.ts';
import { tool } from '../../scripts/local/tools.ts';

/** Databases beside each other, made and renamed by a user who is no superuser. On a server of its own. */
let cluster: Cluster;
const databases = postgresDatabases({ patience: 5 });
const home = mkdtempSync(join(tmpdir(), 'us-databases-'));

beforeAll(async () => {
  cluster = await startCluster();
  await sql(`
    create role admin login password 'admin' createdb; create role shop login password 'shop';
    create role stranger login password 'stranger'; create role gone;
    grant pg_signal_backend, pg_monitor to admin; grant shop to admin with admin option`);
});
afterAll(async () => {
  await cluster.stop();
  rmSync(home, { recursive: true, force: true });
});
beforeEach(async () => {
  for (const { name } of await sql("select datname as name from pg_database where datname ~ '^crm'"))
    await sql(`drop database "${name}" with (force)`);
  await sql('create database crm owner shop');
});

const sql = (text: string, database = 'postgres') => cluster.sql(database, text);
const as = (user: string, database = 'crm'): Credentials => ({
  ...{ host: '127.0.0.1', port: cluster.port, user, password: user, database, sslmode: 'disable' },
});
const idOf = async (name: string) =>
  String((await sql(`select oid from pg_database where datname = '${name}'`))[0]!['oid']);
const source = { encoding: 'UTF8', collate: 'C.UTF-8', ctype: 'C.UTF-8', database: 'crm', owner: 'shop' };
const MADE = 'crm_restored_20261120t140000z';
const make = (mark = 'ours') => makeEmptyBeside(as('admin', MADE), source as Manifest['source'], mark);

test('the living database is known by its id under every name, and rights that are missing with what grants them', async () => {
  const id = await idOf('crm');
  expect(await databases.living(as('admin'), MADE)).toEqual({ id, isTaken: false, obstacles: [] });
  expect(await databases.living(as('admin'), 'crm')).toMatchObject({ isTaken: true });
  expect(await databases.living(as('stranger'), MADE)).toMatchObject({
    obstacles: [
      'stranger may not create databases: alter role "stranger" createdb',
      'stranger may not give shop the new database: grant "shop" to "stranger"',
    ],
  });
  await expect(databases.living(as('admin', 'crm2'), MADE)).rejects.toMatchObject({
    code: 'database-missing',
  });
  await sql('alter database crm rename to crm_other');
  expect(await databases.find(as('admin'), { id })).toEqual({ id, name: 'crm_other' });
  expect(await databases.find(as('admin'), { name: 'crm_other' })).toEqual({ id, name: 'crm_other' });
  expect(await databases.find(as('admin'), { name: 'crm' })).toBeUndefined();
});

// With a unit as Neon shows it, and without.
test.each([
  ['1024', 2 ** 30],
  ['1GB', 2 ** 30],
  ['16TB', 2 ** 44],
  ['-1', undefined],
])('a server whose own limit is %s says what it may still take', async (limit, most) => {
  await sql(`alter role admin set neon.max_cluster_size = '${limit}'`);
  const { free } = await databases.living(as('admin'), MADE);
  await sql('alter role admin reset neon.max_cluster_size');
  if (most === undefined) return expect(free).toBeUndefined();
  expect(free).toBeGreaterThan(most - 2 ** 27);
  expect(free).toBeLessThan(most);
});

test('a database is renamed when its sessions have ended, once, and takes no name of another', async () => {
  const id = await idOf('crm');
  const session = new Client({ ...as('shop'), ssl: false } as object);
  const ended = new Promise((resolve) => session.on('error', resolve));
  await session.connect();
  await databases.rename(as('admin'), id, 'crm_replaced');
  await ended;
  await databases.rename(as('admin'), id, 'crm_replaced');
  expect(await idOf('crm_replaced')).toBe(id);
  await sql('create database crm owner shop');
  await expect(databases.rename(as('admin'), id, 'crm')).rejects.toMatchObject({ code: 'database-exists' });
  await expect(databases.rename(as('stranger'), id, 'crm_x')).rejects.toMatchObject({
    code: expect.stringMatching(/^(sessions-stay|rename-denied)$/),
  });
  await expect(databases.rename(as('admin'), '99999', 'crm_x')).rejects.toMatchObject({
    code: 'database-missing',
  });
});

test('a membership is known by the statement that ends it', async () => {
  await sql('create role "Old one"; grant "Old one" to admin with admin option');
  const before = await databases.memberships(as('admin'));
  await sql('create role "New one"; grant "New one" to admin');
  const made = (await databases.memberships(as('admin'))).filter((each) => !before.includes(each));
  expect(made).toEqual([expect.stringMatching(/^revoke "New one" from admin/)]);
  await sql(made[0]!);
  expect(await databases.memberships(as('admin'))).toEqual(before);
  await sql('drop role "Old one"; drop role "New one"');
});

test('a replication slot is found with its database under any name, and the statement drops it from anywhere', async () => {
  const id = await idOf('crm');
  await sql("select pg_create_logical_replication_slot('search', 'test_decoding')", 'crm');
  await sql("select pg_create_logical_replication_slot('others', 'test_decoding')");
  await databases.rename(as('admin'), id, 'crm_replaced');
  await sql('alter database crm_replaced allow_connections false');
  const found = await databases.readers(as('admin'), id);
  expect(found).toEqual([{ name: 'search', end: "select pg_drop_replication_slot('search')" }]);
  await sql(found[0]!.end);
  expect(await databases.readers(as('admin'), id)).toEqual([]);
  await sql("select pg_drop_replication_slot('others')");
});

test('what an earlier try has left is made anew, and a database of somebody else’s is never touched', async () => {
  await make();
  await sql('create table half (n int)', MADE);
  await make();
  expect(await sql("select count(*)::int as n from pg_class where relname = 'half'", MADE)).toEqual([
    { n: 0 },
  ]);
  await sql('create table precious (n int)', MADE);
  await expect(make('of another restore')).rejects.toMatchObject({ code: 'database-exists' });
  await sql(`comment on database ${MADE} is null`);
  await expect(make()).rejects.toMatchObject({ code: 'database-exists' });
  expect(await sql("select count(*)::int as n from pg_class where relname = 'precious'", MADE)).toEqual([
    { n: 1 },
  ]);
});

test('roles of the dump that the server lacks are named, and none is made', async () => {
  const file = join(home, 'roles.sql');
  writeFileSync(file, 'CREATE ROLE shop;\nALTER ROLE shop PASSWORD \'x\';\nCREATE ROLE "Old one";\n');
  expect(await lackingRoles(as('admin'), file)).toEqual([
    'the server lacks roles of the dump, and none is made: Old one',
  ]);
});

describe('what belongs to a database itself', () => {
  test('is that of the dumped one alone, whatever an archive says of others', () => {
    const entry = (type: string, name: string, definition: string) =>
      ({ type, name, definition }) as Parameters<typeof statementsOfDatabase>[0][number];
    const found = statementsOfDatabase(
      [
        entry(
          'DATABASE PROPERTIES',
          'crm',
          `ALTER DATABASE crm SET work_mem TO '7MB';
          ALTER ROLE shop IN DATABASE crm SET search_path TO 'store';
          ALTER DATABASE erp SET x.y TO 'DATABASE crm '; ALTER ROLE shop SUPERUSER; DROP DATABASE crm;
          ALTER DATABASE crm_other SET work_mem TO '1GB';`,
        ),
        entry('ACL', 'DATABASE crm', 'GRANT CONNECT ON DATABASE "crm" TO shop;\nGRANT shop TO stranger;'),
        entry('ACL', 'TABLE crm', 'GRANT CONNECT ON DATABASE crm TO stranger;'),
      ],
      'crm',
      MADE,
    );
    expect(found).toEqual({
      settings: [
        `ALTER DATABASE "${MADE}" SET work_mem TO '7MB'`,
        `ALTER ROLE shop IN DATABASE "${MADE}" SET search_path TO 'store'`,
      ],
      rest: [`GRANT CONNECT ON DATABASE "${MADE}" TO shop`],
    });
  });

  const archived = async () => {
    const file = join(home, 'crm.dump');
    execFileSync(join(tool('PG_BIN'), 'pg_dump'), ['-Fc', '-C', '-f', file, cluster.url('crm')]);
    return file;
  };
  const give = async (file: string, isTrial: boolean) => {
    const { createReadStream } = await import('node:fs');
    const dump = async () => createReadStream(file) as Readable;
    const manifest = { source } as Manifest;
    return giveBeside(as('admin', MADE), { manifest, dump, living: 'crm', isTrial });
  };
  const aclOf = async (name: string) =>
    sql(`select datacl::text, pg_get_userbyid(datdba) as owner, shobj_description(oid, 'pg_database') as comment
      from pg_database where datname = '${name}'`);

  test('is tried without changing anything, then given, and every difference is named without its value', async () => {
    await sql(`comment on database crm is 'of the shop'; grant temporary on database crm to gone`);
    const file = await archived();
    await make();
    await sql(`alter database ${MADE} set work_mem = '7MB'`);
    // Meanwhile the living one has become another.
    await sql(`revoke temporary on database crm from gone; alter database crm set work_mem = '9MB';
      alter database crm set app.key = 'secret'; alter database crm connection limit 7;
      comment on database crm is 'changed'; alter database crm set default_transaction_read_only = on`);
    const before = await aclOf(MADE);
    const differences = await give(file, true);
    expect(differences).toEqual([
      'connection limit of the database: -1, and of the living one 7',
      'comment on the database: another than the living one has',
      'privilege on the database: the living one does not have TEMPORARY for gone',
      'setting of the database: work_mem has another value than in the living one',
      'setting of the database: only the living one has app.key',
    ]);
    expect(await aclOf(MADE)).toEqual(before);
    expect(before).toMatchObject([{ owner: 'admin', comment: 'ours' }]);
    expect(await give(file, false)).toEqual(differences);
    expect(await aclOf(MADE)).toMatchObject([{ owner: 'shop', comment: 'of the shop' }]);
  });

  test('that is not possible is said, and the rest is given', async () => {
    await sql('create role late; grant connect on database crm to late');
    const file = await archived();
    await sql('revoke connect on database crm from late; drop role late');
    await make();
    expect(await give(file, false)).toEqual([
      'of the database itself, not possible: grant connect on … (42704)',
    ]);
    expect(await aclOf(MADE)).toMatchObject([{ owner: 'shop', comment: null }]);
  });
});
