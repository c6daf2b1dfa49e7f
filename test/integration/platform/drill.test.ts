import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import type { Evidence } from '../../../lib/domain/proof/evidence.ts';
import { catalog, messages } from '../../../lib/runtime/compose.ts';
import { runInProcess } from '../../../scripts/local/run-in-process.ts';
import {
  type Application,
  reachable,
  recordOf,
  secondBegins,
  startApplication,
} from '../../support/emergencies.ts';
import { instancePlan } from '../../support/plan.ts';
import { createPlatform, eventually, type Platform } from '../../support/rds-stage.ts';
import { smokeApplication } from '../../support/smoke-application.ts';

/** Production's newest moment, in the service of a staging application for the time of a drill. */
let platform: Platform;
let application: Application;
let page: Awaited<ReturnType<typeof smokeApplication>>;

beforeAll(async () => {
  page = await smokeApplication();
  platform = await createPlatform(() => {
    const plan = instancePlan({
      policy: 'restore: { cutover: secret, freeze: read-only }',
      target: 'rds: crm-prod',
    });
    const staging = instancePlan({
      policy: 'restore: { cutover: secret, freeze: read-only }',
      target: `rds: crm-staging
priority: P2
smoke:
  url: ${page.url}
  steps:
    - { name: production’s leads are there, sql: select count(*) from public.leads, expect: { equals: 500 } }
    - { name: the application answers, http: { url: "/to?/login" }, expect: { status: 302 } }`,
    });
    const [target] = staging.targets;
    const { connection } = target!;
    plan.targets.push({
      ...{ ...target!, id: 'staging', drill: { of: 'crm', from: 'moment' } },
      connection: { ...connection!, secret: connection!.secret.replace(/crm$/, 'staging') },
    });
    return plan;
  });
  await platform.source('crm', { id: 'crm-prod' });
  await platform.source('staging', { id: 'crm-staging' });
  const tables =
    'create table public.leads (id int primary key); create table public.events (n int, writer int);';
  const owned = 'alter table public.leads owner to postgres; alter table public.events owner to postgres;';
  await at('crm-prod', `${tables} insert into public.leads select generate_series(1, 500); ${owned}`);
  await at('crm-staging', `${tables} ${owned}`);
  await secondBegins();
  const filled = `${new Date().toISOString().slice(0, 19)}Z`;
  await secondBegins();
  await reachable(filled);
  application = startApplication(`${platform.stage.name}/staging`, 'public.events');
});

afterAll(async () => {
  await application.stop();
  await platform.close();
  await page.stop();
  expect(platform.rds.violations).toEqual([]);
});

const at = (name: string, text: string) => platform.rds.instance(name).sql('crm', text);
const portOf = (name: string) => platform.rds.instance(name).port;
const instances = async () =>
  (await platform.client.describeDBInstances({}))
    .DBInstances!.map((each) => each.DBInstanceIdentifier)
    .sort();

test('a drill gives staging production’s data and takes it away again, and production notices nothing', async () => {
  const [{ n: before }] = (await at('crm-prod', 'select count(*)::int as n from public.events')) as [
    { n: number },
  ];
  // By the message of its schedule, which finds the function that restores.
  const scheduledFor = `${new Date().toISOString().slice(0, 19)}Z`;
  const drill = { job: 'drill' as const, target: 'staging', scheduledFor, requestedBy: 'schedule' };
  const deliveries = await runInProcess(
    () => messages().publish(drill),
    () => undefined,
  );
  expect(deliveries).toEqual([expect.objectContaining({ function: 'restore' })]);
  const outcome = deliveries[0]!.result as { evidence: Evidence };
  expect(outcome).toMatchObject({ outcome: 'drilled', evidence: { outcome: 'passed', findings: [] } });
  const { evidence } = outcome;
  expect(evidence).toMatchObject({ target: 'crm', sort: 'moment', rto: { met: true } });
  expect(await catalog().evidence('crm', 1)).toEqual([evidence]);

  // The application of staging was served by the copy, and is by its own database again.
  const { made, ...record } = await recordOf('staging');
  const served = new Set(application.accepted.map(({ port }) => port));
  expect([...served].sort()).toEqual([portOf('crm-staging'), made!.port].sort());
  const seen = application.accepted.length;
  while (application.accepted.length < seen + 5) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(application.accepted.at(-1)!.port).toBe(portOf('crm-staging'));
  expect(record).toMatchObject({ state: 'rolled-back', kept: [], notPutBack: [] });

  // Nothing is left, and nothing was done to production.
  expect(await instances()).toEqual(['crm-prod', 'crm-staging']);
  const Filters = [{ Key: 'name' as const, Values: [`understudy/${platform.stage.name}/restore`] }];
  expect((await new SecretsManager({}).listSecrets({ Filters })).SecretList).toEqual([]);
  const { DBParameterGroups } = await platform.client.describeDBParameterGroups({});
  expect(DBParameterGroups!.filter((each) => each.DBParameterGroupName!.includes('restored'))).toEqual([]);
  expect(await at('crm-prod', 'select count(*)::int as n from public.events')).toEqual([{ n: before }]);
  expect(await catalog().restore('crm')).toBeUndefined();
  expect(await catalog().openFindings('staging')).toEqual([]);
});

test.each([
  ['rds', {}],
  ['aurora', { cluster: true as const }],
] as const)(
  'what a restore has made for production on %s is not deleted, and a drill’s is',
  async (kind, how) => {
    const { restoredInstances } = await import('../../../lib/runtime/compose.ts');
    const name = `crm-${kind}-restored-20261120t120000z`;
    await platform.source(`other-${kind}`, { id: name, ...how });
    const remove = () => restoredInstances().removeDrilled(kind, name);
    await expect(remove()).rejects.toMatchObject({ code: 'not-drilled' });
    expect((await instances()).filter((each) => each!.startsWith(name))).toHaveLength(1);

    const { DBInstances } = await platform.client.describeDBInstances({});
    const { DBClusters } = await platform.client.describeDBClusters({});
    const Tags = [{ Key: 'understudy:drill', Value: 'yes' }];
    for (const ResourceName of [
      ...DBInstances!
        .filter((each) => each.DBInstanceIdentifier!.startsWith(name))
        .map((each) => each.DBInstanceArn),
      ...DBClusters!.filter((each) => each.DBClusterIdentifier === name).map((each) => each.DBClusterArn),
    ])
      await platform.client.addTagsToResource({ ResourceName, Tags });
    await eventually('it to be gone', async () => (await remove()) === 'gone');
    expect((await instances()).filter((each) => each!.startsWith(name))).toEqual([]);
  },
);
