import { checkSubscriptions, maskEndpoint } from '../../../lib/alerting/subscriptions.ts';

const mail = (endpoint: string, confirmed: boolean) => ({ protocol: 'email', endpoint, confirmed });
const OPS = 'ops@example.org';

test('a topic with a confirmed subscription has no finding', () => {
  expect(checkSubscriptions('alerts', [mail(OPS, true)])).toEqual([]);
});

test('a topic without subscriptions has the finding no-subscribers', () => {
  const finding = { code: 'no-subscribers', subject: 'pages', severity: 'P1' };
  expect(checkSubscriptions('pages', [])).toMatchObject([finding]);
});

test('a topic whose only subscription is not confirmed has no subscribers, and the finding names the address', () => {
  expect(checkSubscriptions('pages', [mail(OPS, false)])).toMatchObject([
    { code: 'subscription-unconfirmed', subject: expect.stringMatching(/^pages email.ops@example\.org$/) },
    { code: 'no-subscribers', subject: 'pages' },
  ]);
});

test('a topic with a confirmed and an unconfirmed subscription has only the unconfirmed one as a finding', () => {
  const subject = expect.stringMatching(/^alerts email.b@example\.org$/);
  expect(
    checkSubscriptions('alerts', [mail('a@example.org', true), mail('b@example.org', false)]),
  ).toMatchObject([{ code: 'subscription-unconfirmed', subject }]);
});

const masked = (endpoint: string, protocol = 'https') =>
  maskEndpoint({ protocol, endpoint, confirmed: true });

test('maskEndpoint keeps a mail address as it is', () => {
  expect(masked(OPS, 'email')).toBe('email ops@example.org');
});

test.each([
  'https://hooks.example.com/services/T000/SECRET',
  'https://hooks.example.com/?token=SECRET',
  'https://hooks.example.com?token=SECRET',
  'https://ops:SECRET@hooks.example.com/services',
])('maskEndpoint and the finding name the webhook %s by its host, without its secret', (endpoint) => {
  expect(masked(endpoint)).toContain('hooks.example.com');
  const findings = checkSubscriptions('alerts', [{ protocol: 'https', endpoint, confirmed: false }]);
  expect(masked(endpoint) + JSON.stringify(findings)).not.toContain('SECRET');
});

test('maskEndpoint names two webhooks of one host differently, and each always the same', () => {
  expect(masked('https://hooks.example.com/a')).not.toBe(masked('https://hooks.example.com/b'));
  expect(masked('https://hooks.example.com/a')).toBe(masked('https://hooks.example.com/a'));
});
