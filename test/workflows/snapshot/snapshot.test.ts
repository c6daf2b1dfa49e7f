import { raise } from '../../../lib/alerting/alerts.ts';
import { UnderstudyError } from '../../../lib/domain/errors.ts';
import { finding } from '../../../lib/domain/findings/finding.ts';
import { TAGS } from '../../../lib/domain/points/platform.ts';
import type { SnapshotPoint } from '../../../lib/domain/points/recovery-point.ts';
import { utc } from '../../../lib/domain/time.ts';
import { expire } from '../../../lib/workflows/expire/expire.ts';
import { snapshot } from '../../../lib/workflows/snapshot/snapshot.ts';
import { HOME, platformSnapshot, platformSource, policy, snapshotPoint } from '../../support/builders.ts';
import { memoryVault } from '../../support/doubles/vault.ts';
import { stored } from '../../support/expiry.ts';
import {
  ABROAD,
  AT,
  copiesTo,
  ID,
  NAME,
  OURS,
  SNAPSHOT,
  snapshotWorld,
  VAULTED,
  VAULTED_PLACE,
} from '../../support/snapshots.ts';

const throttled = new UnderstudyError('platform-unreachable', 'Rate exceeded');

describe('a snapshot', () => {
  it('is named after its target and scheduled moment, and bears run, target, policy and stage', async () => {
    const { take, platform, clock } = snapshotWorld();
    await clock.advance(600);
    expect(await take()).toMatchObject({ outcome: 'done', point: ID });
    expect(platform.ids()).toEqual([NAME]);
    expect(NAME).toContain('20261120t010000z');
    expect(platform.callsOf('takeSnapshot')).toEqual([[{ kind: 'rds', id: 'crm-db' }, NAME, OURS]]);
  });

  it('goes from creating over available to verified, with its moment, its size and how long it took', async () => {
    const { take, point, deps, catalog } = snapshotWorld({ looks: 3 });
    const states: string[] = [];
    const putPoint = catalog.putPoint;
    const movePoint = catalog.movePoint;
    deps.catalog = {
      ...catalog,
      putPoint: (claim, it) => putPoint(claim, it).then(() => void states.push(it.state)),
      movePoint: async (target, id, to, changes) => {
        states.push(to);
        return movePoint(target, id, to, changes);
      },
    };
    await take();
    expect(states).toEqual(['creating', 'available', 'verified']);
    expect(await point()).toMatchObject({
      kind: 'snapshot',
      place: HOME,
      state: 'verified',
      scheduledFor: AT,
      snapshotAt: '2026-11-20T01:00:20Z',
      takeSeconds: 143,
      snapshot: {
        id: NAME,
        of: 'rds',
        encrypted: true,
        bytes: 20 * 2 ** 30,
        engineVersion: '15.18',
        resourceId: 'db-CRM1',
      },
    });
  });

  it('is on record before it is begun', async () => {
    const { take, platform, catalog, deps } = snapshotWorld();
    const { takeSnapshot } = platform;
    let known: string | undefined;
    deps.platform = {
      ...platform,
      takeSnapshot: async (...args) => {
        known = (await catalog.point('crm', ID))?.state;
        return takeSnapshot(...args);
      },
    };
    await take();
    expect(known).toBe('creating');
  });

  it('keeps its label on record as it was given, and as far as a tag may hold it', async () => {
    const { run, take, point, platform } = snapshotWorld();
    await take({ label: 'release 4.2 “big”, #7' });
    expect(await run()).toMatchObject({ label: 'release 4.2 “big”, #7' });
    expect((await point())?.label).toBe('release 4.2 “big”, #7');
    const [, , tags] = platform.callsOf('takeSnapshot')[0] as [unknown, unknown, Record<string, string>];
    expect(tags[TAGS.label]).toBe('release 4.2 -big-- -7');
  });

  it('asks once for each copy that the policy wants, after it is verified', async () => {
    const { take, messages } = snapshotWorld({ policy: copiesTo(ABROAD, VAULTED) });
    await take();
    expect(messages.take('copy')).toMatchObject([
      { to: 'eu-west-1', point: ID, scheduledFor: AT, requestedBy: 'schedule' },
      { to: VAULTED_PLACE, point: ID },
    ]);
  });

  it('asks for no copy of what is bad', async () => {
    const { take, messages, deps } = snapshotWorld({ policy: copiesTo(ABROAD) });
    deps.keyState = async () => 'unusable';
    await take();
    expect(messages.take('copy')).toEqual([]);
  });

  it('is done and good although nobody could be asked for its copies', async () => {
    const { take, messages, point } = snapshotWorld({ policy: copiesTo(ABROAD) });
    messages.refuse(() => true);
    expect(await take()).toMatchObject({ outcome: 'done' });
    expect(await point()).toMatchObject({ state: 'verified' });
  });

  it('is taken once however often it is asked for', async () => {
    const { take, platform, messages } = snapshotWorld({ policy: copiesTo(ABROAD) });
    await take();
    messages.take('copy');
    expect(await take()).toMatchObject({ outcome: 'done-before' });
    expect(platform.callsOf('takeSnapshot')).toHaveLength(1);
    expect(messages.take('copy')).toEqual([]);
  });

  it('is left to whoever works on it', async () => {
    const { take, platform, deps, execution } = snapshotWorld();
    await execution().run((durable) => snapshot(SNAPSHOT, durable, deps), {
      at: 'begin the snapshot: look 1',
      when: 'before',
    });
    expect(await take()).toMatchObject({ outcome: 'held' });
    expect(platform.ids()).toEqual([]);
  });

  it('of a later hour is another one', async () => {
    const { take, platform, clock } = snapshotWorld();
    await take();
    await clock.advance(3600);
    await take({ scheduledFor: '2026-11-20T02:00:00Z' });
    expect(platform.ids()).toHaveLength(2);
  });

  it('of a target that AWS does not back up is refused, and says what to add', async () => {
    const { take } = snapshotWorld({ target: { platform: undefined } });
    await expect(take()).rejects.toMatchObject({
      code: 'no-platform',
      hint: expect.stringContaining('identifier'),
    });
  });
});

describe('a snapshot of this name that is there already', () => {
  it('is adopted when it bears this run', async () => {
    const { take, platform, point } = snapshotWorld();
    platform.putSnapshot(platformSnapshot({ id: NAME, tags: OURS }));
    expect(await take()).toMatchObject({ outcome: 'done' });
    expect(platform.callsOf('takeSnapshot')).toEqual([]);
    expect(await point()).toMatchObject({ state: 'verified', snapshotAt: AT });
  });

  it('is adopted while the source is busy with it', async () => {
    const { take, platform } = snapshotWorld({ source: { status: 'backing-up' } });
    platform.putSnapshot(platformSnapshot({ id: NAME, tags: OURS }));
    expect(await take()).toMatchObject({ outcome: 'done' });
  });

  it.each([
    ['no tags', {}],
    ['another run', { ...OURS, [TAGS.run]: 'snapshot/crm/2026-11-19T01:00:00Z' }],
    ['another stage', { ...OURS, [TAGS.stage]: 'prod' }],
    ['a run and no stage', { [TAGS.run]: OURS[TAGS.run]! }],
  ])('is refused when it bears %s, and left as it is', async (_what, tags) => {
    const { take, platform, point, told, run } = snapshotWorld();
    platform.putSnapshot(platformSnapshot({ id: NAME, tags }));
    expect(await take()).toMatchObject({
      outcome: 'failed',
      code: 'snapshot-foreign',
      hint: expect.any(String),
    });
    expect(platform.ids()).toEqual([NAME]);
    expect(platform.callsOf('takeSnapshot')).toEqual([]);
    expect(platform.callsOf('deleteSnapshot')).toEqual([]);
    expect(await point()).toMatchObject({ state: 'failed' });
    expect(await run()).toMatchObject({ state: 'failed', error: { code: 'snapshot-foreign' } });
    expect(told()).toEqual(
      expect.arrayContaining([expect.stringContaining('opened P1 job-failed snapshot')]),
    );
  });

  it('is not deleted by retention either, when it was refused as foreign', async () => {
    const { take, platform, deps, catalog, clock } = snapshotWorld({
      policy: { retention: { all: 7 * 86_400, daily: 0, weekly: 0, monthly: 0 } },
    });
    platform.putSnapshot(platformSnapshot({ id: NAME, tags: {} }));
    await take();
    clock.set('2026-12-20T05:00:00Z');
    await catalog.adoptPoint(snapshotPoint('2026-12-20T01:00:00Z'));
    const vault = memoryVault(clock);
    await stored(vault, catalog, '2026-12-20T01:00:00Z');
    const job = {
      job: 'expire',
      target: 'crm',
      scheduledFor: '2026-12-20T05:00:00Z',
      requestedBy: 'schedule',
      dryRun: false,
    } as const;
    expect(await expire(job, { ...deps, vault, secondsLeft: () => 900 })).toMatchObject({ outcome: 'done' });
    expect(platform.ids()).toEqual([NAME]);
  });
});

describe('a source that', () => {
  it.each([
    ['stopped', 'source-stopped', 'start-db-instance'],
    ['stopping', 'source-stopped', 'start-db-instance'],
    ['storage-full', 'source-storage-full', 'allocated-storage'],
    ['deleting', 'source-deleting', './understudy points crm'],
    ['inaccessible-encryption-credentials', 'source-unavailable', 'console'],
    ['failed', 'source-unavailable', 'console'],
  ])('is %s is an outcome of its own (%s) with a next step', async (status, code, next) => {
    const { take, platform, point, run, told } = snapshotWorld({ source: { status } });
    expect(await take()).toMatchObject({ outcome: 'failed', code, hint: expect.stringContaining(next) });
    expect(platform.callsOf('takeSnapshot')).toEqual([]);
    expect(await point()).toMatchObject({ state: 'failed', why: expect.stringContaining('crm-db') });
    expect(await run()).toMatchObject({ state: 'failed', error: { code } });
    expect(told()).toEqual(['alerts: opened P1 job-failed snapshot', 'pages: opened P1 job-failed snapshot']);
  });

  it('names a cluster’s own command when a stopped one is a cluster', async () => {
    const { take } = snapshotWorld({
      target: { platform: { kind: 'aurora', id: 'crm-db' } },
      source: { kind: 'aurora', status: 'stopped' },
    });
    expect(await take()).toMatchObject({
      hint: expect.stringContaining('start-db-cluster --db-cluster-identifier crm-db'),
    });
  });

  it('is missing is said to be, with where to look', async () => {
    const { take, platform } = snapshotWorld();
    platform.removeSource('crm-db');
    expect(await take()).toMatchObject({
      outcome: 'failed',
      code: 'source-not-found',
      hint: expect.stringContaining('CloudTrail'),
    });
  });

  it('is modified is waited for as long as that lasts', async () => {
    const { take, platform, whilePaused, clock } = snapshotWorld({ source: { status: 'modifying' } });
    let pauses = 0;
    whilePaused(() => {
      if (++pauses === 4) platform.putSource(platformSource());
    });
    expect(await take()).toMatchObject({ outcome: 'done' });
    expect(platform.callsOf('takeSnapshot')).toHaveLength(1);
    expect(clock.now() > new Date('2026-11-20T01:03:00Z')).toBe(true);
  });

  it('is modified for ever is given up after an hour, and said to be busy', async () => {
    const { take, clock, platform } = snapshotWorld({ source: { status: 'modifying' } });
    expect(await take()).toMatchObject({
      outcome: 'failed',
      code: 'source-busy',
      summary: expect.stringContaining('modifying'),
      hint: expect.stringContaining('./understudy run snapshot crm'),
    });
    expect(utc(clock.now())).toBe('2026-11-20T02:00:20Z');
    expect(platform.callsOf('takeSnapshot')).toEqual([]);
  });

  it('becomes busy between the look and the call is waited for, too', async () => {
    const { take, platform } = snapshotWorld();
    platform.fail('takeSnapshot', new UnderstudyError('source-busy', 'crm-db is backing-up'), { times: 1 });
    expect(await take()).toMatchObject({ outcome: 'done' });
  });

  it('is not encrypted is refused where the policy wants it, before anything is taken', async () => {
    const { take, platform } = snapshotWorld({ source: { encrypted: false, kmsKey: undefined as never } });
    expect(await take()).toMatchObject({
      outcome: 'failed',
      code: 'snapshot-unencrypted',
      hint: expect.stringContaining('encryption: any'),
    });
    expect(platform.ids()).toEqual([]);
  });

  it('is not encrypted is good enough where the policy says so', async () => {
    const { take, point } = snapshotWorld({
      source: { encrypted: false, kmsKey: undefined as never },
      policy: { snapshot: { ...policy().snapshot, encryption: 'any' } },
    });
    expect(await take()).toMatchObject({
      outcome: 'done',
      summary: expect.stringContaining('not encrypted'),
    });
    expect(await point()).toMatchObject({ state: 'verified' });
  });
});

describe('a snapshot that was begun and', () => {
  it.each(['failed', 'incompatible-restore', 'deleting'])(
    'becomes %s is a failure and no point',
    async (status) => {
      const { take, platform, whilePaused, point } = snapshotWorld({ looks: 9 });
      whilePaused(() => platform.setStatus(NAME, status));
      expect(await take()).toMatchObject({
        outcome: 'failed',
        code: 'snapshot-failed',
        hint: expect.any(String),
      });
      expect(await point()).toMatchObject({ state: 'failed', why: expect.stringContaining(status) });
    },
  );

  it('is deleted by somebody is said to be gone', async () => {
    const { take, platform, whilePaused, point } = snapshotWorld({ looks: 9 });
    whilePaused(() => platform.deleteSnapshot('rds', NAME, { name: HOME, region: HOME }));
    expect(await take()).toMatchObject({ outcome: 'failed', code: 'snapshot-deleted' });
    expect(await point()).toMatchObject({ state: 'failed' });
  });

  it('never becomes available is given up at the policy’s deadline, not before and not after', async () => {
    const { take, clock, point, run } = snapshotWorld({
      looks: 1e6,
      policy: { snapshot: { ...policy().snapshot, deadline: 7200 } },
    });
    expect(await take()).toMatchObject({
      outcome: 'failed',
      code: 'snapshot-late',
      summary: expect.stringContaining('creating'),
    });
    expect(utc(clock.now())).toBe('2026-11-20T03:00:20Z');
    expect(await point()).toMatchObject({ state: 'failed' });
    expect(await run()).toMatchObject({ state: 'failed' });
  });

  it('became so late that it was given up is adopted when it is asked for again', async () => {
    const { take, platform, point } = snapshotWorld({
      looks: 1e6,
      policy: { snapshot: { ...policy().snapshot, deadline: 7200 } },
    });
    await take();
    platform.setStatus(NAME, 'available');
    expect(await take()).toMatchObject({ outcome: 'done' });
    expect(platform.callsOf('takeSnapshot')).toHaveLength(1);
    expect(await point()).toMatchObject({ state: 'verified' });
  });

  it.each([
    ['no storage at all', { bytes: 0 }],
    ['less than half of its source’s storage', { bytes: 9 * 2 ** 30 }],
    ['another engine', { engine: 'mysql' }],
  ])('has %s is there, told, and counts for nothing', async (_what, odd) => {
    const { take, platform, point, open } = snapshotWorld();
    platform.putSnapshot(platformSnapshot({ id: NAME, tags: OURS, ...odd }));
    expect(await take()).toMatchObject({ outcome: 'failed', code: 'snapshot-implausible' });
    expect(await open()).toContain(`snapshot-implausible ${ID}`);
    expect(await point()).toMatchObject({ state: 'available' });
  });

  it('of a cache need not be encrypted', async () => {
    const { take, catalog, open } = snapshotWorld({
      target: { platform: { kind: 'elasticache', id: 'sessions' } },
      source: { kind: 'elasticache', id: 'sessions', encrypted: false },
    });
    expect(await take()).toMatchObject({ outcome: 'done' });
    expect(await open()).toEqual([]);
    expect(await catalog.points('crm')).toEqual([expect.objectContaining({ state: 'verified' })]);
  });

  it('is smaller than its source by less than half is not odd: storage may have been enlarged meanwhile', async () => {
    const { take, platform, open } = snapshotWorld();
    platform.putSnapshot(platformSnapshot({ id: NAME, tags: OURS, bytes: 10 * 2 ** 30 }));
    await take();
    expect(await open()).toEqual([]);
  });

  it('came out unencrypted is corrupt, and no recovery point', async () => {
    const { take, platform, point, open } = snapshotWorld();
    platform.putSnapshot(platformSnapshot({ id: NAME, tags: OURS, encrypted: false }));
    expect(await take()).toMatchObject({
      outcome: 'failed',
      code: 'snapshot-unencrypted',
      hint: expect.any(String),
    });
    expect(await point()).toMatchObject({ state: 'corrupt' });
    expect(await open()).toEqual(['job-failed snapshot', `snapshot-unencrypted ${ID}`]);
  });

  it('has a key that cannot be used counts for nothing until it can be used again', async () => {
    const { take, deps, point, platform, catalog, open } = snapshotWorld();
    const newest = async () => (await catalog.statuses(['crm'])).get('crm')?.snapshots?.newestVerified?.id;
    deps.keyState = async () => 'unusable';
    for (let times = 0; times < 2; times++) {
      expect(await take()).toMatchObject({ outcome: 'failed', code: 'restore-key-unusable' });
      expect(await point()).toMatchObject({ state: 'available' });
    }
    expect(await newest()).toBeUndefined();
    expect(await open()).toEqual(['job-failed snapshot', `restore-key-unusable ${ID}`]);
    deps.keyState = async () => 'usable';
    expect(await take()).toMatchObject({ outcome: 'done' });
    expect(await point()).toMatchObject({ state: 'verified' });
    expect(await newest()).toBe(ID);
    expect(await open()).toEqual([]);
    expect(platform.callsOf('takeSnapshot')).toHaveLength(1);
  });

  it('has a key that could not be asked about is not accused', async () => {
    const { take, deps, point } = snapshotWorld();
    deps.keyState = () => Promise.reject(new Error('throttled'));
    expect(await take()).toMatchObject({ outcome: 'done' });
    expect(await point()).toMatchObject({ state: 'verified' });
  });

  it('was bad is bad again when it is asked for again, and says why', async () => {
    const { take, platform, point, run } = snapshotWorld();
    platform.putSnapshot(platformSnapshot({ id: NAME, tags: OURS, encrypted: false }));
    await take();
    expect(await take()).toMatchObject({ outcome: 'failed', code: 'snapshot-unencrypted' });
    expect(await point()).toMatchObject({ state: 'corrupt', why: expect.stringContaining('encrypted') });
    expect(await run()).toMatchObject({ state: 'failed', error: { code: 'snapshot-unencrypted' } });
  });

  it('is good takes back what was said of older ones of its place, and of no younger one', async () => {
    const { take, platform, open, clock } = snapshotWorld();
    const odd = (at: string, id: string) =>
      platform.putSnapshot(
        platformSnapshot({ id, bytes: 0, tags: { ...OURS, [TAGS.run]: `snapshot/crm/${at}` } }),
      );
    clock.set('2026-11-20T04:00:00Z');
    for (const hour of ['01', '03']) {
      const at = `2026-11-20T${hour}:00:00Z`;
      odd(at, NAME.replace('010000z', `${hour}0000z`));
      await take({ scheduledFor: at });
    }
    await take({ scheduledFor: '2026-11-20T02:00:00Z' });
    expect(await open()).toEqual(['snapshot-implausible 20261120T030000Z-snapshot@eu-central-1']);
  });

  it('is good takes back nothing that was said of a copy of an older one', async () => {
    const { take, deps, open } = snapshotWorld();
    const [target] = deps.plan.targets;
    const subject = '20261119T010000Z-snapshot@eu-west-1';
    await raise(deps, finding('snapshot-implausible', { target: target!, subject, message: 'said before' }));
    await take();
    expect(await open()).toEqual([`snapshot-implausible ${subject}`]);
  });

  it('is good takes back the alarm of the one that failed', async () => {
    const { take, platform, open, told } = snapshotWorld({ source: { status: 'stopped' } });
    await take();
    platform.putSource(platformSource());
    await take({ scheduledFor: '2026-11-20T01:00:10Z' });
    expect(await open()).toEqual([]);
    expect(told().filter((line) => line.startsWith('alerts'))).toEqual([
      'alerts: opened P1 job-failed snapshot',
      'alerts: resolved P1 job-failed snapshot',
    ]);
  });

  it('is good is no failure because its status or an old alarm could not be brought up to date', async () => {
    for (const broken of ['refreshStatus', 'finding'] as const) {
      const { take, deps, catalog, told, run } = snapshotWorld();
      deps.catalog = { ...catalog, [broken]: () => Promise.reject(new Error('throttled')) };
      await take().catch(() => undefined);
      expect([broken, await run()]).toEqual([broken, expect.objectContaining({ state: 'succeeded' })]);
      expect([broken, told()]).toEqual([broken, []]);
    }
  });
});

describe('a platform that is throttled', () => {
  it.each(['source', 'snapshot', 'takeSnapshot'] as const)(
    'in %s for a while costs nothing but time',
    async (method) => {
      const { take, platform, point, told } = snapshotWorld();
      platform.fail(method, throttled, { times: 3 });
      expect(await take()).toMatchObject({ outcome: 'done' });
      expect(platform.ids()).toEqual([NAME]);
      expect(await point()).toMatchObject({ state: 'verified' });
      expect(told()).toEqual([]);
    },
  );

  it.each(['source', 'snapshot', 'takeSnapshot'] as const)(
    'in %s for ever ends the run, with its reason on record and told',
    async (method) => {
      const { take, platform, point, run, told } = snapshotWorld();
      platform.fail(method, throttled);
      expect(await take()).toMatchObject({
        outcome: 'failed',
        summary: expect.stringContaining('Rate exceeded'),
      });
      expect(await run()).toMatchObject({
        state: 'failed',
        summary: expect.stringContaining('Rate exceeded'),
      });
      expect(await point()).toMatchObject({ state: 'failed', why: expect.stringContaining('Rate exceeded') });
      expect(told()).toEqual([
        'alerts: opened P1 job-failed snapshot',
        'pages: opened P1 job-failed snapshot',
      ]);
    },
  );

  it('while it is waited for is waited on: a snapshot that becomes available is not lost over it', async () => {
    const { take, platform, whilePaused, point } = snapshotWorld({ looks: 3 });
    let pauses = 0;
    whilePaused(() => {
      pauses++;
      if (pauses === 1) platform.fail('snapshot', throttled);
      if (pauses === 6) platform.heal();
    });
    expect(await take()).toMatchObject({ outcome: 'done' });
    expect(await point()).toMatchObject({ state: 'verified' });
  });

  it.each([1, 2])('takes one snapshot although the answer to the call was lost %i times', async (times) => {
    const { take, platform } = snapshotWorld();
    platform.fail('takeSnapshot', throttled, { times, after: true });
    expect(await take()).toMatchObject({ outcome: 'done' });
    expect(platform.ids()).toEqual([NAME]);
  });

  it.each([
    ['snapshot-quota', 'there are 100 snapshots already'],
    ['platform-denied', 'you may not'],
  ])('refuses for %s: that is the outcome, and it is not tried five times', async (code, message) => {
    const { take, platform } = snapshotWorld();
    platform.fail('takeSnapshot', new UnderstudyError(code, message, { hint: 'do something' }));
    expect(await take()).toMatchObject({ outcome: 'failed', code, summary: message, hint: 'do something' });
    expect(platform.callsOf('takeSnapshot')).toHaveLength(1);
  });
});

describe('a snapshot’s failure', () => {
  it('is told although it cannot be recorded, and recorded although it cannot be told', async () => {
    const deaf = snapshotWorld({ source: { status: 'stopped' } });
    deaf.deps.catalog = { ...deaf.catalog, finish: () => Promise.reject(new Error('throttled')) };
    await expect(deaf.take()).rejects.toThrow('throttled');
    expect(deaf.told()).toHaveLength(2);
    const mute = snapshotWorld({ source: { status: 'stopped' } });
    mute.deps.alerts = { ...mute.alerts, send: () => Promise.reject(new Error('no topic')) };
    await mute.take();
    expect(await mute.run()).toMatchObject({ state: 'failed' });
    expect(await mute.catalog.openFindings('crm')).toMatchObject([
      { code: 'job-failed', untold: { occasion: 'opened', topics: ['alerts', 'pages'] } },
    ]);
  });

  it('leaves the point to be adopted: nothing of it is lost by giving up', async () => {
    const { take, point } = snapshotWorld({
      looks: 1e6,
      policy: { snapshot: { ...policy().snapshot, deadline: 7200 } },
    });
    await take({ label: 'release 4.2' });
    expect((await point()) as SnapshotPoint).toMatchObject({
      state: 'failed',
      label: 'release 4.2',
      snapshot: { id: NAME },
    });
  });
});
