import { ListSubscriptionsByTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { type Alert, withOption } from '../../lib/domain/findings/alert.ts';
import { readInbox } from '../../scripts/local/drain-queues.ts';
import { lateness } from './support/catalogs.ts';
import { form, subscribers } from './support/fake-sns.ts';
import { breaks, type FaultyProxy } from './support/proxy.ts';
import { stage, unique } from './support/stage.ts';
import { ALERTS, type AlertsUnderTest, alertsOverSns } from './support/topics.ts';

const TOPICS = ['alerts', 'pages', 'alarms'] as const;
const alert = (changes: Partial<Alert> = {}): Alert => ({
  occasion: 'opened',
  finding: lateness(unique()),
  since: '2026-11-20T12:00:00Z',
  at: '2026-11-20T12:00:05Z',
  stage: 'production',
  ...changes,
});

describe.each(ALERTS)('alerts %s', (_name, make) => {
  let under: AlertsUnderTest;
  beforeAll(async () => {
    under = await make();
  });
  afterAll(() => under.stop());
  const heard = async () =>
    Object.fromEntries(
      await Promise.all(TOPICS.map(async (topic) => [topic, (await under.take(topic)).length])),
    );

  it.each([
    [['alerts'], { alerts: 1, pages: 0, alarms: 0 }],
    [['alerts', 'pages'], { alerts: 1, pages: 1, alarms: 0 }],
    [['pages'], { alerts: 0, pages: 1, alarms: 0 }],
    [[], { alerts: 0, pages: 0, alarms: 0 }],
  ] as const)('go to the topics %j and to no others', async (topics, expected) => {
    expect(await under.alerts.send(alert(), topics)).toEqual([]);
    expect(await heard()).toEqual(expected);
  });

  it('are sent as text for mail and as one JSON document for machines', async () => {
    const sent = alert({ occasion: 'worsened' });
    await under.alerts.send(sent, ['alerts']);
    const { subject, text, json } = (await under.take('alerts'))[0]!;
    expect(subject).toBe(`[P0] worse: ${sent.finding.target}: job-silent (production)`);
    const { finding, ...rest } = sent;
    const next = withOption(finding.next, '--stage production');
    for (const part of [finding.message, finding.target, next, sent.since]) expect(text).toContain(part);
    expect(json).toEqual({
      schemaVersion: 1,
      ...rest,
      ...finding,
      next,
      emergency: 'docs/emergency.md',
    });
  });

  it('have a subject that SNS takes when a name in it is long and not ASCII', async () => {
    const finding = { ...lateness('t'), target: `größte\n${'x'.repeat(200)}` };
    expect(await under.alerts.send(alert({ finding }), ['alerts'])).toEqual([]);
    const [taken] = await under.take('alerts');
    expect(taken!.subject).toMatch(/^[\x20-\x7e]{1,100}$/);
  });

  it('keep quotes, markup and letters beyond ASCII in their text', async () => {
    const finding = lateness(unique(), '5 „Zeilen“ fehlen in public."Löhne" & <b>1</b>');
    await under.alerts.send(alert({ finding }), ['alerts']);
    const [taken] = await under.take('alerts');
    expect(taken!.text).toContain(finding.message);
    expect(taken!.json['message']).toBe(finding.message);
  });

  it('of a trial go to the one topic that is tried', async () => {
    for (const topic of TOPICS) {
      await under.alerts.trial(topic, 'is anybody there?');
      const [taken, ...more] = await under.take(topic);
      expect(more).toEqual([]);
      expect(taken!.subject).toContain(topic);
      expect(taken!.text).toBe('is anybody there?');
      expect(taken!.json).toMatchObject({ occasion: 'trial', topic, message: 'is anybody there?' });
      expect(await heard()).toEqual({ alerts: 0, pages: 0, alarms: 0 });
    }
  });

  it('list the subscribers of a topic, and which of them have not confirmed', async () => {
    const expected = [
      { protocol: 'email', endpoint: 'ops@example.com', confirmed: true },
      { protocol: 'https', endpoint: 'https://pager.example.com/', confirmed: false },
    ];
    under.subscribed('pages', expected);
    expect(await under.alerts.subscriptions('pages')).toEqual(expected);
  });

  // Last, because what is removed stays so.
  it('reach the other topic when one is gone, and name the topic that did not take them', async () => {
    await under.remove('alerts');
    const failed = await under.alerts.send(alert(), ['alerts', 'pages']);
    expect(failed).toEqual([{ topic: 'alerts', reason: expect.stringMatching(/./) }]);
    expect(await heard()).toEqual({ alerts: 0, pages: 1, alarms: 0 });
    await expect(under.alerts.trial('alerts', 'x')).rejects.toThrow();
    await expect(under.alerts.subscriptions('alerts')).rejects.toThrow();
    await under.take('alerts');
    await under.remove('pages');
    const all = await under.alerts.send(alert(), ['alerts', 'pages']);
    expect(all.map((each) => each.topic).sort()).toEqual(['alerts', 'pages']);
  });
});

describe('alerts over SNS', () => {
  let under: AlertsUnderTest & { proxy: FaultyProxy; topics: Record<string, string> };
  let proxy: FaultyProxy;
  beforeAll(async () => {
    under = await alertsOverSns();
    proxy = under.proxy;
  });
  beforeEach(() => proxy.reset());
  afterAll(() => under.stop());

  it('are text, a line or JSON, as each protocol can read', async () => {
    await under.alerts.send(alert(), ['alarms']);
    const fields = form(proxy.of('Publish')[0]!);
    expect(fields.get('MessageStructure')).toBe('json');
    const said = JSON.parse(fields.get('Message')!) as Record<string, string>;
    const kind = (text: string) => (text.startsWith('{') ? 'json' : text.includes('\n') ? 'text' : 'line');
    const kinds = Object.entries(said).map(([protocol, text]) => [protocol, kind(text)]);
    expect(Object.fromEntries(kinds)).toEqual({
      default: 'text',
      email: 'text',
      sms: 'line',
      http: 'json',
      https: 'json',
      sqs: 'json',
      lambda: 'json',
      'email-json': 'json',
    });
  });

  it('arrive as JSON at a queue that is subscribed', async () => {
    const sent = alert();
    await under.alerts.send(sent, ['alarms']);
    const told = await readInbox((await stage()).inbox.alarms);
    expect(told.map((each) => each.finding)).toContainEqual(
      expect.objectContaining({ code: 'job-silent', target: sent.finding.target }),
    );
  });

  it('are sent again when SNS fails twice', async () => {
    proxy.rule(breaks('Publish', { status: 500, code: 'InternalError' }, (number) => number <= 2));
    expect(await under.alerts.send(alert(), ['alarms'])).toEqual([]);
    expect(proxy.broken()).toBe(2);
  });

  it('list the subscribers of every page, and none twice', async () => {
    const one = (endpoint: string, arn: string) => ({ protocol: 'email', endpoint, arn });
    const arn = 'arn:aws:sns:eu-central-1:1:t:1';
    proxy.rule(subscribers([[one('a', arn)], [one('b', 'PendingConfirmation')], [one('c', 'Deleted')]]));
    const found = await under.alerts.subscriptions('alarms');
    const confirmed = found.map((each) => [each.endpoint, each.confirmed]);
    expect(Object.fromEntries(confirmed)).toEqual({ a: true, b: false, c: false });
    expect(found).toHaveLength(3);
    expect(proxy.seen.map((wire) => form(wire).get('NextToken'))).toEqual([null, 'page-2', 'page-1']);
  });

  it('list a new subscription as soon as SNS does', async () => {
    const direct = new SNSClient({ endpoint: process.env['AWS_ENDPOINT_URL']! });
    const TopicArn = under.topics['alarms']!;
    await direct.send(new SubscribeCommand({ TopicArn, Protocol: 'email', Endpoint: 'new@example.com' }));
    const listed = await direct.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
    const found = await under.alerts.subscriptions('alarms');
    expect(found).toHaveLength(listed.Subscriptions!.length);
    expect(found).toContainEqual(expect.objectContaining({ protocol: 'email', endpoint: 'new@example.com' }));
  });
});
