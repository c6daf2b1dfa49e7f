import { SecretsManager } from '@aws-sdk/client-secrets-manager';
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
import { createPlatform, type Platform } from '../../support/rds-stage.ts';
import { smokeApplication } from '../../support/smoke-application.ts';

/** A DELETE without WHERE at an instance under load, and the way back to the second before it. */
let platform: Platform;
let secretId: string;
let moment: string;
let application: Application;
let stale: Application;

/** Steps that pass in the second before the damage only, one that asks for too much, and a page of the application. */
const smokeOf = (url: string) => `rds: crm-prod
smoke:
  url: ${url}
  steps:
    - { name: leads are there, sql: select count(*) from public.leads, expect: { equals: 500 } }
    - { name: many leads, priority: P1, sql: select count(*) from public.leads, expect: { minimum: 501 } }
    - { name: the application answers, http: { url: "/to?/login" }, expect: { status: 302 } }`;
let page: Awaited<ReturnType<typeof smokeApplication>>;

beforeAll(async () => {
  page = await smokeApplication();
  platform = await createPlatform(() =>
    instancePlan({
      policy: 'restore: { cutover: secret, freeze: read-only, approveWithin: 1h }',
      target: smokeOf(page.url),
    }),
  );
  secretId = `${platform.stage.name}/crm`;
  await platform.source('crm', { id: 'crm-prod', tags: { team: 'sales' } });
  await source(`
    create table public.leads (id int primary key, name text);
    insert into public.leads select n, 'lead ' || n from generate_series(1, 500) n;
    create table public.events (n int, writer int, at timestamptz default clock_timestamp());
    alter table public.leads owner to postgres; alter table public.events owner to postgres;`);
  application = startApplication(secretId, 'public.events');
  // A pool that never looks at the secret again.
  stale = startApplication(secretId, 'public.events', platform.rds.instance('crm-prod').port);
  await secondBegins();
  moment = `${new Date().toISOString().slice(0, 19)}Z`;
  await secondBegins();
  await source('delete from public.leads');
  await reachable(moment);
});

afterAll(async () => {
  await application.stop();
  await stale.stop();
  await platform.close();
  await page.stop();
  expect(platform.rds.violations).toEqual([]);
});

const source = (text: string) => platform.rds.instance('crm-prod').sql('crm', text);
const portOf = (name: string) => platform.rds.instance(name).port;
const secret = async () => {
  const current = { SecretId: secretId, VersionStage: 'AWSCURRENT' };
  return JSON.parse((await new SecretsManager({}).getSecretValue(current)).SecretString!);
};

test('production gets the second before the damage, nobody writes twice, and the way back is open', async () => {
  const before = await secret();
  const ending = beginRestore(await confirmed('moment', { at: moment }));
  const waiting = await untilAsked();
  expect(waiting).toMatchObject({
    by: 'anna',
    way: { kind: 'moment', asOf: moment },
    frozenAt: expect.any(String),
    incomplete: [],
  });
  expect(waiting.smoke).toEqual([
    { step: 'leads are there', priority: 'P0', ok: true, at: 'copy' },
    {
      ...{ step: 'many leads', priority: 'P1', ok: false, at: 'copy' },
      why: 'the answer is not as expected: expected at least 501',
    },
  ]);
  expect(page.asked).toEqual([]);
  const name = waiting.made!.name;
  expect(name).toMatch(/^crm-prod-restored-\d{8}t\d{6}z$/);
  expect(portOf(name)).toBe(waiting.made!.port);
  // Production as it was: the application reads, and nobody has been sent elsewhere.
  expect(await secret()).toEqual(before);
  expect(await source('select count(*)::int as n from public.leads')).toEqual([{ n: 0 }]);
  expect(await catalog().openFindings('crm')).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ code: 'restore-under-way' }),
      expect.objectContaining({ code: 'restore-awaits-approval', message: expect.stringContaining(name) }),
    ]),
  );

  await answer('approve');
  const outcome = await ending;
  expect(outcome).toMatchObject({ outcome: 'done' });
  const record = await recordOf();
  expect(record).toMatchObject({ state: 'done', answer: { by: 'ben', answer: 'approve' } });
  expect(record.error).toBeUndefined();
  expect(record.smoke!.at(-1)).toEqual({
    ...{ step: 'the application answers', priority: 'P0', ok: true, at: 'production' },
  });
  expect(page.asked).toEqual(['GET /to?/login']);

  // The application has the new database, with the lost rows, and changed nothing but the address in its secret.
  expect(await secret()).toEqual({ ...before, port: portOf(name) });
  const restored = (text: string) => platform.rds.instance(name).sql('crm', text);
  expect(await restored('select count(*)::int as n from public.leads')).toEqual([{ n: 500 }]);
  const isNew = ({ port }: { port: number }) => port === portOf(name);
  await until(() => application.accepted.some(isNew));

  // Never two writers: whatever pool it was, the old one took nothing after the new one took something.
  const firstNew = Math.min(...application.accepted.filter(isNew).map(({ at }) => at));
  const old = [...application.accepted, ...stale.accepted].filter(({ port }) => port === portOf('crm-prod'));
  expect(old.length).toBeGreaterThan(10);
  expect(Math.max(...old.map(({ at }) => at))).toBeLessThan(firstNew);
  expect((await catalog().openFindings('crm')).map(({ code }) => code)).toEqual([]);
  const { DBInstances } = await platform.client.describeDBInstances({ DBInstanceIdentifier: name });
  expect(DBInstances![0]).toMatchObject({
    DeletionProtection: true,
    BackupRetentionPeriod: 7,
    TagList: expect.arrayContaining([{ Key: 'team', Value: 'sales' }]),
    DBParameterGroups: [{ ParameterApplyStatus: 'in-sync' }],
  });
  expect(DBInstances![0]!.DBParameterGroups![0]!.DBParameterGroupName).toMatch(/^default\./);

  const taken = await invokeLocally('restore', {
    job: 'rollback',
    target: 'crm',
    scheduledFor: record.startedAt,
    requestedBy: 'anna',
    restore: record.id,
  });
  expect(taken).toMatchObject({ outcome: 'done' });
  expect(await secret()).toEqual(before);
  const accepted = application.accepted.length;
  await until(() => application.accepted.length > accepted + 5);
  expect(application.accepted.at(-1)!.port).toBe(portOf('crm-prod'));
  expect(await recordOf()).toMatchObject({ state: 'rolled-back' });
  // The interval that was reported as lost ends with the last write before the cutover, to the second.
  const [last] = await source(`select max(at) as at from public.events where at <= '${record.switched!.at}'`);
  const lost = new Date(record.lastWriteBefore!).getTime() - (last!['at'] as Date).getTime();
  expect(lost).toBeGreaterThanOrEqual(0);
});

async function until(is: () => boolean): Promise<void> {
  for (let waited = 0; !is(); waited++) {
    if (waited > 15_000) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
