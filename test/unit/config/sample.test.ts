import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPlan } from '../../../lib/config/load.ts';
import { rpoArithmetic } from '../../../lib/domain/plan/objective.ts';
import { policyOf, targetOf, targetsOf } from '../../../lib/domain/plan/policy.ts';
import { seconds } from '../../../lib/domain/time.ts';
import { NOW } from './text.ts';

/** The file at the root is a working one, and promises what the four runbooks promise. */
const text = readFileSync(join(__dirname, '../../../understudy.yml'), 'utf8');
const plan = loadPlan(text, 'understudy.yml', NOW);
/** The file with the examples that stand in it as comments. */
const uncommented = text.replace(
  /^( +)#(?:assertions|crm-staging):\n(?:\1# {2}.*\n)+/gm,
  (block, indent: string) => block.replaceAll(`${indent}#`, indent),
);
const whole = loadPlan(uncommented, 'understudy.yml', NOW);
const named = (name: string) => policyOf(plan, name)!;

test('the sample is right today and in every season', () => {
  for (const month of ['2027-01', '2027-03', '2027-07', '2027-10', '2028-02'])
    expect(loadPlan(text, 'understudy.yml', new Date(`${month}-28T12:00:00Z`))).toEqual(plan);
});

test.each([
  ['production', '1h'],
  ['production-30d', '1h'],
  ['staging', '4h'],
  ['development', '8h'],
])('%s is restored within %s', (name, rto) => {
  expect(named(name).objectives.rto).toBe(seconds(rto));
});

test('production keeps 35 days, 12 weeks and 12 months', () => {
  expect(named('production').retention).toEqual({
    all: 0,
    daily: seconds('35d'),
    weekly: seconds('12w'),
    monthly: seconds('12mo'),
  });
});

test.each([
  ['production-30d', '30d'],
  ['staging', '7d'],
])('%s keeps everything for %s', (name, age) => {
  expect(named(name).retention).toEqual({ all: seconds(age), daily: 0, weekly: 0, monthly: 0 });
});

test('production dumps at 01:00, verifies at 01:30, rehearses on Sundays at 02:00, simulates on the first business day', () => {
  expect(named('production').schedules).toEqual({
    dump: { cron: '0 1 * * *', timezone: 'UTC' },
    verify: { cron: '30 1 * * *', timezone: 'UTC' },
    rehearse: { cron: '0 2 * * SUN', timezone: 'UTC' },
    simulation: { cron: '0 3 1W * *', timezone: 'UTC' },
    expire: { cron: '0 5 * * *', timezone: 'UTC' },
  });
  expect(named('production-30d').schedules.dump).toEqual({ cron: '0 2 * * *', timezone: 'UTC' });
});

test('staging loses a day at most, and development a week', () => {
  expect(named('staging').objectives.rpo.dump).toBe(seconds('24h'));
  expect(named('development').objectives.rpo.dump).toBe(seconds('7d'));
});

test('every promise of the sample can be kept by its dumps', () => {
  for (const policy of plan.policies)
    expect([policy.name, rpoArithmetic(policy, NOW)?.fits]).toEqual([policy.name, true]);
});

test('what the file does not say is what docs/reference/configuration.md says it is', () => {
  expect(named('development')).toMatchObject({
    grace: 1800,
    usual: { dump: 900, verify: 900 },
    dump: { compression: 'auto', lockTimeout: 5, whenBlocking: 'report' },
    verify: { depth: 'full' },
    proof: { depth: 'fingerprints' },
    rehearsal: { point: 'newest', atMostEvery: seconds('32d') },
    vault: { lock: 'none', lockFor: seconds('7d') },
    severities: {},
  });
  expect(named('development').schedules.rehearse).toEqual({ cron: '0 6 1 * *', timezone: 'Europe/Berlin' });
});

test('it asks nothing about tables that a reader’s database need not have, and has no target that waits for a second one', () => {
  expect(plan.targets.map(({ id, assertions }) => [id, assertions])).toEqual([['crm-prod', []]]);
});

test('a target has its policy, its connection and its questions', () => {
  expect(targetsOf(plan, 'production').map(({ id }) => id)).toEqual(['crm-prod']);
  expect(targetOf(plan, 'crm-prod')).toMatchObject({
    engine: 'postgres',
    priority: 'P0',
    owner: 'crm team',
    labels: { service: 'crm' },
    connection: { secret: 'understudy/crm-prod' },
  });
  expect(
    targetOf(whole, 'crm-prod')!.assertions.map(({ sql: _sql, name: _name, ...expectation }) => expectation),
  ).toEqual([
    { when: 'always', minimum: 1000 },
    { when: 'always', rowsOf: 'public.invoices', tolerance: 0 },
    { when: 'always', equals: 0 },
    { when: 'simulation', fresherThan: seconds('2d') },
  ]);
  expect(targetOf(whole, 'crm-staging')).toMatchObject({
    priority: 'P2',
    connection: { database: 'crm_staging' },
  });
  expect(targetOf(plan, 'nobody')).toBeUndefined();
});

test('a plan survives being compiled into the deployment', () => {
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
});
