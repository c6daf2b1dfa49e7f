import { toAwsCron } from '../../../../lib/adapters/aws/cron.ts';
import { checkSubscriptions, maskEndpoint } from '../../../../lib/alerting/subscriptions.ts';
import { expectedSchedules } from '../../../../lib/domain/plan/expected-schedules.ts';
import type { Plan } from '../../../../lib/domain/plan/policy.ts';
import type { DeployedSchedule } from '../../../../lib/ports/messages.ts';
import { checkSchedules } from '../../../../lib/workflows/watch/deployed-schedules.ts';
import { policy } from '../../../support/builders.ts';
import { schedulesOf } from '../../../support/doubles/schedules.ts';

const PLAN: Plan = { schemaVersion: 1, policies: [policy()], targets: [] };
const EXPECTED = expectedSchedules(PLAN, 'prod');
const found = (deployed: readonly DeployedSchedule[]) =>
  checkSchedules(EXPECTED, deployed, { expression: toAwsCron });
const DEPLOYED = schedulesOf(PLAN, 'prod');

/** The findings when the deployed dump schedule is another, or none. */
const withDump = (changes: Partial<DeployedSchedule> | undefined) =>
  found(
    DEPLOYED.flatMap((each) =>
      each.name !== 'prod-production-dump' ? [each] : changes ? [{ ...each, ...changes }] : [],
    ),
  );

test('schedules that are all there, on and as described are nothing to speak of', () => {
  expect(EXPECTED.length).toBeGreaterThan(3);
  expect(found(DEPLOYED)).toEqual([]);
  expect(found([...DEPLOYED].reverse())).toEqual([]);
});

test.each<[string, Partial<DeployedSchedule> | undefined, string, string]>([
  ['that does not exist', undefined, 'schedule-missing', 'does not exist'],
  ['that is switched off', { enabled: false }, 'schedule-disabled', 'is switched off'],
  [
    'that fires at another time',
    { expression: 'cron(0 2 * * ? *)' },
    'schedule-different',
    'is cron(0 2 * * ? *) UTC, understudy.yml says cron(0 1 * * ? *) UTC',
  ],
  [
    'that fires in another zone',
    { timezone: 'Europe/Berlin' },
    'schedule-different',
    'is cron(0 1 * * ? *) Europe/Berlin, understudy.yml says cron(0 1 * * ? *) UTC',
  ],
])('a schedule %s is told, with its job and policy', (_, changes, code, said) => {
  expect(withDump(changes)).toMatchObject([
    {
      code,
      target: 'understudy',
      subject: 'prod-production-dump',
      message: `the schedule prod-production-dump (dump of policy production) ${said}`,
    },
  ]);
});

test('a schedule that is different and off is told as off: nothing fires', () => {
  expect(withDump({ enabled: false, timezone: 'Europe/Berlin' })).toMatchObject([
    { code: 'schedule-disabled' },
  ]);
});

test('without any schedules every one is told', () => {
  expect(found([]).map(({ subject }) => subject)).toEqual(EXPECTED.map(({ name }) => name));
});

describe('a topic', () => {
  const mail = (endpoint: string, confirmed: boolean) => ({ protocol: 'email', endpoint, confirmed });

  test('with somebody who hears it is nothing to speak of', () => {
    expect(checkSubscriptions('alerts', [mail('ops@example.org', true)])).toEqual([]);
  });

  test('that nobody is subscribed to is unheard', () => {
    expect(checkSubscriptions('pages', [])).toMatchObject([
      { code: 'no-subscribers', subject: 'pages', severity: 'P1' },
    ]);
  });

  test('that somebody was to hear and never confirmed is unheard, and who that is is said', () => {
    expect(checkSubscriptions('pages', [mail('ops@example.org', false)])).toMatchObject([
      { code: 'subscription-unconfirmed', subject: expect.stringMatching(/^pages email.ops@example\.org$/) },
      { code: 'no-subscribers', subject: 'pages' },
    ]);
  });

  test('that one hears and another never confirmed is heard', () => {
    const findings = checkSubscriptions('alerts', [
      mail('a@example.org', true),
      mail('b@example.org', false),
    ]);
    expect(findings).toMatchObject([
      { code: 'subscription-unconfirmed', subject: expect.stringMatching(/^alerts email.b@example\.org$/) },
    ]);
  });
});

describe('an address', () => {
  const said = (endpoint: string, protocol = 'https') =>
    maskEndpoint({ protocol, endpoint, confirmed: true });

  test('of a person is told as it is', () => {
    expect(said('ops@example.org', 'email')).toBe('email ops@example.org');
  });

  test.each([
    'https://hooks.example.com/services/T000/SECRET',
    'https://hooks.example.com/?token=SECRET',
    'https://hooks.example.com?token=SECRET',
    'https://ops:SECRET@hooks.example.com/services',
  ])('that is a webhook is told by its host, and never with what is secret in it: %s', (endpoint) => {
    expect(said(endpoint)).toContain('hooks.example.com');
    expect(said(endpoint)).not.toContain('SECRET');
    expect(
      JSON.stringify(checkSubscriptions('alerts', [{ protocol: 'https', endpoint, confirmed: false }])),
    ).not.toContain('SECRET');
  });

  test('that is one of two webhooks of a host is told apart from the other', () => {
    expect(said('https://hooks.example.com/a')).not.toBe(said('https://hooks.example.com/b'));
    expect(said('https://hooks.example.com/a')).toBe(said('https://hooks.example.com/a'));
  });
});
