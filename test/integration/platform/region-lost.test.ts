import { RDS } from '@aws-sdk/client-rds';
import { catalog } from '../../../lib/runtime/compose.ts';
import type { RebuildReport } from '../../../lib/workflows/rebuild/report.ts';
import { invokeLocally } from '../../../scripts/local/invoke-locally.ts';
import { begin, UNDERSTUDY, written } from '../../e2e/support.ts';
import { answer, beginRestore, confirmed, untilAsked } from '../../support/emergencies.ts';
import { instancePlan } from '../../support/plan.ts';
import { AWAY, createPlatform, HOME, PASSWORD, type Platform } from '../../support/rds-stage.ts';
import { createStage } from '../../support/stage.ts';

/** The Region of the database and of the deployment is gone: what is left is a copy, and a deployment beside it. */
let platform: Platform;
const AT = '2026-11-20T01:00:00Z';
const COPY = `20261120T010000Z-snapshot@${AWAY}`;

beforeAll(async () => {
  platform = await createPlatform((keys) =>
    instancePlan({ policy: `snapshot: { copies: [{ region: ${AWAY}, kmsKey: "${keys.away}" }] }` }),
  );
  await platform.source('crm', { id: 'crm-prod' });
  await platform.rds
    .instance('crm-prod')
    .sql('crm', 'create table public.leads as select generate_series(1, 300) as id');
});
afterAll(async () => {
  await platform.close();
  expect(platform.rds.violations).toEqual([]);
});

test('from a copy alone, the catalog is rebuilt and the database restored, with nothing but the copy’s Region', async () => {
  expect(await platform.ask('snapshot', AT)).toMatchObject({ outcome: 'done' });
  const [message] = await platform.published('copy');
  expect(await invokeLocally('copy', message)).toMatchObject({ outcome: 'done', point: COPY });

  const { name } = platform.stage;
  const settings = 'restore: { cutover: none, subnetGroup: default, securityGroups: [sg-0a1b2c3d] }';
  const stage = await createStage(instancePlan({ policy: settings }), { name, region: AWAY });
  const connection = { host: '127.0.0.1', port: 1, database: 'crm', user: 'postgres', password: PASSWORD };
  await stage.secret('crm', { ...connection, sslmode: 'disable' });
  expect([process.env['AWS_REGION'], await catalog().points('crm')]).toEqual([AWAY, []]);
  const before = platform.rds.calls.length;

  const config = written(`version: 1
policies:
  instances:
    objectives: { rpo: { snapshot: 26h }, rto: 1h }
    schedules: { snapshot: "0 1 * * *", preflight: "0 6 * * *", expire: "0 5 * * *" }
    retention: { daily: 35d }
    ${settings}
targets:
  crm: { policy: instances, rds: crm-prod, connection: { secret: ${name}/crm } }
`);
  // The local RDS is in this process, so nothing may block it.
  const typed = begin(UNDERSTUDY, ['--config', config, '--stage', name, '--json', 'catalog', 'rebuild']);
  expect([await typed.ended, typed.shown()]).toEqual([0, expect.stringContaining(COPY)]);
  const shown = typed.shown();
  const report = JSON.parse(
    shown.slice(shown.indexOf('\n{\n') + 1, shown.lastIndexOf('\n}') + 2),
  ) as RebuildReport;
  expect(report).toMatchObject({ targets: [{ target: 'crm', added: [COPY] }], failures: [] });

  // The watch judges it, and then it is a way back.
  await invokeLocally('watch', {}).catch(() => undefined);
  expect(await catalog().point('crm', COPY)).toMatchObject({
    state: 'verified',
    snapshotAt: expect.any(String),
  });
  const ending = beginRestore(await confirmed('snapshot'));
  const early = ending.then((outcome) => Promise.reject(new Error(JSON.stringify(outcome))));
  const waiting = await Promise.race([untilAsked(), early]);
  const rows = await platform.rds
    .instance(waiting.made!.name, AWAY)
    .sql('crm', 'select count(*)::int as n from public.leads');
  expect(rows).toEqual([{ n: 300 }]);
  await answer('approve');
  expect(await ending).toMatchObject({ outcome: 'done' });
  // No instance was ever made there without naming a group, so the default one of its version does not exist.
  const there = new RDS({ endpoint: platform.rds.endpoint, region: AWAY });
  const made = waiting.made!.name;
  const { DBParameterGroups } = await there.describeDBParameterGroups({});
  expect(DBParameterGroups!.map(({ DBParameterGroupName }) => DBParameterGroupName)).toEqual([
    `${made}-parameters`,
  ]);
  const { DBInstances } = await there.describeDBInstances({ DBInstanceIdentifier: made });
  there.destroy();
  expect(DBInstances![0]!.DBParameterGroups).toEqual([
    { DBParameterGroupName: `${made}-parameters`, ParameterApplyStatus: 'in-sync' },
  ]);
  const regions = new Set(platform.rds.calls.slice(before).map(({ region }) => region));
  expect([...regions]).toEqual([AWAY]);
  expect(HOME).not.toBe(AWAY);
});
