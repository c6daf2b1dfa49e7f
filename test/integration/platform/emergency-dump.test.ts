import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { Client } from 'pg';
import { catalog } from '../../../lib/runtime/compose.ts';
import { answer, beginRestore, confirmed, recordOf, untilAsked } from '../../support/emergencies.ts';
import { instancePlan } from '../../support/plan.ts';
import { createPlatform, type Platform } from '../../support/rds-stage.ts';

/** No moment and no snapshot is there any more: production comes back from its dump, onto an instance of its own. */
let platform: Platform;
let dumped: string;
const APPLICATION = 'of-the-application';

beforeAll(async () => {
  platform = await createPlatform(() =>
    instancePlan({
      policy:
        'restore: { cutover: secret, freeze: read-only, approveWithin: 1h, secrets: [crm-app], admin: crm-admin }',
    }),
  );
  await platform.source('crm', { id: 'crm-prod' });
  const { port } = platform.rds.instance('crm-prod');
  const at = { host: '127.0.0.1', port, dbname: 'crm', sslmode: 'disable' };
  await secretOf('crm-app', { ...at, username: 'shop', password: APPLICATION });
  const admin = JSON.parse(await textOf(`${platform.stage.name}/crm`));
  await secretOf('crm-admin', admin);
  await source(`
    create role shop login password '${APPLICATION}'; create role readers; grant shop, readers to postgres;
    create schema store authorization shop;
    create table store.leads (id int primary key, name text);
    insert into store.leads select n, 'lead ' || n from generate_series(1, 500) n;
    alter table store.leads owner to shop; grant select on store.leads to readers;
    comment on database crm is E'a note;\\nalter role shop createrole;\\n';
    alter database crm owner to shop; alter database crm set work_mem = '7MB';
    alter role shop in database crm set search_path = store; grant temporary on database crm to readers`);
  dumped = (await platform.ask<{ point: string }>('dump', '2026-11-20T01:00:00Z')).point;
  await platform.ask('verify', '2026-11-20T01:00:00Z', { point: dumped });
  await source('drop schema store cascade');
});

afterAll(async () => {
  await platform.close();
  expect(platform.rds.violations).toEqual([]);
});

const source = (text: string) => platform.rds.instance('crm-prod').sql('crm', text);
const secrets = new SecretsManager({});
const secretOf = (Name: string, value: object) =>
  secrets.createSecret({ Name, SecretString: JSON.stringify(value) });
const textOf = async (SecretId: string) =>
  (await secrets.getSecretValue({ SecretId, VersionStage: 'AWSCURRENT' })).SecretString!;

test('a dump comes back on an instance like the source, with owners, rights, settings and users', async () => {
  const ending = beginRestore(await confirmed('dump'));
  const waiting = await untilAsked();
  expect(waiting).toMatchObject({
    way: { kind: 'dump', point: dumped },
    proof: { strength: 'exact', differences: [], unchecked: [] },
    incomplete: [],
  });
  expect(waiting.notes.filter((note) => /not possible|cannot log in/.test(note))).toEqual([]);
  await answer('approve');
  expect(await ending).toMatchObject({ outcome: 'done' });
  expect((await recordOf()).error).toBeUndefined();
  expect(await catalog().openFindings('crm')).toEqual([]);

  const name = waiting.made!.name;
  expect(JSON.parse(await textOf('crm-app'))).toMatchObject({ port: waiting.made!.port });
  const client = new Client({
    ...{ host: '127.0.0.1', port: waiting.made!.port, database: 'crm', user: 'shop', password: APPLICATION },
  });
  await client.connect();
  const { rows } = await client.query(`select (select count(*)::int from leads) as leads,
    current_setting('work_mem') as work_mem, has_database_privilege('readers', 'crm', 'temporary') as temporary,
    has_table_privilege('readers', 'store.leads', 'select') as reads,
    (select pg_get_userbyid(datdba) from pg_database where datname = 'crm') as owner,
    (select tableowner from pg_tables where tablename = 'leads') as owns,
    (select rolcreaterole from pg_roles where rolname = 'shop') as creates,
    shobj_description((select oid from pg_database where datname = 'crm'), 'pg_database') as comment`);
  await client.end();
  expect(rows).toEqual([
    {
      ...{ leads: 500, work_mem: '7MB', temporary: true, reads: true, owner: 'shop', owns: 'shop' },
      // A comment stays a comment, whatever it says.
      ...{ creates: false, comment: 'a note;\nalter role shop createrole;\n' },
    },
  ]);
  const { DBInstances } = await platform.client.describeDBInstances({ DBInstanceIdentifier: name });
  expect(DBInstances![0]).toMatchObject({
    ...{ StorageEncrypted: true, KmsKeyId: platform.keys.home, DeletionProtection: true },
    ...{ BackupRetentionPeriod: 7, PubliclyAccessible: false },
  });
});
