import { meaningOf, parseNotice } from '../../../../../lib/adapters/aws/events/parse-notice.ts';
import { EVENTS_KNOWN } from '../../../../../lib/adapters/aws/events/rds-events.ts';
import { FINDINGS } from '../../../../../lib/domain/findings/finding.ts';
import {
  type AlarmNotice,
  effectOf,
  eventOf,
  type RdsNotice,
  waitsFor,
} from '../../../../../lib/domain/runs/notice-event.ts';
import { randomFrom } from '../../../domain/points/random.ts';

const ARRIVED = '2026-11-20T12:00:00Z';
const HAPPENED = '2026-11-20T01:02:03Z';
const LINK = 'http://docs.amazonwebservices.com/AmazonRDS/latest/UserGuide/USER_Events.html#';
const NEW_LINK = 'https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html#';
const ARN = 'arn:aws:rds:eu-central-1:111122223333:';
const RDS = {
  'Event Source': 'db-instance',
  'Event Time': '2026-11-20 01:02:03.456',
  'Identifier Link': 'https://console.aws.amazon.com/rds/home?region=eu-central-1#dbinstance:id=crm-prod',
  'Source ID': 'crm-prod',
  'Source ARN': `${ARN}db:crm-prod`,
  'Event ID': `${LINK}RDS-EVENT-0002`,
  'Event Message': 'Finished DB Instance backup',
  Tags: { team: 'crm', odd: 7 },
};
const ALARM = {
  AlarmName: 'crm connections',
  AlarmDescription: 'too many',
  AWSAccountId: '111122223333',
  NewStateValue: 'ALARM',
  NewStateReason: 'Threshold Crossed: 3 datapoints were greater than the threshold (400.0).',
  StateChangeTime: '2026-11-20T01:02:03.456+0000',
  Region: 'EU (Frankfurt)',
  OldStateValue: 'OK',
  Trigger: {
    MetricName: 'DatabaseConnections',
    Namespace: 'AWS/RDS',
    Dimensions: [{ value: 'crm-prod', name: 'DBInstanceIdentifier' }],
    Period: 300,
  },
};
const parse = (body: unknown, at = ARRIVED) =>
  parseNotice(typeof body === 'string' ? body : JSON.stringify(body), at);
const rds = (changes: Record<string, unknown> = {}) => parse({ ...RDS, ...changes }) as RdsNotice;
const alarm = (changes: Record<string, unknown> = {}) => parse({ ...ALARM, ...changes }) as AlarmNotice;

describe('a message of an RDS event subscription', () => {
  it('says what happened to which instance, and when', () => {
    expect(rds()).toMatchObject({
      from: 'rds',
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      at: HAPPENED,
      source: 'db-instance',
      code: 'RDS-EVENT-0002',
      subject: 'crm-prod',
      arn: RDS['Source ARN'],
      message: 'Finished DB Instance backup',
      tags: { team: 'crm' },
    });
  });

  it.each([LINK, NEW_LINK, ''])('has its code from the link %s', (link) => {
    expect(rds({ 'Event ID': `${link}RDS-EVENT-0041` }).code).toBe('RDS-EVENT-0041');
  });

  it.each([
    ['2026-11-20 01:02:03.456', HAPPENED],
    ['2026-11-20 01:02:03', HAPPENED],
    ['2026-11-20T01:02:03.456Z', HAPPENED],
    ['2026-11-20T02:02:03+01:00', HAPPENED],
    ['Fri Nov 20 01:02:03 UTC 2026', HAPPENED],
    ['yesterday', ARRIVED],
    ['', ARRIVED],
    [undefined, ARRIVED],
    ['0001-01-01 00:00:00', ARRIVED],
    ['2099-01-01 00:00:00', ARRIVED],
    ['+012026-11-20T01:02:03Z', ARRIVED],
  ])('with the time %s, arriving at noon, happened at %s', (time, at) => {
    expect(rds({ 'Event Time': time }).at).toBe(at);
  });

  const NO_ID = { 'Source ID': undefined };
  const LONG_ARN = `${ARN}snapshot:rds:crm-prod-2026-11-20-01-02`;
  it.each([
    ['its ARN', NO_ID, 'crm-prod'],
    ['an ARN that holds colons', { ...NO_ID, 'Source ARN': LONG_ARN }, 'rds:crm-prod-2026-11-20-01-02'],
    ['the link to the console', { ...NO_ID, 'Source ARN': undefined }, 'crm-prod'],
    ['its source type', { 'Source ID': 7, 'Source ARN': null, 'Identifier Link': {} }, 'db-instance'],
  ])('without a source id has its subject from %s', (_from, changes, subject) => {
    expect(rds(changes).subject).toBe(subject);
  });

  it('without a source type has it from its ARN', () => {
    const changes = { 'Event Source': undefined, 'Source ARN': `${ARN}cluster-snapshot:x` };
    expect(rds(changes).source).toBe('db-cluster-snapshot');
  });

  it('has the same id on every delivery, and another id when its source, code, time or text differs', () => {
    expect(rds().id).toBe(parse(RDS, '2026-11-20T13:00:00Z').id);
    const others = [
      { 'Source ID': 'shop' },
      { 'Event ID': 'RDS-EVENT-0001' },
      { 'Event Time': '2026-11-20 01:02:03.457' },
      { 'Event Message': 'other' },
    ].map((changes) => rds(changes).id);
    expect(new Set([rds().id, ...others]).size).toBe(5);
  });

  it('is kept on one line, without half of a character at its end', () => {
    const { message } = rds({ 'Event Message': `a\u0000b\nc${'😀'.repeat(600)}` });
    expect(message.length).toBeLessThanOrEqual(1000);
    expect(message).toMatch(/^a b c😀/u);
    expect(message.isWellFormed()).toBe(true);
  });
});

describe('a message of a CloudWatch alarm', () => {
  it('says which alarm is in which state, and about which instance', () => {
    expect(alarm()).toMatchObject({
      from: 'alarm',
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      at: HAPPENED,
      subject: 'crm connections',
      state: 'ALARM',
      message: ALARM.NewStateReason,
      about: [{ dimension: 'DBInstanceIdentifier', id: 'crm-prod' }],
    });
  });

  it('whose metric is an expression is about each instance and cluster in it', () => {
    const metric = (name: string, value: string) => ({
      MetricStat: { Metric: { Namespace: 'AWS/RDS', Dimensions: [{ name, value }] } },
    });
    const instance = metric('DBInstanceIdentifier', 'crm-prod');
    const others = [metric('DBClusterIdentifier', 'shop'), metric('InstanceId', 'i-1')];
    const { about } = alarm({
      Trigger: { Metrics: [{ Expression: 'm1/m2' }, instance, instance, ...others] },
    });
    expect(about.map(({ id }) => id)).toEqual(['crm-prod', 'shop']);
  });

  const ODD_TRIGGER = { Dimensions: 'crm-prod', Metrics: [null, 1, { MetricStat: [] }] };
  it.each([
    ['that is composite', { Trigger: undefined, AlarmRule: 'ALARM(a)' }],
    ['whose trigger has another form', { Trigger: ODD_TRIGGER }],
  ])('%s is about no instance', (_what, changes) => expect(alarm(changes).about).toEqual([]));

  it('in a state that CloudWatch does not have is unknown', () => {
    expect(alarm({ NewStateValue: 'PANIC' }).from).toBe('unknown');
  });
});

test.each([
  ['no JSON', 'hello'],
  ['nothing', ''],
  ['a list', '[1,2]'],
  ['null', 'null'],
  ['a number', '7'],
  ['another service’s JSON', '{"ElastiCache:SnapshotComplete":"sessions-001"}'],
  ['an alarm without a name', '{"NewStateValue":"ALARM"}'],
])('a message that is %s is kept as unknown', (_what, text) => {
  expect(parse(text)).toMatchObject({ from: 'unknown', at: ARRIVED, message: text });
});

test('the first 1,000 characters of an unknown message are kept', () => {
  expect(parse('x'.repeat(5000)).message).toBe('x'.repeat(1000));
});

test('five thousand random messages each become a notice with a moment, a subject and an id', () => {
  const { below, chance, pick } = randomFrom(20261120);
  const KEYS = [...Object.keys({ ...RDS, ...ALARM }), 'Metrics', 'Dimensions', 'name', 'value', '__proto__'];
  const CODE = `${LINK}RDS-EVENT-0041`;
  const TEXTS = [
    '',
    'crm',
    '\ud800',
    '\u0000',
    CODE,
    'ALARM',
    'OK',
    '2026-13-45',
    'é'.repeat(999),
    'backup failed',
  ];
  const value = (depth: number): unknown => {
    const kind = below(depth > 3 ? 5 : 7);
    if (kind === 5) return Array.from({ length: below(4) }, () => value(depth + 1));
    if (kind === 6) return object(depth + 1);
    return [null, below(1e9), chance(0.5), pick(TEXTS), pick(TEXTS)][kind];
  };
  const object = (depth: number) =>
    Object.fromEntries(Array.from({ length: below(12) }, () => [pick(KEYS), value(depth)]));
  const seen = new Set<string>();
  for (let turn = 0; turn < 5000; turn++) {
    const body = chance(0.8) ? { ...(chance(0.5) ? RDS : ALARM), ...object(0) } : value(0);
    const whole = JSON.stringify(body);
    const notice = parse(chance(0.2) ? whole.slice(0, below(whole.length + 1)) : whole);
    seen.add(notice.from);
    expect(notice.at).toMatch(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(notice.subject).toMatch(/^.{1,200}$/u);
    expect(notice.id).toMatch(/^[0-9a-f]{32}$/);
    expect(notice.message.length).toBeLessThanOrEqual(1000);
    expect([notice.subject, notice.message].every((each) => each.isWellFormed())).toBe(true);
    effectOf(eventOf(notice, 'crm'));
    waitsFor(notice);
  }
  expect([...seen].sort()).toEqual(['alarm', 'rds', 'unknown']);
});

describe('the event codes of RDS', () => {
  /** Every code and what it does, checked against AWS' pages by hand. */
  const RAISED = {
    'backups-disabled': '0028',
    'snapshot-deleted': '0041',
    'instance-deleted': '0003 0171',
    'storage-full': '0007 0221',
    'storage-low': '0089 0222 0223 0224 0227 0254 0330 0331',
    'restore-key-unusable': '0418 0419',
    'platform-backup-failed': '0061 0190',
    'source-failed': '0022 0031 0035 0036 0069 0187 0239 0278 0315 0353 0354 0355',
    failover: '0013 0015 0049 0050 0051 0071 0072 0073 0181 0185 0238',
  };
  const RESOLVED = {
    'backups-disabled': '0032',
    'storage-full': '0017 0218',
    'storage-low': '0017 0218',
    'restore-key-unusable': '0420',
    'platform-backup-failed': '0002 0060 0091 0169 0197',
    'source-failed': '0006 0021 0065 0088 0151',
  };
  const COMPLETED = {
    snapshot: '0041 0042 0075 0091 0169',
    copy: '0060 0061 0190 0197',
    source: expect.stringMatching(/0003.*0005.*0006.*0019.*0043.*0088.*0170.*0278/),
  };
  const codesBy = (
    pick: (known: (typeof EVENTS_KNOWN)[string]) => string | readonly string[] | undefined,
  ) => {
    const found: Record<string, string> = {};
    for (const [code, known] of Object.entries(EVENTS_KNOWN).sort())
      for (const what of [pick(known) ?? []].flat())
        found[what] = `${found[what] ?? ''} ${code.slice('RDS-EVENT-'.length)}`.trim();
    return found;
  };

  it('raise the findings that are listed and no others', () => {
    expect(codesBy(({ finding }) => finding)).toEqual(RAISED);
  });
  it('resolve the findings that are listed and no others', () => {
    expect(codesBy(({ resolves }) => resolves)).toEqual(RESOLVED);
  });
  it('end the waits that are listed', () => {
    expect(codesBy(({ completes }) => completes)).toMatchObject(COMPLETED);
  });
  it('raise findings that exist, and P0 where a backup was switched off or deleted', () => {
    for (const code of Object.keys(RAISED)) expect(Object.keys(FINDINGS)).toContain(code);
    for (const code of ['backups-disabled', 'snapshot-deleted', 'instance-deleted'] as const)
      expect(FINDINGS[code].severity).toBe('P0');
  });

  it.each(Object.entries(EVENTS_KNOWN))(
    'include %s, with its meaning in words, good or bad as what it does',
    (code, known) => {
      expect(code).toMatch(/^RDS-EVENT-\d{4}$/);
      expect(known.means).toMatch(/^\S.*[^.]$/);
      if (known.finding && known.failover !== 'ends') expect(known.is).toBe('bad');
      if (known.resolves) expect(known.is).toBe('good');
      if (known.failover) expect(known.finding).toBe('failover');
    },
  );
});

test.each([
  ['RDS-EVENT-9999', 'Unable to create automated backup of DB instance', true],
  ['RDS-EVENT-9999', 'The snapshot could not be taken', true],
  ['RDS-EVENT-9999', 'A backup cannot be completed at this time', true],
  ['RDS-EVENT-9999', 'Backup cannot proceed because the disk is full', true],
  ['RDS-EVENT-9999', 'Your backup window was missed; RDS was unable to start it', true],
  ['RDS-EVENT-9999', 'The database is very happy', false],
  ['RDS-EVENT-9999', 'Finished DB instance backup', false],
  ['RDS-EVENT-9999', 'Finished DB Instance backup without error', false],
  ['RDS-EVENT-9999', 'Backup finished; no failures', false],
  ['RDS-EVENT-9999', 'Automated backup retention cannot be changed while a backup runs', false],
  ['RDS-EVENT-9999', 'The upgrade failed. Restore from a snapshot.', false],
  ['RDS-EVENT-0159', 'The snapshot export task failed.', false],
])('an event %s that says "%s" raises platform-backup-failed: %s', (code, message, raises) => {
  expect(meaningOf(code, message)?.finding).toBe(raises ? 'platform-backup-failed' : undefined);
});

test.each([
  ['db-instance', '0043', ['instance:x']],
  ['db-instance', '0003', ['instance:x']],
  ['db-cluster', '0170', ['cluster:x', 'instance:x']],
  ['db-snapshot', '0042', ['snapshot:x']],
  ['db-snapshot', '0041', ['snapshot:x']],
  ['db-cluster-snapshot', '0075', ['snapshot:x']],
  ['db-snapshot', '0060', ['copy:x', 'snapshot:x']],
  ['db-snapshot', '0061', ['copy:x', 'snapshot:x']],
  ['db-snapshot', '0043', []],
  ['db-instance', '0001', []],
  ['db-instance', '9999', []],
])('an event about a %s with the code %s wakes who waits for %j', (source, code, subjects) => {
  const changes = {
    'Event Source': source,
    'Event ID': `RDS-EVENT-${code}`,
    'Source ID': 'x',
    'Event Message': '',
  };
  expect(waitsFor(rds(changes))).toEqual(subjects);
});

test('an alarm wakes no wait', () => expect(waitsFor(alarm())).toEqual([]));
