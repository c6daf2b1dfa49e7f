import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { ProveRequest } from '../../../lib/restore/prove/proof-slices.ts';
import type { RehearsalOutcome } from '../../../lib/workflows/rehearse/rehearse.ts';
import { invokeLocally, replacedFunctions } from '../../../scripts/local/invoke-locally.ts';
import { instancePlan } from '../../support/plan.ts';
import { createPlatform, PASSWORD, type Platform } from '../../support/rds-stage.ts';
import { evidenceOf } from './evidence.ts';

const TARGET = `
rds: crm-prod
heartbeat: true
assertions:
  - { name: which marks, sql: "select coalesce(string_agg(name, ',' order by at), 'none') from public.marks", equals: before }`;

const HEARTBEAT = readFileSync(join(__dirname, '../../../scripts/sql/heartbeat.sql'), 'utf8');

let platform: Platform;
/** Takes writes from here to the end. */
let writer: Client;
let writing: Promise<void>;
let written = 0;
let stopped = false;

/** Two commits, each with a row of the heartbeat, and the second between them. */
let moment: string;
let heartbeat: { before: string };

beforeAll(async () => {
  platform = await createPlatform(() => instancePlan({ target: TARGET }));
  await platform.source('crm', { id: 'crm-prod' });
  await source(`create table public.marks (name text primary key, at timestamptz default clock_timestamp());
    create table public.writes (n bigint primary key);
    grant all on all tables in schema public to public;`);
  await source(`create role understudy; grant understudy to postgres; ${HEARTBEAT}`);
  writer = new Client({
    host: '127.0.0.1',
    port: platform.rds.instance('crm-prod').port,
    user: 'postgres',
    password: PASSWORD,
    database: 'crm',
  });
  writer.on('error', () => undefined);
  await writer.connect();
  writing = (async () => {
    while (!stopped) {
      await writer.query('insert into public.writes values ($1)', [++written]);
      await sleep(5);
    }
  })();
  writing.catch(() => undefined);

  await mark('before', '2026-11-20T01:00:00Z');
  await secondBegins();
  moment = `${new Date().toISOString().slice(0, 19)}Z`;
  await secondBegins();
  await mark('after', '2026-11-20T01:01:00Z');
  // Long enough ago to be told from what AWS could restore.
  await sleep(3000);
  const rows = await source('select written_at as at from understudy.heartbeat order by minute');
  heartbeat = { before: (rows[0]!['at'] as Date).toISOString() };
});

afterAll(async () => {
  stopped = true;
  await writing;
  await writer.end();
  await platform.close();
  expect(platform.rds.violations).toEqual([]);
});

const source = (text: string) => platform.rds.instance('crm-prod').sql('crm', text);
const rehearse = (scheduledFor: string, more: object) =>
  platform.ask<RehearsalOutcome>('rehearse-instance', scheduledFor, { from: 'moment', ...more });

/** Inserts a row, then writes the heartbeat of the minute. */
async function mark(name: string, minute: string): Promise<void> {
  await source(`insert into public.marks values ('${name}')`);
  expect(await platform.ask('heartbeat', minute)).toEqual({ outcome: 'written', minute });
}

async function secondBegins(): Promise<void> {
  await sleep(1000 - (Date.now() % 1000) + 10);
}

test('a rehearsal restores a moment between two commits exactly, and its heartbeat measures the data loss', async () => {
  const before = written;
  const evidence = evidenceOf(await rehearse('2026-11-20T03:00:00Z', { moment }));
  expect(evidence).toMatchObject({
    outcome: 'passed',
    findings: [],
    pointSnapshotAt: moment,
    source: `crm-prod as of ${moment}`,
    // The one row is there, and the other is not.
    assertions: [{ name: 'which marks', passed: true }],
    heartbeat: { verdict: 'agrees', compared: 1, missingCount: 0, extraCount: 0 },
  });
  expect(written).toBeGreaterThan(before);
  expect(await platform.leftOver()).toEqual([]);

  const { rpo, heartbeat: proof } = evidence;
  // Not what AWS says it could restore, which is a moment ago: what the copy's newest row says.
  expect(new Date(proof!.newestAt!).toISOString()).toBe(heartbeat.before);
  const behind = (Date.parse(moment) - Date.parse(heartbeat.before)) / 1000;
  expect(rpo!.promised).toBe(900);
  expect(rpo!.achieved).toBeGreaterThanOrEqual(Math.floor(behind));
});

test('a rehearsal without a moment restores the latest one, with both rows', async () => {
  expect(evidenceOf(await rehearse('2026-11-20T03:20:00Z', {}))).toMatchObject({
    // The assertion is about another moment, and says so.
    assertions: [{ name: 'which marks', passed: false, detail: expect.stringContaining('before,after') }],
    heartbeat: { verdict: 'agrees', compared: 2 },
    findings: [expect.objectContaining({ code: 'assertion-failed' })],
  });
});

test('a rehearsal finds a heartbeat row that the copy must have missing, and one that it cannot have extra', async () => {
  // As if it had been there all along: committed before the moment, and not in what was restored.
  const early = '2026-11-20T00:59:00Z';
  await source(
    `insert into understudy.heartbeat values ('${early}', '${moment}'::timestamptz - interval '5 s', '${moment}'::timestamptz - interval '4 s')`,
  );
  const [after] = await source(
    `select written_at::text as at from understudy.heartbeat where minute = '2026-11-20T01:01:00Z'`,
  );
  replacedFunctions.prove = async (input) => {
    // As if replay had gone on for too long.
    const copy = platform.rds.instance((input as ProveRequest).name);
    await copy.sql(
      'crm',
      `insert into understudy.heartbeat values ('2026-11-20T01:01:00Z', '${after!['at']}', null)`,
    );
    return invokeLocally('prove', input);
  };
  const outcome = await rehearse('2026-11-20T03:30:00Z', { moment });
  replacedFunctions.prove = undefined;
  await source(`delete from understudy.heartbeat where minute = '${early}'`);
  expect(evidenceOf(outcome)).toMatchObject({
    outcome: 'failed',
    strength: 'none',
    heartbeat: { verdict: 'differs', missing: [early], extra: ['2026-11-20T01:01:00Z'] },
    findings: [expect.objectContaining({ code: 'heartbeat-mismatch', subject: 'moment' })],
  });
});

test.each([
  ['after the latest', '2026-11-20T04:00:00Z', 3_600_000],
  ['before the earliest', '2026-11-20T04:01:00Z', -8 * 86_400_000],
])('a rehearsal refuses a moment %s that can be restored, and makes nothing', async (_which, at, from) => {
  const restores = () => platform.rds.calls.filter(({ action }) => action.startsWith('Restore')).length;
  const before = restores();
  const outcome = await rehearse(at, { moment: new Date(Date.now() + from).toISOString() });
  expect(outcome).toMatchObject({ outcome: 'refused', code: 'moment-out-of-reach' });
  expect(restores()).toBe(before);
  expect(await platform.leftOver()).toEqual([]);
});
