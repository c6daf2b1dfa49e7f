import { meaningOf, parseNotice } from '../../../../../lib/adapters/aws/events/parse-notice.ts';
import { EVENTS_KNOWN } from '../../../../../lib/adapters/aws/events/rds-events.ts';
import { FINDINGS } from '../../../../../lib/domain/findings/finding.ts';
import {
  type AlarmNotice,
  effectOf,
  eventOf,
  type RdsNotice,
  waitsFor,
} from '../../../../../lib/domain/runs/notice.ts';
import { randomFrom } from '../../../domain/points/random.ts';

const ARRIVED = '2026-11-20T12:00:00Z';
const LINK = 'http://docs.amazonwebservices.com/AmazonRDS/latest/UserGuide/USER_Events.html#';
const RDS = {
  'Event Source': 'db-instance',
  'Event Time': '2026-11-20 01:02:03.456',
  'Identifier Link': 'https://console.aws.amazon.com/rds/home?region=eu-central-1#dbinstance:id=crm-prod',
  'Source ID': 'crm-prod',
  'Source ARN': 'arn:aws:rds:eu-central-1:111122223333:db:crm-prod',
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
  it('is understood: what happened to what, and when', () => {
    expect(rds()).toMatchObject({
      from: 'rds',
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      at: '2026-11-20T01:02:03Z',
      source: 'db-instance',
      code: 'RDS-EVENT-0002',
      subject: 'crm-prod',
      arn: 'arn:aws:rds:eu-central-1:111122223333:db:crm-prod',
      message: 'Finished DB Instance backup',
      tags: { team: 'crm' },
    });
  });

  it.each([
    ['an old link', `${LINK}RDS-EVENT-0041`],
    [
      'a new link',
      'https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html#RDS-EVENT-0041',
    ],
    ['a bare code', 'RDS-EVENT-0041'],
  ])('has its code from %s', (_form, id) => {
    expect(rds({ 'Event ID': id }).code).toBe('RDS-EVENT-0041');
  });

  it.each([
    ['2026-11-20 01:02:03.456', '2026-11-20T01:02:03Z'],
    ['2026-11-20 01:02:03', '2026-11-20T01:02:03Z'],
    ['2026-11-20T01:02:03.456Z', '2026-11-20T01:02:03Z'],
    ['2026-11-20T02:02:03+01:00', '2026-11-20T01:02:03Z'],
    ['Fri Nov 20 01:02:03 UTC 2026', '2026-11-20T01:02:03Z'],
    ['yesterday', ARRIVED],
    ['', ARRIVED],
    [undefined, ARRIVED],
    ['0001-01-01 00:00:00', ARRIVED],
    ['2099-01-01 00:00:00', ARRIVED],
    ['+012026-11-20T01:02:03Z', ARRIVED],
  ])('of time %s happened at %s', (time, at) => {
    expect(rds({ 'Event Time': time }).at).toBe(at);
  });

  it.each([
    ['its ARN', { 'Source ID': undefined }, 'crm-prod'],
    [
      'an ARN that holds colons',
      {
        'Source ID': undefined,
        'Source ARN': 'arn:aws:rds:eu-central-1:111122223333:snapshot:rds:crm-prod-2026-11-20-01-02',
      },
      'rds:crm-prod-2026-11-20-01-02',
    ],
    ['the link to the console', { 'Source ID': undefined, 'Source ARN': undefined }, 'crm-prod'],
    ['nothing', { 'Source ID': 7, 'Source ARN': null, 'Identifier Link': {} }, 'db-instance'],
  ])('without a source id is about what %s says', (_from, changes, subject) => {
    expect(rds(changes).subject).toBe(subject);
  });

  it('without a source type has the one of its ARN', () => {
    const arn = 'arn:aws:rds:eu-central-1:111122223333:cluster-snapshot:x';
    expect(rds({ 'Event Source': undefined, 'Source ARN': arn }).source).toBe('db-cluster-snapshot');
  });

  it('has one id however often it comes, and another when anything of it differs', () => {
    expect(rds().id).toBe((parse(RDS, '2026-11-20T13:00:00Z') as RdsNotice).id);
    const others = [
      { 'Source ID': 'shop' },
      { 'Event ID': 'RDS-EVENT-0001' },
      { 'Event Time': '2026-11-20 01:02:03.457' },
      { 'Event Message': 'other' },
    ].map((changes) => rds(changes).id);
    expect(new Set([rds().id, ...others]).size).toBe(5);
  });

  it('keeps no more than 1,000 characters of what it says, on one line, and no half of a character', () => {
    const { message } = rds({ 'Event Message': `a\u0000b\nc${'😀'.repeat(600)}` });
    expect(message.length).toBeLessThanOrEqual(1000);
    expect(message).toMatch(/^a b c😀/u);
    expect(message.isWellFormed()).toBe(true);
  });
});

describe('a message of a CloudWatch alarm', () => {
  it('is understood: which alarm, in which state, and about what', () => {
    expect(alarm()).toMatchObject({
      from: 'alarm',
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      at: '2026-11-20T01:02:03Z',
      subject: 'crm connections',
      state: 'ALARM',
      message: ALARM.NewStateReason,
      about: [{ dimension: 'DBInstanceIdentifier', id: 'crm-prod' }],
    });
  });

  it('of an expression is about what each of its metrics is about', () => {
    const metric = (name: string, value: string) => ({
      MetricStat: { Metric: { Namespace: 'AWS/RDS', Dimensions: [{ name, value }] } },
    });
    const Metrics = [
      { Expression: 'm1/m2' },
      metric('DBInstanceIdentifier', 'crm-prod'),
      metric('DBInstanceIdentifier', 'crm-prod'),
      metric('DBClusterIdentifier', 'shop'),
      metric('InstanceId', 'i-1'),
    ];
    expect(alarm({ Trigger: { Metrics } }).about.map(({ id }) => id)).toEqual(['crm-prod', 'shop']);
  });

  it.each([
    ['a composite alarm', { Trigger: undefined, AlarmRule: 'ALARM(a)' }],
    [
      'a trigger that is none',
      { Trigger: { Dimensions: 'crm-prod', Metrics: [null, 1, { MetricStat: [] }] } },
    ],
  ])('of %s is about nothing in particular', (_what, changes) => {
    expect(alarm(changes).about).toEqual([]);
  });

  it('in a state that CloudWatch does not have is not understood', () => {
    expect(parse({ ...ALARM, NewStateValue: 'PANIC' }).from).toBe('unknown');
  });
});

describe('what nobody promised', () => {
  it.each([
    ['no JSON', 'hello'],
    ['nothing', ''],
    ['a list', '[1,2]'],
    ['null', 'null'],
    ['a number', '7'],
    ['another service’s JSON', '{"ElastiCache:SnapshotComplete":"sessions-001"}'],
    ['an alarm without a name', '{"NewStateValue":"ALARM"}'],
  ])('is unknown and kept: %s', (_what, text) => {
    expect(parse(text)).toMatchObject({ from: 'unknown', at: ARRIVED, message: text });
  });

  it('keeps 1,000 characters and no more', () => {
    expect(parse('x'.repeat(5000)).message).toBe('x'.repeat(1000));
  });

  it('never makes it throw, and always gives a moment, a subject and an id that a table takes', () => {
    const random = randomFrom(20261120);
    const KEYS = [
      ...Object.keys(RDS),
      ...Object.keys(ALARM),
      'Metrics',
      'Dimensions',
      'name',
      'value',
      '__proto__',
    ];
    const TEXTS = [
      '',
      'crm',
      '\ud800',
      '\u0000',
      `${LINK}RDS-EVENT-0041`,
      'ALARM',
      'OK',
      '2026-13-45',
      'é'.repeat(999),
      'backup failed',
    ];
    const value = (depth: number): unknown => {
      const kind = random.below(depth > 3 ? 5 : 7);
      if (kind === 5) return Array.from({ length: random.below(4) }, () => value(depth + 1));
      if (kind === 6) return object(depth + 1);
      return [null, random.below(1e9), random.chance(0.5), random.pick(TEXTS), random.pick(TEXTS)][kind];
    };
    const object = (depth: number) =>
      Object.fromEntries(Array.from({ length: random.below(12) }, () => [random.pick(KEYS), value(depth)]));
    const seen = new Set<string>();
    for (let turn = 0; turn < 5000; turn++) {
      const whole = JSON.stringify(
        random.chance(0.8) ? { ...(random.chance(0.5) ? RDS : ALARM), ...object(0) } : value(0),
      );
      const text = random.chance(0.2) ? whole.slice(0, random.below(whole.length + 1)) : whole;
      const notice = parse(text);
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
});

describe('the codes of RDS', () => {
  /** Every code and what it does: finding, what it resolves, whose wait it ends. Checked against AWS' pages by hand. */
  const RAISED: Record<string, string[]> = {
    'backups-disabled': ['0028'],
    'snapshot-deleted': ['0041'],
    'instance-deleted': ['0003', '0171'],
    'storage-full': ['0007', '0221'],
    'storage-low': ['0089', '0222', '0223', '0224', '0227', '0254', '0330', '0331'],
    'restore-key-unusable': ['0418', '0419'],
    'platform-backup-failed': ['0061', '0190'],
    'source-failed': [
      '0022',
      '0031',
      '0035',
      '0036',
      '0069',
      '0187',
      '0239',
      '0278',
      '0315',
      '0353',
      '0354',
      '0355',
    ],
    failover: ['0013', '0015', '0049', '0050', '0051', '0071', '0072', '0073', '0181', '0185', '0238'],
  };
  const RESOLVED: Record<string, string[]> = {
    'backups-disabled': ['0032'],
    'storage-full': ['0017', '0218'],
    'storage-low': ['0017', '0218'],
    'restore-key-unusable': ['0420'],
    'platform-backup-failed': ['0002', '0060', '0091', '0169', '0197'],
    'source-failed': ['0006', '0021', '0065', '0088', '0151'],
  };
  const COMPLETED: Record<string, string[]> = {
    snapshot: ['0041', '0042', '0075', '0091', '0169'],
    copy: ['0060', '0061', '0190', '0197'],
  };
  const codesBy = (pick: (code: string) => readonly string[]) => {
    const found: Record<string, string[]> = {};
    for (const code of Object.keys(EVENTS_KNOWN).sort())
      for (const what of pick(code)) found[what] = [...(found[what] ?? []), code.slice('RDS-EVENT-'.length)];
    return found;
  };

  it('raise what is listed and nothing else', () => {
    expect(codesBy((code) => [EVENTS_KNOWN[code]!.finding ?? []].flat())).toEqual(RAISED);
  });
  it('resolve what is listed and nothing else', () => {
    expect(codesBy((code) => EVENTS_KNOWN[code]!.resolves ?? [])).toEqual(RESOLVED);
  });
  it('end the waits that are listed', () => {
    const found = codesBy((code) => [EVENTS_KNOWN[code]!.completes ?? []].flat());
    expect(found).toMatchObject(COMPLETED);
    expect(found['source']).toEqual(
      expect.arrayContaining(['0003', '0005', '0006', '0019', '0043', '0088', '0170', '0278']),
    );
  });
  it('raise findings that exist, and those that are tampering wake somebody', () => {
    for (const code of Object.keys(RAISED)) expect(Object.keys(FINDINGS)).toContain(code);
    for (const code of ['backups-disabled', 'snapshot-deleted', 'instance-deleted'] as const)
      expect(FINDINGS[code].severity).toBe('P0');
  });

  it.each(Object.entries(EVENTS_KNOWN))(
    '%s says in words what it is, and is as good or bad as what it does',
    (code, known) => {
      expect(code).toMatch(/^RDS-EVENT-\d{4}$/);
      expect(known.means).toMatch(/^\S.*[^.]$/);
      if (known.finding && known.failover !== 'ends') expect(known.is).toBe('bad');
      if (known.resolves) expect(known.is).toBe('good');
      if (known.failover) expect(known.finding).toBe('failover');
    },
  );

  it.each([
    ['RDS-EVENT-9999', 'Unable to create automated backup of DB instance', 'platform-backup-failed'],
    ['RDS-EVENT-9999', 'The snapshot could not be taken', 'platform-backup-failed'],
    ['RDS-EVENT-9999', 'The database is very happy', undefined],
    ['RDS-EVENT-9999', 'A backup cannot be completed at this time', 'platform-backup-failed'],
    ['RDS-EVENT-9999', 'Backup cannot proceed because the disk is full', 'platform-backup-failed'],
    ['RDS-EVENT-9999', 'Your backup window was missed; RDS was unable to start it', 'platform-backup-failed'],
    ['RDS-EVENT-9999', 'Finished DB instance backup', undefined],
    ['RDS-EVENT-9999', 'Finished DB Instance backup without error', undefined],
    ['RDS-EVENT-9999', 'Backup finished; no failures', undefined],
    ['RDS-EVENT-9999', 'Automated backup retention cannot be changed while a backup runs', undefined],
    ['RDS-EVENT-9999', 'The upgrade failed. Restore from a snapshot.', undefined],
    ['RDS-EVENT-0159', 'The snapshot export task failed.', undefined],
  ])(
    '%s saying "%s" raises %s: a new code is believed when its words say that a backup failed',
    (code, message, finding) => {
      expect(meaningOf(code, message)?.finding).toBe(finding);
    },
  );
});

describe('who waits', () => {
  it.each([
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
  ])('for a %s is woken by %s under %j', (source, code, subjects) => {
    const notice = rds({
      'Event Source': source,
      'Event ID': `RDS-EVENT-${code}`,
      'Source ID': 'x',
      'Event Message': 'm',
    });
    expect(waitsFor(notice)).toEqual(subjects);
  });
  it('is nobody, for an alarm', () => expect(waitsFor(alarm())).toEqual([]));
});
