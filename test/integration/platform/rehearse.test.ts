import { catalog } from '../../../lib/runtime/compose.ts';
import type { InstanceRehearsalOutcome } from '../../../lib/workflows/rehearse-instance.ts';
import { endDurable, invokeLocally } from '../../../scripts/local/handlers.ts';
import { type LocalRds, startLocalRds } from '../../../scripts/local/rds/local-rds.ts';
import { instancePlan } from '../../support/instances.ts';
import { createStage, type Stage } from '../../support/stage.ts';

const PASSWORD = 'only-for-tests';
let rds: LocalRds;
let stage: Stage;

beforeAll(async () => {
  stage = await createStage(instancePlan());
  rds = await startLocalRds({ pace: 200 });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_RDS: rds.endpoint,
    UNDERSTUDY_PACE: '1',
    UNDERSTUDY_SCRATCH_SUBNET_GROUP: 'default',
    UNDERSTUDY_SCRATCH_SECURITY_GROUP: 'sg-scratch',
  });
  await rds.createInstance({ id: 'crm-prod', database: 'crm', masterPassword: PASSWORD, backupRetention: 7, encrypted: true });
  await rds.instance('crm-prod').sql(
    'crm',
    `create table public.leads (id int primary key, name text); insert into public.leads select n, 'lead ' || n from generate_series(1, 500) n;
     create table public.events (id serial primary key, at timestamptz default now()); insert into public.events (at) select now() from generate_series(1, 100);
     grant all on all tables in schema public to public; grant all on all sequences in schema public to public;`,
  );
  await stage.secret('crm', {
    host: '127.0.0.1',
    port: rds.instance('crm-prod').port,
    database: 'crm',
    user: 'postgres',
    password: PASSWORD,
    sslmode: 'disable',
  });
}, 60_000);

afterAll(async () => {
  await endDurable();
  await rds.close();
});

const ask = (job: string, scheduledFor: string, more: object = {}) =>
  invokeLocally(job as 'dump', { job, target: 'crm', scheduledFor, requestedBy: 'test', ...more });

test('a snapshot restored onto a scratch instance is proven within bounds, and nothing is left of it', async () => {
  const dumped = (await ask('dump', '2026-11-20T01:00:00Z')) as { point: string };
  await ask('verify', '2026-11-20T01:00:00Z', { point: dumped.point });
  await rds.instance('crm-prod').sql('crm', 'insert into public.events (at) select now() from generate_series(1, 10)');
  await ask('snapshot', '2026-11-20T02:00:00Z');
  await rds.instance('crm-prod').sql('crm', 'delete from public.events where id <= 5');

  const outcome = (await ask('rehearse-instance', '2026-11-20T03:00:00Z', { from: 'snapshot' })) as InstanceRehearsalOutcome;
  console.log(JSON.stringify(outcome, null, 1));
  expect(outcome).toMatchObject({ outcome: 'rehearsed', evidence: { outcome: 'passed', strength: 'bounded', differences: [] } });
  expect(await catalog().openScratches()).toEqual([]);
  expect(rds.violations).toEqual([]);
}, 120_000);
