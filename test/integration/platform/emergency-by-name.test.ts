import { Client } from 'pg';
import { catalog } from '../../../lib/runtime/compose.ts';
import { invokeLocally } from '../../../scripts/local/invoke-locally.ts';
import {
  type Application,
  answer,
  beginRestore,
  confirmed,
  reachable,
  recordOf,
  secondBegins,
  startApplication,
  untilAsked,
} from '../../support/emergencies.ts';
import { instancePlan } from '../../support/plan.ts';
import { createPlatform, PASSWORD, type Platform } from '../../support/rds-stage.ts';

/** The new instance takes the old one's name, and with it its address: no secret changes. */
let platform: Platform;
let moment: string;
let address: number;
let application: Application;
let oldId: string;

beforeAll(async () => {
  platform = await createPlatform(() => instancePlan({ policy: 'restore: { cutover: rename }' }));
  await platform.source('crm', { id: 'crm-prod' });
  address = platform.rds.instance('crm-prod').port;
  await at(
    'crm-prod',
    `
    create table public.leads (id int primary key);
    insert into public.leads select generate_series(1, 300);
    create table public.events (n int, writer int, at timestamptz default clock_timestamp());
    alter table public.leads owner to postgres; alter table public.events owner to postgres;`,
  );
  // Another database of the instance, which goes back with it.
  await at('crm-prod', 'create database erp owner postgres');
  await platform.rds
    .instance('crm-prod')
    .sql('erp', 'create table t (n int); alter table t owner to postgres');
  oldId = await idOf('crm-prod');
  application = startApplication(`${platform.stage.name}/crm`, 'public.events');
  await secondBegins();
  moment = `${new Date().toISOString().slice(0, 19)}Z`;
  await secondBegins();
  await at('crm-prod', 'delete from public.leads');
  await reachable(moment);
});

afterAll(async () => {
  await application.stop();
  await platform.close();
  expect(platform.rds.violations).toEqual([]);
});

const at = (name: string, text: string) => platform.rds.instance(name).sql('crm', text);
const rows = async (name: string) => (await at(name, 'select count(*)::int as n from public.leads'))[0]!['n'];
const idOf = async (name: string) => {
  const { DBInstances } = await platform.client.describeDBInstances({ DBInstanceIdentifier: name });
  return DBInstances![0]!.DbiResourceId!;
};

test('the lost rows are served under the old name, all databases of the old instance are closed, and it goes back', async () => {
  // A pool of the other database, which stays connected.
  const erp = new Client({
    host: '127.0.0.1',
    port: address,
    user: 'postgres',
    password: PASSWORD,
    database: 'erp',
  });
  erp.on('error', () => undefined);
  await erp.connect();
  await erp.query('insert into t values (1)');

  const ending = beginRestore(await confirmed('moment', { at: moment }));
  const { made } = await untilAsked();
  await answer('approve');
  expect(await ending).toMatchObject({ outcome: 'done' });
  const record = await recordOf();
  const replaced = record.switched!.oldIs!;
  expect(replaced).toMatch(/^crm-prod-replaced-\d{8}t\d{6}z$/);
  expect(await idOf('crm-prod')).toBe(made!.resourceId);
  expect(await idOf(replaced)).toBe(oldId);
  expect(platform.rds.instance('crm-prod').port).toBe(address);
  expect(await rows('crm-prod')).toBe(300);
  await expect(erp.query('insert into t values (2)')).rejects.toThrow();

  // The application comes back at the same address, and what it writes is in the new one.
  const before = application.accepted.length;
  await until(() => application.accepted.length > before + 5);
  const [newest] = await at('crm-prod', 'select max(n) as n from public.events');
  expect(newest!['n']).toBeGreaterThanOrEqual(application.accepted[before]!.n);
  expect(record.error).toBeUndefined();
  expect((await catalog().openFindings('crm')).map(({ code }) => code)).toEqual([]);
  // The watch knows the new one: no source was replaced.
  expect((await catalog().observed('crm')).platform).toMatchObject({ resourceId: made!.resourceId });

  const back = { job: 'rollback', target: 'crm', scheduledFor: record.startedAt, requestedBy: 'anna' };
  expect(await invokeLocally('restore', { ...back, restore: record.id })).toMatchObject({ outcome: 'done' });
  expect(await idOf('crm-prod')).toBe(oldId);
  expect(await rows('crm-prod')).toBe(0);
  const then = application.accepted.length;
  await until(() => application.accepted.length > then + 5);
  expect(await platform.rds.instance('crm-prod').sql('erp', 'select n from t')).toEqual([{ n: 1 }]);
  expect(await recordOf()).toMatchObject({ state: 'rolled-back' });
});

async function until(is: () => boolean): Promise<void> {
  for (let waited = 0; !is(); waited++) {
    if (waited > 15_000) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
