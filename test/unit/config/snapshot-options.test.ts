import { placeOf } from '../../../lib/domain/plan/policy.ts';
import { seconds } from '../../../lib/domain/time.ts';
import { load, RIGHT, replaced, SNAPPED } from './text.ts';

const targetOf = (text: string) => load(text).targets[0]!;

test('what a file does not say of snapshots is what docs/reference/instances.md says it is', () => {
  const { policy, ...target } = targetOf(RIGHT);
  expect(policy).toMatchObject({
    usual: { snapshot: seconds('15m') },
    snapshot: {
      encryption: 'required',
      labelled: seconds('90d'),
      deadline: seconds('12h'),
      copies: [],
    },
    pitr: { window: seconds('7d') },
    rehearsal: {
      instance: { class: 'db.t4g.medium', deadline: seconds('8h'), atOnce: 1, hoursAMonth: 24 },
    },
    vault: { replica: false },
  });
  expect(policy.rehearsal.instance.pricePerHour).toBeUndefined();
  expect(policy.rehearsal.instance.subnetGroup).toBeUndefined();
  expect(policy.rehearsal.instance.securityGroups).toBeUndefined();
  expect(target).toMatchObject({ engine: 'postgres', heartbeat: false });
  expect(target.platform).toBeUndefined();
});

test('what a file does say is kept, in seconds', () => {
  const { policy, ...target } = targetOf(
    replaced(
      SNAPPED,
      ['    pitr: {', '    usual: { snapshot: 5m }\n    pitr: {'],
      [
        '    snapshot:\n',
        '    rehearsal:\n      instance:\n        { class: db.r7g.large, deadline: 90m, atOnce: 2, hoursAMonth: 1.5, pricePerHour: 0.25, subnetGroup: quiet, securityGroups: [sg-1] }\n    vault: { replica: true }\n    snapshot:\n      encryption: any\n      labelled: 30d\n      deadline: 2h\n',
      ],
    ),
  );
  expect(policy).toMatchObject({
    objectives: { rpo: { dump: seconds('26h'), snapshot: seconds('13h'), pitr: 900 } },
    usual: { dump: 900, verify: 900, snapshot: 300 },
    schedules: {
      snapshot: { cron: '0 0,12 * * *', timezone: 'UTC' },
      'rehearse-snapshot': { cron: '0 3 * * SUN', timezone: 'UTC' },
      'rehearse-moment': { cron: '0 4 1 * *', timezone: 'UTC' },
      preflight: { cron: '0 6 * * *', timezone: 'UTC' },
    },
    snapshot: { encryption: 'any', labelled: seconds('30d'), deadline: 7200 },
    pitr: { window: seconds('14d') },
    rehearsal: {
      point: 'newest',
      instance: {
        class: 'db.r7g.large',
        deadline: 5400,
        atOnce: 2,
        hoursAMonth: 1.5,
        pricePerHour: 0.25,
        subnetGroup: 'quiet',
        securityGroups: ['sg-1'],
      },
    },
    vault: { lock: 'none', replica: true },
  });
  expect(policy.snapshot.copies.map(placeOf)).toEqual(['eu-west-1', 'eu-west-1/444455556666']);
  expect(policy.snapshot.copies[1]).toEqual({
    region: 'eu-west-1',
    account: '444455556666',
    role: 'arn:aws:iam::444455556666:role/r',
    kmsKey: 'alias/vaulted',
  });
  expect(target).toMatchObject({ platform: { kind: 'rds', id: 'crm-db' }, heartbeat: true, priority: 'P0' });
});

test('`ledger` is the old name of `heartbeat`', () => {
  expect(targetOf(SNAPPED.replace('heartbeat: true', 'ledger: true')).heartbeat).toBe(true);
  expect(targetOf(SNAPPED.replace('heartbeat: true', 'ledger: true\n    heartbeat: false')).heartbeat).toBe(
    false,
  );
});

test('what nothing is promised of has no promise', () => {
  expect(targetOf(RIGHT).policy.objectives.rpo).toEqual({ dump: seconds('26h') });
});

test.each([
  ['rds: crm-db', { kind: 'rds', id: 'crm-db' }],
  ['aurora: crm-cluster', { kind: 'aurora', id: 'crm-cluster' }],
])('a target with %s has that behind it', (text, platform) => {
  expect(targetOf(replaced(SNAPPED, ['rds: crm-db', text])).platform).toEqual(platform);
});

describe('a cache', () => {
  const CACHE = `version: 1
policies:
  caches:
    objectives: { rpo: { snapshot: 25h }, rto: 4h }
    schedules: { snapshot: "0 1 * * *", expire: "0 5 * * *" }
    retention: { daily: 7d }
targets:
  crm-cache:
    policy: caches
    elasticache: crm-cache
`;

  test('is none of the databases, needs no connection, and matters less as long as nobody says otherwise', () => {
    const cache = targetOf(CACHE);
    expect(cache).toMatchObject({
      engine: 'cache',
      platform: { kind: 'elasticache', id: 'crm-cache' },
      priority: 'P2',
    });
    expect(cache.connection).toBeUndefined();
    expect(targetOf(`${CACHE}    priority: P0\n`).priority).toBe('P0');
  });
});

test('a target’s own changes reach every option of snapshots, and nothing beside them', () => {
  const { policy } = targetOf(
    `${SNAPPED}    overrides:
      objectives: { rpo: { snapshot: 20h } }
      snapshot: { labelled: 1d, copies: [{ region: us-east-1 }] }
      pitr: { window: 30d }
      rehearsal: { instance: { class: db.r7g.large, hoursAMonth: 4 } }
      vault: { replica: true }
`,
  );
  expect(policy).toMatchObject({
    objectives: { rpo: { dump: seconds('26h'), snapshot: seconds('20h'), pitr: 900 } },
    snapshot: { encryption: 'required', labelled: 86_400, deadline: seconds('12h') },
    pitr: { window: seconds('30d') },
    rehearsal: {
      atMostEvery: seconds('8d'),
      instance: { class: 'db.r7g.large', deadline: seconds('8h'), atOnce: 1, hoursAMonth: 4 },
    },
    vault: { lock: 'none', replica: true },
  });
  expect(policy.snapshot.copies).toEqual([{ region: 'us-east-1' }]);
  expect(load(SNAPPED).policies[0]!.snapshot.copies).toHaveLength(2);
});

test('a plan with snapshots survives being compiled into the deployment', () => {
  const plan = load(SNAPPED);
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
});
