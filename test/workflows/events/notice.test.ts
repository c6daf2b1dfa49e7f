import { parseNotice } from '../../../lib/adapters/aws/events/parse-notice.ts';
import { closeFinding } from '../../../lib/alerting/finding-records.ts';
import type { FindingCode } from '../../../lib/domain/findings/finding.ts';
import { snapshotName } from '../../../lib/domain/names.ts';
import type { Target } from '../../../lib/domain/plan/policy.ts';
import type { PointState } from '../../../lib/domain/points/recovery-point.ts';
import { notice } from '../../../lib/workflows/events/notice.ts';
import { snapshotPoint, target } from '../../support/builders.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { memoryDeps } from '../../support/doubles/deps.ts';
import { faulty } from '../../support/doubles/faults.ts';
import { openIn } from '../../support/records.ts';
import { scratchRecord } from '../../support/scratches.ts';
import { randomFrom } from '../../unit/domain/points/random.ts';

const START = '2026-11-20T12:00:00Z';
const CRM = target({ platform: { kind: 'rds', id: 'crm-db' } });
const MOMENT = '2026-11-20T01:00:00Z';
const OURS = snapshotName('test', 'crm', MOMENT);
const AUTOMATED = 'rds:crm-db-2026-11-20-02-05';
const SCRATCH = 'understudy-scratch-crm-0123456789';
const LOST = new Error('the catalog does not answer');

function world(...targets: Target[]) {
  const base = memoryDeps(manualClock(START));
  const catalog = faulty(base.catalog);
  const woken: string[] = [];
  const wakes = faulty({ wake: async (token: string) => void woken.push(token) });
  const deps = {
    ...base,
    catalog: catalog.port,
    wakes: wakes.port,
    parseNotice,
    plan: { schemaVersion: 1 as const, policies: [], targets: targets.length > 0 ? targets : [CRM] },
  };
  return {
    ...base,
    deps,
    catalog,
    wakes,
    woken,
    told: base.alerts.told,
    hear: (body: unknown, receivedAt = START) =>
      notice({ text: typeof body === 'string' ? body : JSON.stringify(body), receivedAt }, deps),
    /** The notices on the timeline, newest first: not the alerts. */
    timeline: async (of = 'crm') =>
      (await deps.catalog.timeline(of, 50))
        .filter(({ from }) => from !== 'alert')
        .map(({ code, subject }) => `${code ?? '-'} ${subject}`),
    open: () => openIn(deps.catalog),
    awaits: (subject: string, token = 'token') => deps.catalog.awaitNotice(subject, token, deps.clock.now()),
  };
}

let minute = 0;
const rds = (code: string, changes: Record<string, unknown> = {}) => ({
  'Event Source': 'db-instance',
  'Event Time': `2026-11-20 10:${String(minute++ % 60).padStart(2, '0')}:00.000`,
  'Source ID': 'crm-db',
  'Event ID': `RDS-EVENT-${code}`,
  'Event Message': 'what RDS says',
  ...changes,
});
const snapshotEvent = (code: string, id = OURS, changes: Record<string, unknown> = {}) =>
  rds(code, { 'Event Source': 'db-snapshot', 'Source ID': id, ...changes });
const alarm = (state: string, changes: Record<string, unknown> = {}) => ({
  AlarmName: 'crm connections',
  NewStateValue: state,
  NewStateReason: 'Threshold Crossed',
  StateChangeTime: `2026-11-20T11:${String(minute++ % 60).padStart(2, '0')}:00.000+0000`,
  Trigger: { Namespace: 'AWS/RDS', Dimensions: [{ name: 'DBInstanceIdentifier', value: 'crm-db' }] },
  ...changes,
});

beforeEach(() => {
  minute = 0;
});

describe('a notice', () => {
  it('that is neither good nor bad goes on the timeline without an alert', async () => {
    const { hear, told, deps } = world();
    expect(await hear(rds('0001'))).toMatchObject({ targets: ['crm'], raised: [], knownBefore: false });
    expect(told()).toEqual([]);
    expect(await deps.catalog.timeline('crm', 9)).toEqual([
      {
        target: 'crm',
        at: '2026-11-20T10:00:00Z',
        id: expect.any(String),
        from: 'rds',
        code: 'RDS-EVENT-0001',
        subject: 'crm-db',
        message: 'what RDS says',
        meaning: { means: 'an automated backup began', is: 'neither' },
      },
    ]);
  });

  it('makes one entry and one alert when it is delivered again, even after its finding was resolved', async () => {
    const { hear, told, timeline, deps } = world();
    const off = rds('0028');
    await hear(off);
    expect(told()).toEqual(['opened P0 backups-disabled crm crm-db']);
    expect(await hear(off, '2026-11-20T12:05:00Z')).toMatchObject({ knownBefore: true, raised: [] });
    await closeFinding(deps.catalog, { target: 'crm', code: 'backups-disabled', subject: 'crm-db' });
    await hear(off);
    expect(told()).toEqual([]);
    expect(await timeline()).toEqual(['RDS-EVENT-0028 crm-db']);
  });

  it('makes one entry and one alert when its first delivery died before the entry', async () => {
    const { hear, told, timeline, catalog } = world();
    const off = rds('0028');
    // The alert’s own entry is lost without a word, the event’s is not.
    catalog.fail('addEvent', LOST, { times: 2 });
    await expect(hear(off)).rejects.toBe(LOST);
    await hear(off);
    expect(told()).toEqual(['opened P0 backups-disabled crm crm-db']);
    expect(await timeline()).toEqual(['RDS-EVENT-0028 crm-db']);
  });

  it.each(['timeline', 'addEvent'] as const)(
    'fails when the catalog fails in %s, so that it is delivered again',
    async (method) => {
      const { hear, catalog } = world();
      catalog.fail(method, LOST);
      await expect(hear(rds('0001'))).rejects.toBe(LOST);
      await expect(hear('nonsense')).rejects.toBe(LOST);
    },
  );

  it('about an instance of no target goes on the deployment’s timeline without an alert', async () => {
    const { hear, told, timeline } = world();
    await hear(rds('0003', { 'Source ID': 'another' }));
    expect(told()).toEqual([]);
    expect(await timeline('understudy')).toEqual(['RDS-EVENT-0003 another']);
  });

  it('about an instance of two targets goes on both timelines', async () => {
    const { hear, told, timeline } = world(CRM, { ...CRM, id: 'shop' });
    await hear(rds('0028'));
    expect(told()).toEqual(['crm', 'shop'].map((id) => `opened P0 backups-disabled ${id} crm-db`));
    for (const id of ['crm', 'shop']) expect(await timeline(id)).toEqual(['RDS-EVENT-0028 crm-db']);
  });

  it('that cannot be parsed is kept, cut short, and alerts once as a P3', async () => {
    const { hear, told, deps } = world();
    await hear(`hello ${'x'.repeat(3000)}`);
    await hear('other', '2026-11-20T12:01:00Z');
    expect(told()).toEqual(['opened P3 notice-unknown understudy topic events']);
    const kept = (await deps.catalog.timeline('understudy', 9)).filter(({ from }) => from !== 'alert');
    expect(kept.map(({ message }) => message)).toEqual(['other', `hello ${'x'.repeat(994)}`]);
    expect(JSON.stringify(deps.log.lines)).not.toContain('x'.repeat(1000));
  });

  it('never fails, whatever it contains', async () => {
    const { hear } = world();
    const random = randomFrom(7);
    const values = [null, 7, '', 'crm-db', OURS, SCRATCH, 'ALARM', 'rds:', [], {}, '\ud800'];
    values.push('RDS-EVENT-0041', 'RDS-EVENT-0013');
    for (let turn = 0; turn < 300; turn++) {
      const body: Record<string, unknown> = random.chance(0.5) ? rds('0041') : alarm('ALARM');
      for (const key of Object.keys(body)) if (random.chance(0.4)) body[key] = random.pick(values);
      await hear(
        random.chance(0.1) ? random.pick(['', '{', 'null', '[]']) : body,
        random.chance(0.1) ? 'never' : START,
      );
    }
  });
});

describe('a notice of something good', () => {
  it.each<[FindingCode, string, string]>([
    ['backups-disabled', '0028', '0032'],
    ['storage-full', '0221', '0218'],
    ['storage-low', '0089', '0017'],
    ['restore-key-unusable', '0418', '0420'],
    ['source-failed', '0031', '0021'],
  ])('resolves %s, which RDS event %s opened, by RDS event %s', async (code, bad, good) => {
    const { hear, told, open } = world();
    await hear(rds(bad));
    expect(await open()).toEqual([`${code} crm-db`]);
    await hear(rds(good));
    expect(told()).toEqual([expect.stringContaining(`opened`), expect.stringContaining(`resolved`)]);
    expect(await open()).toEqual([]);
  });

  it.each([
    ['the instance', rds('0002')],
    ['the automated snapshot', snapshotEvent('0091', AUTOMATED)],
  ])('resolves a failed backup by a backup that is done, reported by %s', async (_source, done) => {
    const { hear, open } = world();
    await hear(rds('9999', { 'Event Message': 'The automated backup failed' }));
    expect(await open()).toEqual(['platform-backup-failed crm-db']);
    await hear({ ...done, 'Event Time': '2026-11-20 10:30:00.000' });
    expect(await open()).toEqual([]);
  });

  it('resolves nothing when it comes late, and a bad one that comes late opens nothing', async () => {
    const { hear, open, told } = world();
    const [on, off, onAgain] = [rds('0032'), rds('0028'), rds('0032')];
    await hear(off);
    await hear(on);
    expect(await open()).toEqual(['backups-disabled crm-db']);
    await hear(onAgain);
    told();
    await hear(rds('0028', { 'Event Time': '2026-11-20 10:01:30' }));
    expect([await open(), told()]).toEqual([[], []]);
  });

  it('about one instance of a cluster resolves nothing about another', async () => {
    const { hear, open } = world(target({ platform: { kind: 'aurora', id: 'lake' } }));
    await hear(rds('0021', { 'Source ID': 'lake-instance-2', 'Event Time': '2026-11-20 10:30:00.000' }));
    await hear(rds('0031', { 'Source ID': 'lake-instance-1', 'Event Time': '2026-11-20 10:20:00.000' }));
    expect(await open()).toEqual(['source-failed lake-instance-1']);
  });

  it('resolves an alarm by the OK of the same alarm, and by no other state', async () => {
    const { hear, told, timeline } = world();
    await hear(alarm('ALARM'));
    await hear(alarm('INSUFFICIENT_DATA'));
    await hear(alarm('OK', { AlarmName: 'another' }));
    expect(told()).toEqual(['opened P2 cloudwatch-alarm crm crm connections']);
    await hear(alarm('OK'));
    expect(told()).toEqual(['resolved P2 cloudwatch-alarm crm crm connections']);
    expect(await timeline()).toEqual([
      'OK crm connections',
      'OK another',
      'INSUFFICIENT_DATA crm connections',
      'ALARM crm connections',
    ]);
  });
});

test('an alarm about nothing in the plan is a finding about the deployment', async () => {
  const { hear, told } = world();
  await hear(alarm('ALARM', { Trigger: {} }));
  expect(told()).toEqual(['opened P2 cloudwatch-alarm understudy crm connections']);
});

describe('a notice that a snapshot was deleted', () => {
  const withPoint = async (state: PointState, changes: Parameters<typeof snapshotPoint>[1] = {}) => {
    const made = world();
    const point = snapshotPoint(MOMENT, { state, ...changes, snapshot: { id: OURS, ...changes?.snapshot } });
    await made.deps.catalog.adoptPoint(point);
    return { ...made, point, state: async () => (await made.deps.catalog.point('crm', point.id))?.state };
  };

  it.each(['available', 'verified', 'rehearsed'] as const)(
    'is a P0 and marks the point corrupt when that was %s',
    async (was) => {
      const { hear, told, deps, point } = await withPoint(was);
      await hear(snapshotEvent('0041'));
      expect(told()).toEqual([`opened P0 snapshot-deleted crm ${point.id}`]);
      expect(await deps.catalog.point('crm', point.id)).toMatchObject({
        state: 'corrupt',
        why: `the snapshot ${OURS} was deleted at 2026-11-20T10:00:00Z, and not by retention`,
      });
    },
  );

  it.each<[string, PointState, string, 'snapshot' | 'automated' | 'foreign']>([
    ['was being deleted by retention', 'expiring', OURS, 'snapshot'],
    ['was deleted by retention', 'expired', OURS, 'snapshot'],
    ['had failed', 'failed', OURS, 'snapshot'],
    ['was being made', 'creating', OURS, 'snapshot'],
    ['was corrupt', 'corrupt', OURS, 'snapshot'],
    ['was automated', 'verified', AUTOMATED, 'automated'],
    ['was foreign', 'verified', 'before-the-migration', 'foreign'],
  ])('only goes on the timeline when the snapshot %s', async (_what, was, id, kind) => {
    const { hear, told, timeline, state } = await withPoint(was, { kind, snapshot: { id } });
    expect(await hear(snapshotEvent('0041', id))).toMatchObject({ raised: [] });
    expect([told(), await state()]).toEqual([[], was]);
    expect(await timeline()).toEqual([`RDS-EVENT-0041 ${id}`]);
  });

  it.each([
    ['at home', 'eu-central-1', ['corrupt', 'verified']],
    ['in the Region of a copy', 'eu-west-1', ['verified', 'corrupt']],
  ])('marks the one of two points corrupt whose snapshot was %s', async (_what, region, states) => {
    const { hear, deps, point } = await withPoint('verified');
    const copy = snapshotPoint(MOMENT, { place: 'eu-west-1', snapshot: { id: OURS } });
    await deps.catalog.adoptPoint(copy);
    const gone = region === 'eu-west-1' ? copy : point;
    await hear(snapshotEvent('0041', OURS, { 'Source ARN': gone.snapshot.arn }));
    const found = [point, copy].map(async ({ id }) => (await deps.catalog.point('crm', id))?.state);
    expect(await Promise.all(found)).toEqual(states);
  });

  it('says nothing against a snapshot that got the name after the deletion', async () => {
    const { hear, told, state } = await withPoint('verified', { availableAt: '2026-11-20T10:00:30Z' });
    await hear(snapshotEvent('0041'));
    expect([told(), await state()]).toEqual([[], 'verified']);
    await hear(snapshotEvent('0041', OURS, { 'Event Time': '2026-11-20 10:00:31' }));
    expect([told().length, await state()]).toEqual([1, 'corrupt']);
  });

  it.each([
    ['only goes on the timeline when it was automated', AUTOMATED, []],
    ['is a P0 when it had the name of a job’s', OURS, [`opened P0 snapshot-deleted crm ${OURS}`]],
  ])('of which the catalog knows nothing %s', async (_what, id, alerts) => {
    const { hear, told, timeline } = world();
    await hear(snapshotEvent('0041', id));
    expect(told()).toEqual(alerts);
    expect(await timeline()).toEqual([`RDS-EVENT-0041 ${id}`]);
  });

  it('of a target that has left the plan only goes on the deployment’s timeline', async () => {
    const { hear, told, timeline } = world();
    const left = snapshotName('test', 'left-the-plan', MOMENT);
    await hear(snapshotEvent('0041', left));
    expect(told()).toEqual([]);
    expect(await timeline('understudy')).toEqual([`RDS-EVENT-0041 ${left}`]);
  });

  it('marks the point by its second delivery when the first one died after its alert', async () => {
    const { hear, told, catalog, state } = await withPoint('verified');
    const gone = snapshotEvent('0041');
    catalog.fail('movePoint', LOST, { times: 1 });
    await expect(hear(gone)).rejects.toBe(LOST);
    await hear(gone);
    expect([await state(), told().length]).toEqual(['corrupt', 1]);
  });
});

describe('a notice that a copy was cancelled', () => {
  it('wakes the job that waits for the copy, and opens no finding', async () => {
    const { hear, told, woken, awaits } = world();
    await awaits(`copy:${OURS}`);
    await hear(snapshotEvent('0061'));
    expect([told(), woken]).toEqual([[], ['token']]);
  });

  it('opens a finding about an automated snapshot', async () => {
    const { hear, told } = world();
    await hear(snapshotEvent('0190', AUTOMATED));
    expect(told()).toEqual([`opened P1 platform-backup-failed crm ${AUTOMATED}`]);
  });
});

describe('a notice about a scratch instance', () => {
  const withScratch = async () => {
    const made = world();
    await made.deps.catalog.beginScratch(scratchRecord({ name: SCRATCH }));
    return made;
  };

  it.each(['0003', '0005', '0028', '0007', '0089', '0013'])(
    'goes on its target’s timeline without an alert: RDS event %s',
    async (code) => {
      const { hear, told, timeline } = await withScratch();
      await hear(rds(code, { 'Source ID': SCRATCH }));
      expect(told()).toEqual([]);
      expect(await timeline()).toEqual([`RDS-EVENT-${code} ${SCRATCH}`]);
    },
  );

  it('that failed alerts, and says that it is a scratch instance', async () => {
    const { hear, told, alerts } = await withScratch();
    await hear(rds('0036', { 'Source ID': SCRATCH }));
    expect(alerts.taken[0]?.text).toContain(`${SCRATCH}, a scratch instance`);
    expect(told()).toEqual([`opened P1 source-failed crm ${SCRATCH}`]);
  });

  it('whose automated snapshot was deleted does not alert', async () => {
    const { hear, told } = await withScratch();
    await hear(snapshotEvent('0041', `rds:${SCRATCH}-2026-11-20-02-05`));
    expect(told()).toEqual([]);
  });
});

test('a notice that a cluster was deleted alerts, and one about an instance of it does not', async () => {
  const { hear, told, timeline } = world(target({ platform: { kind: 'aurora', id: 'shop-cluster' } }));
  await hear(rds('0003', { 'Source ID': 'shop-cluster-instance-2' }));
  expect(told()).toEqual([]);
  await hear(rds('0171', { 'Event Source': 'db-cluster', 'Source ID': 'shop-cluster' }));
  expect(told()).toEqual(['opened P0 instance-deleted crm shop-cluster']);
  expect(await timeline()).toEqual(['RDS-EVENT-0171 shop-cluster', 'RDS-EVENT-0003 shop-cluster-instance-2']);
});

describe('the notices of a failover', () => {
  const at = (code: string, time: string) => rds(code, { 'Event Time': `2026-11-20 10:${time}` });

  it.each([
    ['in order', ['0013 00:10', '0049 00:55']],
    ['the other way round', ['0049 00:55', '0013 00:10']],
    ['with two completions', ['0013 00:10', '0049 00:55', '0015 01:30']],
  ])('alert once and put its downtime on the timeline once, %s', async (_how, events) => {
    const { hear, told, deps } = world();
    for (const each of events) await hear(at(each.slice(0, 4), each.slice(5)));
    expect(told()).toEqual(['opened P3 failover crm crm-db']);
    const found = (await deps.catalog.timeline('crm', 9)).filter(({ from }) => from === 'understudy');
    const message = expect.stringContaining('(45 s)');
    expect(found).toMatchObject([{ at: '2026-11-20T10:00:10Z', code: 'failover-downtime', message }]);
  });

  it.each([
    ['of yesterday', { 'Event Time': '2026-11-19 10:00:00' }],
    ['of another instance', { 'Event Time': '2026-11-20 10:00:10', 'Source ID': 'crm-db-instance-2' }],
  ])('put no downtime on the timeline with a beginning %s', async (_what, changes) => {
    const { hear, timeline } = world({ ...CRM, platform: { kind: 'aurora', id: 'crm-db' } });
    await hear(rds('0013', changes));
    await hear(at('0049', '00:55'));
    expect(await timeline()).toHaveLength(2);
  });

  it('point to the heartbeat of a target that has one', async () => {
    const { hear, deps } = world({ ...CRM, heartbeat: true });
    await hear(at('0013', '00:10'));
    await hear(at('0049', '00:55'));
    const own = (await deps.catalog.timeline('crm', 9)).find(({ from }) => from === 'understudy');
    expect(own?.message).toMatch(/took 45 s by RDS’s events; a gap in the heartbeat/);
  });
});

describe('a notice that a job waits for', () => {
  it('wakes the job when what it waits for has come, and no other job', async () => {
    const { hear, woken, awaits } = world();
    await awaits(`snapshot:${OURS}`, 'token-1');
    await awaits('snapshot:another', 'token-2');
    await hear(snapshotEvent('0040'));
    expect(woken).toEqual([]);
    await hear(snapshotEvent('0042'));
    expect(woken).toEqual(['token-1']);
  });

  it.each([
    ['copy', 'db-snapshot', '0060'],
    ['instance', 'db-instance', '0043'],
    ['cluster', 'db-cluster', '0170'],
  ])('wakes the job that waits for this %s', async (kind, source, code) => {
    const { hear, woken, awaits } = world();
    await awaits(`${kind}:${SCRATCH}`);
    await hear(rds(code, { 'Event Source': source, 'Source ID': SCRATCH }));
    expect(woken).toEqual(['token']);
  });

  it('succeeds with a warning when the job cannot be woken', async () => {
    const { hear, wakes, timeline, log, awaits } = world();
    await awaits(`snapshot:${OURS}`);
    wakes.fail('wake', new Error('Lambda does not answer'));
    await hear(snapshotEvent('0042'));
    expect(await timeline()).toEqual([`RDS-EVENT-0042 ${OURS}`]);
    expect(log.said('warn')).toHaveLength(1);
  });
});
