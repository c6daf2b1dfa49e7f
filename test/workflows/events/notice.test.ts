import { parseNotice } from '../../../lib/adapters/aws/events/parse-notice.ts';
import { closeFinding } from '../../../lib/alerting/finding-records.ts';
import type { FindingCode } from '../../../lib/domain/findings/finding.ts';
import { snapshotName } from '../../../lib/domain/names.ts';
import type { Target } from '../../../lib/domain/plan/policy.ts';
import type { PointState } from '../../../lib/domain/points/recovery-point.ts';
import { notice } from '../../../lib/workflows/events/notice.ts';
import { snapshotPoint, target } from '../../support/builders.ts';
import { memoryAlerts } from '../../support/doubles/alerts.ts';
import { memoryCatalog } from '../../support/doubles/catalog/catalog.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { faulty } from '../../support/doubles/faults.ts';
import { recordingLog } from '../../support/doubles/log.ts';
import { recordingMetrics } from '../../support/doubles/metrics.ts';
import { randomFrom } from '../../unit/domain/points/random.ts';

const START = '2026-11-20T12:00:00Z';
const CRM = target({ platform: { kind: 'rds', id: 'crm-db' } });
const MOMENT = '2026-11-20T01:00:00Z';
const OURS = snapshotName('test', 'crm', MOMENT);
const SCRATCH = 'understudy-scratch-crm-0123456789';
const LOST = new Error('the catalog does not answer');

function world(...targets: Target[]) {
  const clock = manualClock(START);
  const alerts = memoryAlerts();
  const catalog = faulty(memoryCatalog(clock));
  const log = recordingLog();
  const woken: string[] = [];
  const wakes = faulty({ wake: async (token: string) => void woken.push(token) });
  const deps = {
    clock,
    alerts,
    log,
    metrics: recordingMetrics(),
    stage: 'test',
    catalog: catalog.port,
    wakes: wakes.port,
    parseNotice,
    plan: { schemaVersion: 1 as const, policies: [], targets: targets.length > 0 ? targets : [CRM] },
  };
  const told = () =>
    alerts.taken
      .splice(0)
      .filter(({ topic }) => topic === 'alerts')
      .map(
        ({ json }) =>
          `${json['occasion']} ${json['severity']} ${json['code']} ${json['target']} ${json['subject']}`,
      );
  const hear = (body: unknown, receivedAt = START) =>
    notice({ text: typeof body === 'string' ? body : JSON.stringify(body), receivedAt }, deps);
  /** What was heard; what was told of it is `told`. */
  const timeline = async (of = 'crm') =>
    (await deps.catalog.timeline(of, 50))
      .filter(({ from }) => from !== 'alert')
      .map(({ code, subject }) => `${code ?? '-'} ${subject}`);
  const open = async () =>
    (await deps.catalog.openFindings()).map(({ code, subject }) => `${code} ${subject}`);
  return { deps, catalog, wakes, clock, alerts, log, told, hear, timeline, open, woken };
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
  it('of something that is neither good nor bad is on the timeline and tells nobody', async () => {
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

  it('delivered twice is one entry and one alert, also when its finding was resolved in between', async () => {
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

  it('whose delivery died before it was on the timeline is done again, and told once', async () => {
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
    'fails when the catalog does (%s), so that it comes again',
    async (method) => {
      const { hear, catalog } = world();
      catalog.fail(method, LOST);
      await expect(hear(rds('0001'))).rejects.toBe(LOST);
      await expect(hear('nonsense')).rejects.toBe(LOST);
    },
  );

  it('of an instance in no target is on the deployment’s timeline, and nobody’s alarm', async () => {
    const { hear, told, timeline } = world();
    await hear(rds('0003', { 'Source ID': 'somebody-elses' }));
    expect(told()).toEqual([]);
    expect(await timeline('understudy')).toEqual(['RDS-EVENT-0003 somebody-elses']);
  });

  it('about an instance that two targets share is on both timelines', async () => {
    const { hear, told, timeline } = world(CRM, { ...CRM, id: 'shop' });
    await hear(rds('0028'));
    expect(told()).toEqual([
      'opened P0 backups-disabled crm crm-db',
      'opened P0 backups-disabled shop crm-db',
    ]);
    expect([await timeline('crm'), await timeline('shop')]).toEqual([
      ['RDS-EVENT-0028 crm-db'],
      ['RDS-EVENT-0028 crm-db'],
    ]);
  });

  it('that nobody understands is kept, cut, and told once as P3', async () => {
    const { hear, told, deps } = world();
    await hear(`hello ${'x'.repeat(3000)}`);
    await hear('other', '2026-11-20T12:01:00Z');
    expect(told()).toEqual(['opened P3 notice-unknown understudy topic events']);
    const kept = (await deps.catalog.timeline('understudy', 9)).filter(({ from }) => from !== 'alert');
    expect(kept.map(({ message }) => message)).toEqual(['other', `hello ${'x'.repeat(994)}`]);
    expect(JSON.stringify(deps.log.lines)).not.toContain('x'.repeat(1000));
  });

  it('is never fatal, whatever it says', async () => {
    const { hear } = world();
    const random = randomFrom(7);
    const values = [
      null,
      7,
      '',
      'crm-db',
      OURS,
      SCRATCH,
      'ALARM',
      'rds:',
      [],
      {},
      '\ud800',
      'RDS-EVENT-0041',
      'RDS-EVENT-0013',
    ];
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

describe('what is good', () => {
  it.each<[FindingCode, string, string]>([
    ['backups-disabled', '0028', '0032'],
    ['storage-full', '0221', '0218'],
    ['storage-low', '0089', '0017'],
    ['restore-key-unusable', '0418', '0420'],
    ['source-failed', '0031', '0021'],
  ])('takes back %s: %s, then %s', async (code, bad, good) => {
    const { hear, told, open } = world();
    await hear(rds(bad));
    expect(await open()).toEqual([`${code} crm-db`]);
    await hear(rds(good));
    expect(told()).toEqual([expect.stringContaining(`opened`), expect.stringContaining(`resolved`)]);
    expect(await open()).toEqual([]);
  });

  it('a backup that is done takes back one that failed, also when its snapshot says so', async () => {
    const { hear, open } = world();
    const fails = () => rds('9999', { 'Event Message': 'The automated backup failed' });
    await hear(fails());
    expect(await open()).toEqual(['platform-backup-failed crm-db']);
    await hear(rds('0002'));
    expect(await open()).toEqual([]);
    await hear(fails());
    await hear(snapshotEvent('0091', 'rds:crm-db-2026-11-20-02-05'));
    expect(await open()).toEqual([]);
  });

  it('and came late takes nothing back, nor does what is bad and came late', async () => {
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

  it('of one instance of a cluster overtakes nothing of another', async () => {
    const { hear, open } = world(target({ platform: { kind: 'aurora', id: 'lake' } }));
    await hear(rds('0021', { 'Source ID': 'lake-instance-2', 'Event Time': '2026-11-20 10:30:00.000' }));
    await hear(rds('0031', { 'Source ID': 'lake-instance-1', 'Event Time': '2026-11-20 10:20:00.000' }));
    expect(await open()).toEqual(['source-failed lake-instance-1']);
  });

  it('an alarm in OK resolves what it had opened in ALARM, by its name; without data it says nothing', async () => {
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

  it('an alarm that is about nothing of the plan is the deployment’s', async () => {
    const { hear, told } = world();
    await hear(alarm('ALARM', { Trigger: {} }));
    expect(told()).toEqual(['opened P2 cloudwatch-alarm understudy crm connections']);
  });
});

describe('a deleted snapshot', () => {
  const withPoint = async (state: PointState, changes: Parameters<typeof snapshotPoint>[1] = {}) => {
    const made = world();
    const point = snapshotPoint(MOMENT, { state, ...changes, snapshot: { id: OURS, ...changes?.snapshot } });
    await made.deps.catalog.adoptPoint(point);
    return { ...made, point, state: async () => (await made.deps.catalog.point('crm', point.id))?.state };
  };

  it.each(['available', 'verified', 'rehearsed'] as const)(
    'of ours that was %s is P0, and no recovery point any more',
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

  it.each(['expiring', 'expired', 'failed', 'creating', 'corrupt'] as const)(
    'that was %s is on the timeline only',
    async (was) => {
      const { hear, told, timeline, state } = await withPoint(was);
      expect(await hear(snapshotEvent('0041'))).toMatchObject({ raised: [] });
      expect([told(), await state()]).toEqual([[], was]);
      expect(await timeline()).toEqual([`RDS-EVENT-0041 ${OURS}`]);
    },
  );

  it.each([
    ['AWS’s retention', 'rds:crm-db-2026-11-20-02-05', 'automated'],
    ['somebody whose it is', 'before-the-migration', 'foreign'],
  ] as const)('by %s is on the timeline only', async (_who, id, kind) => {
    const { hear, told, timeline, state } = await withPoint('verified', { kind, snapshot: { id } });
    await hear(snapshotEvent('0041', id));
    expect([told(), await state()]).toEqual([[], 'verified']);
    expect(await timeline()).toEqual([`RDS-EVENT-0041 ${id}`]);
  });

  it.each([
    ['at home is the one there, and not its copy', 'eu-central-1', ['corrupt', 'verified']],
    ['in another Region is the copy there, and not the one at home', 'eu-west-1', ['verified', 'corrupt']],
  ])('%s', async (_what, region, states) => {
    const { hear, deps, point } = await withPoint('verified');
    const copy = snapshotPoint(MOMENT, { place: 'eu-west-1', snapshot: { id: OURS } });
    await deps.catalog.adoptPoint(copy);
    const gone = region === 'eu-west-1' ? copy : point;
    await hear(snapshotEvent('0041', OURS, { 'Source ARN': gone.snapshot.arn }));
    const found = [point, copy].map(async ({ id }) => (await deps.catalog.point('crm', id))?.state);
    expect(await Promise.all(found)).toEqual(states);
  });

  it('that is told late speaks of what bore the name before, not of what has come since', async () => {
    const { hear, told, state } = await withPoint('verified', { availableAt: '2026-11-20T10:00:30Z' });
    await hear(snapshotEvent('0041'));
    expect([told(), await state()]).toEqual([[], 'verified']);
    await hear(snapshotEvent('0041', OURS, { 'Event Time': '2026-11-20 10:00:31' }));
    expect([told().length, await state()]).toEqual([1, 'corrupt']);
  });

  it('of AWS’s that the catalog never knew is on the timeline only', async () => {
    const { hear, told, timeline } = world();
    await hear(snapshotEvent('0041', 'rds:crm-db-2026-11-20-02-05'));
    expect(told()).toEqual([]);
    expect(await timeline()).toEqual(['RDS-EVENT-0041 rds:crm-db-2026-11-20-02-05']);
  });

  it('that bears our name and of which the catalog knows nothing is P0 all the same', async () => {
    const { hear, told } = world();
    await hear(snapshotEvent('0041'));
    expect(told()).toEqual([`opened P0 snapshot-deleted crm ${OURS}`]);
  });

  it('of a target that has left the plan is on a timeline and no alarm: somebody clears up', async () => {
    const { hear, told, deps } = world();
    const left = snapshotName('test', 'left-the-plan', MOMENT);
    await hear(snapshotEvent('0041', left));
    expect(told()).toEqual([]);
    expect(await deps.catalog.timeline('understudy', 9)).toMatchObject([{ subject: left }]);
  });

  it('is marked by the second delivery when the first one died after it had told', async () => {
    const { hear, told, catalog, state } = await withPoint('verified');
    const gone = snapshotEvent('0041');
    catalog.fail('movePoint', LOST, { times: 1 });
    await expect(hear(gone)).rejects.toBe(LOST);
    await hear(gone);
    expect([await state(), told().length]).toEqual(['corrupt', 1]);
  });
});

describe('a copy that was cancelled', () => {
  it('is told by the job that waits for it when it is ours, and here when it is not', async () => {
    const { hear, told, deps, woken } = world();
    await deps.catalog.awaitNotice(`copy:${OURS}`, 'token', deps.clock.now());
    await hear(snapshotEvent('0061'));
    expect([told(), woken]).toEqual([[], ['token']]);
    await hear(snapshotEvent('0190', 'rds:crm-db-2026-11-20-02-05'));
    expect(told()).toEqual(['opened P1 platform-backup-failed crm rds:crm-db-2026-11-20-02-05']);
  });
});

describe('a scratch instance', () => {
  const withScratch = async () => {
    const made = world();
    await made.deps.catalog.beginScratch({
      target: 'crm',
      policy: 'production',
      name: SCRATCH,
      kind: 'rds',
      run: 'rehearse-instance/crm/x',
      state: 'making',
      beganAt: MOMENT,
      expiresAt: START,
    });
    return made;
  };

  it.each(['0003', '0005', '0028', '0007', '0089', '0013'])(
    'is on its target’s timeline and alerts nobody: %s',
    async (code) => {
      const { hear, told, timeline } = await withScratch();
      await hear(rds(code, { 'Source ID': SCRATCH }));
      expect(told()).toEqual([]);
      expect(await timeline()).toEqual([`RDS-EVENT-${code} ${SCRATCH}`]);
    },
  );

  it('that failed is told, as what it is', async () => {
    const { hear, told, alerts } = await withScratch();
    await hear(rds('0036', { 'Source ID': SCRATCH }));
    expect(alerts.taken[0]?.text).toContain(`${SCRATCH}, a scratch instance`);
    expect(told()).toEqual([`opened P1 source-failed crm ${SCRATCH}`]);
  });

  it('’s automated snapshots come and go in silence', async () => {
    const { hear, told } = await withScratch();
    await hear(snapshotEvent('0041', `rds:${SCRATCH}-2026-11-20-02-05`));
    expect(told()).toEqual([]);
  });
});

describe('an Aurora cluster', () => {
  const AURORA = target({ platform: { kind: 'aurora', id: 'shop-cluster' } });
  it('is deleted when the cluster says so, and not when one of its instances is', async () => {
    const { hear, told, timeline } = world(AURORA);
    await hear(rds('0003', { 'Source ID': 'shop-cluster-instance-2' }));
    expect(told()).toEqual([]);
    await hear(rds('0171', { 'Event Source': 'db-cluster', 'Source ID': 'shop-cluster' }));
    expect(told()).toEqual(['opened P0 instance-deleted crm shop-cluster']);
    expect(await timeline()).toEqual([
      'RDS-EVENT-0171 shop-cluster',
      'RDS-EVENT-0003 shop-cluster-instance-2',
    ]);
  });
});

describe('a failover', () => {
  const at = (code: string, time: string) => rds(code, { 'Event Time': `2026-11-20 10:${time}` });

  it.each([
    ['in order', ['0013 00:10', '0049 00:55']],
    ['the other way round', ['0049 00:55', '0013 00:10']],
    ['with two completions', ['0013 00:10', '0049 00:55', '0015 01:30']],
  ])(
    'is told once, and its downtime is on the timeline once both its events are known: %s',
    async (_how, events) => {
      const { hear, told, deps } = world();
      for (const each of events) await hear(at(each.slice(0, 4), each.slice(5)));
      expect(told()).toEqual(['opened P3 failover crm crm-db']);
      const found = (await deps.catalog.timeline('crm', 9)).filter(({ from }) => from === 'understudy');
      expect(found).toEqual([
        expect.objectContaining({
          at: '2026-11-20T10:00:10Z',
          code: 'failover-downtime',
          message: expect.stringContaining('(45 s)'),
        }),
      ]);
    },
  );

  it.each([
    ['of yesterday', { 'Event Time': '2026-11-19 10:00:00' }],
    ['of another instance', { 'Event Time': '2026-11-20 10:00:10', 'Source ID': 'crm-db-instance-2' }],
  ])('%s is not this one’s beginning', async (_what, changes) => {
    const { hear, timeline } = world({ ...CRM, platform: { kind: 'aurora', id: 'crm-db' } });
    await hear(rds('0013', changes));
    await hear(at('0049', '00:55'));
    expect(await timeline()).toHaveLength(2);
  });

  it('of a target with a heartbeat leaves the measure to the heartbeat', async () => {
    const { hear, deps } = world({ ...CRM, heartbeat: true });
    await hear(at('0013', '00:10'));
    await hear(at('0049', '00:55'));
    const [, entry] = await deps.catalog.timeline('crm', 9);
    expect(entry?.message ?? '').toBe('what RDS says');
    const own = (await deps.catalog.timeline('crm', 9)).find(({ from }) => from === 'understudy');
    expect(own?.message).toMatch(/took 45 s by RDS’s events; a gap in the heartbeat/);
  });
});

describe('a wait', () => {
  it('ends early when what it waits for has come, and others go on', async () => {
    const { hear, deps, woken } = world();
    await deps.catalog.awaitNotice(`snapshot:${OURS}`, 'token-1', deps.clock.now());
    await deps.catalog.awaitNotice('snapshot:another', 'token-2', deps.clock.now());
    await hear(snapshotEvent('0040'));
    expect(woken).toEqual([]);
    await hear(snapshotEvent('0042'));
    expect(woken).toEqual(['token-1']);
  });

  it.each([
    ['copy', 'db-snapshot', '0060'],
    ['instance', 'db-instance', '0043'],
    ['cluster', 'db-cluster', '0170'],
  ])('for a %s is woken by its name', async (kind, source, code) => {
    const { hear, deps, woken } = world();
    await deps.catalog.awaitNotice(`${kind}:${SCRATCH}`, 'token', deps.clock.now());
    await hear(rds(code, { 'Event Source': source, 'Source ID': SCRATCH }));
    expect(woken).toEqual(['token']);
  });

  it('that cannot be ended early is no failure: it ends by itself', async () => {
    const { hear, deps, wakes, timeline, log } = world();
    await deps.catalog.awaitNotice(`snapshot:${OURS}`, 'token', deps.clock.now());
    wakes.fail('wake', new Error('Lambda does not answer'));
    await hear(snapshotEvent('0042'));
    expect(await timeline()).toEqual([`RDS-EVENT-0042 ${OURS}`]);
    expect(log.said('warn')).toEqual(['a wait could not be ended early; it ends by itself']);
  });
});
