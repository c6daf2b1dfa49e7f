import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { IAM } from '@aws-sdk/client-iam';
import { Lambda } from '@aws-sdk/client-lambda';
import { Client } from 'pg';
import type { HookCall } from '../../../lib/domain/incidents/hook-call.ts';
import type { RehearsalOutcome } from '../../../lib/workflows/rehearse/rehearse.ts';
import { hooksHere } from '../../../scripts/local/invoke-locally.ts';
import { instancePlan } from '../../support/plan.ts';
import { createPlatform, type Platform } from '../../support/rds-stage.ts';
import { evidenceOf } from './evidence.ts';

/** An application that a hook starts against the copy of a snapshot, and that reads its rows there. */
let platform: Platform;
let application: Server | undefined;
const HOOK = `crm-copy-${process.pid}`;
const calls: HookCall[] = [];

beforeAll(async () => {
  platform = await createPlatform(() =>
    instancePlan({
      policy: `rehearsal: { instance: { subnetGroup: default, securityGroups: [sg-scratch], application: ${HOOK} } }`,
      target: `rds: crm-prod
smoke:
  url: http://production.invalid
  steps:
    - { name: the leads, http: { url: /leads }, expect: { json: { $.count: 500 } } }
    - { name: the orders, priority: P1, http: { url: /orders }, expect: { status: 200 } }`,
    }),
  );
  await platform.source('crm', { id: 'crm-prod' });
  const source = platform.rds.instance('crm-prod');
  await source.sql(
    'crm',
    `create role application login password 'of-the-application'; create table public.leads (id int primary key);
    grant select on public.leads to application; insert into public.leads select generate_series(1, 500)`,
  );
  await platform.ask('snapshot', '2026-11-20T02:00:00Z');
  await source.sql('crm', 'delete from public.leads');
  const { Role } = await new IAM({}).createRole({ RoleName: HOOK, AssumeRolePolicyDocument: '{}' });
  await new Lambda({}).createFunction({
    ...{ FunctionName: HOOK, Role: Role!.Arn!, Handler: 'index.handler', Runtime: 'nodejs22.x' },
    Code: { ZipFile: Buffer.from('its code') },
  });
  hooksHere[HOOK] = (call) => answer(call as HookCall);
});

afterAll(async () => {
  delete hooksHere[HOOK];
  application?.close();
  await platform.close();
});

test('answers from the rows of the copy; what it cannot do is found; then it is stopped, and nothing is left', async () => {
  const outcome = await platform.ask<RehearsalOutcome>('rehearse-instance', '2026-11-20T03:00:00Z', {
    from: 'snapshot',
  });
  expect(evidenceOf(outcome)).toMatchObject({
    outcome: 'failed',
    assertions: [
      { name: 'the leads', passed: true, smoke: 'P0' },
      { name: 'the orders', passed: false, smoke: 'P1' },
    ],
    findings: [{ code: 'smoke-failed', severity: 'P1', subject: 'the orders, of a snapshot' }],
  });
  expect(calls.map(({ hook, restore, old }) => [hook, restore, old])).toEqual([
    ['start', null, null],
    ['stop', null, null],
  ]);
  expect(application).toBeUndefined();
  expect(await platform.leftOver()).toEqual([]);
});

/** What a function of the user's does. */
async function answer(call: HookCall): Promise<unknown> {
  calls.push(call);
  if (call.hook === 'stop') {
    application?.close();
    application = undefined;
    return null;
  }
  const server = createServer((request, response) => {
    const table = request.url!.slice(1);
    rowsOf(table, call).then(
      (count) => response.setHeader('content-type', 'application/json').end(JSON.stringify({ count })),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  application = server;
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function rowsOf(table: string, call: HookCall): Promise<number> {
  const as = { user: 'application', password: 'of-the-application', database: 'crm' };
  const client = new Client({ ...call.new!, ...as });
  await client.connect();
  try {
    const { rows } = await client.query(`select count(*)::int as count from public.${table}`);
    return rows[0].count;
  } finally {
    await client.end();
  }
}
