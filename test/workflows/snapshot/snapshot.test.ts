import { UnderstudyError } from '../../../lib/domain/errors.ts';
import { TAGS } from '../../../lib/domain/points/platform-source.ts';
import { utc } from '../../../lib/domain/time.ts';
import { expire } from '../../../lib/workflows/expire/expire.ts';
import { snapshot } from '../../../lib/workflows/snapshot/snapshot.ts';
import { DAY, HOME, platformSource, retention, snapshotPoint, throttled } from '../../support/builders.ts';
import { memoryVault } from '../../support/doubles/vault.ts';
import { stored } from '../../support/expiry.ts';
import { raiseFinding } from '../../support/records.ts';
import {
  ABROAD,
  AT,
  copiesTo,
  ID,
  NAME,
  OURS,
  ownSnapshot,
  SNAPSHOT,
  snapshotOptions,
  snapshotWorld,
  VAULTED,
  VAULTED_PLACE,
} from '../../support/snapshots.ts';

describe('the snapshot job', () => {
  it('names a snapshot after its scheduled moment, and tags it with run, target, policy and stage', async () => {
    const { take, platform, clock } = snapshotWorld();
    await clock.advance(600);
    expect(await take()).toMatchObject({ outcome: 'done', point: ID });
    expect(NAME).toContain('20261120t010000z');
    expect(platform.callsOf('takeSnapshot')).toEqual([[{ kind: 'rds', id: 'crm-db' }, NAME, OURS]]);
  });

  it('records a point before it takes the snapshot, and moves it on to available and to verified', async () => {
    const { take, point, deps, catalog, platform } = snapshotWorld({ looks: 3 });
    const done: string[] = [];
    deps.catalog = {
      ...catalog,
      putPoint: (claim, it) => catalog.putPoint(claim, it).then(() => void done.push(it.state)),
      movePoint: async (...move) => {
        done.push(move[2]);
        return catalog.movePoint(...move);
      },
    };
    deps.platform = {
      ...platform,
      takeSnapshot: (...wish) => platform.takeSnapshot(...wish).then(() => void done.push('taken')),
    };
    await take();
    expect(done).toEqual(['creating', 'taken', 'available', 'verified']);
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

  it('records a label as it was given, and tags the snapshot with what a tag can hold of it', async () => {
    const { run, take, point, platform } = snapshotWorld();
    await take({ label: 'release 4.2 “big”, #7' });
    expect(await run()).toMatchObject({ label: 'release 4.2 “big”, #7' });
    expect((await point())?.label).toBe('release 4.2 “big”, #7');
    const [, , tags] = platform.callsOf('takeSnapshot')[0] as [unknown, unknown, Record<string, string>];
    expect(tags[TAGS.label]).toBe('release 4.2 -big-- -7');
  });

  it('asks for each copy that the policy wants, once, however often its message is delivered', async () => {
    const { take, messages, platform } = snapshotWorld({ policy: copiesTo(ABROAD, VAULTED) });
    await take();
    expect(messages.take('copy')).toMatchObject([
      { to: 'eu-west-1', point: ID, scheduledFor: AT, requestedBy: 'schedule' },
      { to: VAULTED_PLACE, point: ID },
    ]);
    expect(await take()).toMatchObject({ outcome: 'done-before' });
    expect(platform.callsOf('takeSnapshot')).toHaveLength(1);
    expect(messages.take('copy')).toEqual([]);
  });

  it('succeeds although topic jobs takes no message for the copies', async () => {
    const { take, messages, point } = snapshotWorld({ policy: copiesTo(ABROAD) });
    messages.refuse(() => true);
    expect(await take()).toMatchObject({ outcome: 'done' });
    expect(await point()).toMatchObject({ state: 'verified' });
  });

  it('leaves a run alone that another worker holds', async () => {
    const { take, platform, deps, execution } = snapshotWorld();
    const death = { at: 'begin the snapshot: look 1', when: 'before' } as const;
    await execution().run((durable) => snapshot(SNAPSHOT, durable, deps), death);
    expect(await take()).toMatchObject({ outcome: 'held' });
    expect(platform.ids()).toEqual([]);
  });

  it('refuses a target without an instance, and names the option that is missing', async () => {
    const { take } = snapshotWorld({ target: { platform: undefined } });
    await expect(take()).rejects.toMatchObject({
      code: 'no-platform',
      hint: expect.stringContaining('identifier'),
    });
  });

  it.each(['available', 'backing-up'])(
    'adopts a snapshot of its name and run while the source is %s',
    async (status) => {
      const { take, platform, point } = snapshotWorld({ source: { status } });
      platform.putSnapshot(ownSnapshot());
      expect(await take()).toMatchObject({ outcome: 'done' });
      expect(platform.callsOf('takeSnapshot')).toEqual([]);
      expect(await point()).toMatchObject({ state: 'verified', snapshotAt: AT });
    },
  );

  it.each([
    ['no tags', {}],
    ['the tags of another run', { ...OURS, [TAGS.run]: 'snapshot/crm/2026-11-19T01:00:00Z' }],
    ['the tags of another stage', { ...OURS, [TAGS.stage]: 'prod' }],
    ['the tag of its run and none of a stage', { [TAGS.run]: OURS[TAGS.run]! }],
  ])('refuses a snapshot of its name that has %s, and leaves it as it is', async (_what, tags) => {
    const { take, platform, point, told, run } = snapshotWorld();
    platform.putSnapshot(ownSnapshot({ tags }));
    expect(await take()).toMatchObject({ outcome: 'failed', code: 'snapshot-foreign' });
    expect(platform.ids()).toEqual([NAME]);
    expect(platform.callsOf('takeSnapshot')).toEqual([]);
    expect(platform.callsOf('deleteSnapshot')).toEqual([]);
    expect(await point()).toMatchObject({ state: 'failed' });
    expect(await run()).toMatchObject({ state: 'failed', error: { code: 'snapshot-foreign' } });
    expect(told()).toEqual(['opened P1 job-failed crm snapshot']);
  });

  it('leaves a snapshot that it refused as foreign to its owner: retention does not delete it either', async () => {
    const { take, platform, deps, catalog, clock } = snapshotWorld({
      policy: { retention: retention({ all: 7 * DAY }) },
    });
    platform.putSnapshot(ownSnapshot({ tags: {} }));
    await take();
    clock.set('2026-12-20T05:00:00Z');
    await catalog.adoptPoint(snapshotPoint('2026-12-20T01:00:00Z'));
    const vault = memoryVault(clock);
    await stored(vault, catalog, '2026-12-20T01:00:00Z');
    const scheduledFor = '2026-12-20T05:00:00Z';
    const job = { ...SNAPSHOT, job: 'expire', scheduledFor, dryRun: false } as const;
    expect(await expire(job, { ...deps, vault, secondsLeft: () => 900 })).toMatchObject({ outcome: 'done' });
    expect(platform.ids()).toEqual([NAME]);
  });
});

describe('the snapshot job (its source)', () => {
  it.each([
    ['rds', 'stopped', 'source-stopped', 'start-db-instance'],
    ['aurora', 'stopped', 'source-stopped', 'start-db-cluster --db-cluster-identifier crm-db'],
    ['rds', 'stopping', 'source-stopped', 'start-db-instance'],
    ['rds', 'storage-full', 'source-storage-full', 'allocated-storage'],
    ['rds', 'deleting', 'source-deleting', './understudy points crm'],
    ['rds', 'inaccessible-encryption-credentials', 'source-unavailable', 'console'],
    ['rds', 'failed', 'source-unavailable', 'console'],
  ] as const)(
    'fails when the %s source is %s, with %s and its next step',
    async (kind, status, code, next) => {
      const { take, platform, point, run, told } = snapshotWorld({
        target: { platform: { kind, id: 'crm-db' } },
        source: { kind, status },
      });
      expect(await take()).toMatchObject({ outcome: 'failed', code, hint: expect.stringContaining(next) });
      expect(platform.callsOf('takeSnapshot')).toEqual([]);
      expect(await point()).toMatchObject({ state: 'failed', why: expect.stringContaining('crm-db') });
      expect(await run()).toMatchObject({ state: 'failed', error: { code } });
      expect(told()).toEqual(['opened P1 job-failed crm snapshot']);
    },
  );

  it('fails when the source is missing, and says where to look', async () => {
    const { take, platform } = snapshotWorld();
    platform.removeSource('crm-db');
    const hint = expect.stringContaining('CloudTrail');
    expect(await take()).toMatchObject({ outcome: 'failed', code: 'source-not-found', hint });
  });

  it('waits while the source is modified', async () => {
    const { take, platform, whilePaused, clock } = snapshotWorld({ source: { status: 'modifying' } });
    let pauses = 0;
    whilePaused(() => {
      if (++pauses === 4) platform.putSource(platformSource());
    });
    expect(await take()).toMatchObject({ outcome: 'done' });
    expect(platform.callsOf('takeSnapshot')).toHaveLength(1);
    expect(clock.now() > new Date('2026-11-20T01:03:00Z')).toBe(true);
  });

  it('gives up after an hour when the source stays busy', async () => {
    const { take, clock, platform } = snapshotWorld({ source: { status: 'modifying' } });
    const hint = expect.stringContaining('./understudy run snapshot crm');
    const summary = expect.stringContaining('modifying');
    expect(await take()).toMatchObject({ outcome: 'failed', code: 'source-busy', summary, hint });
    expect(utc(clock.now())).toBe('2026-11-20T02:00:20Z');
    expect(platform.callsOf('takeSnapshot')).toEqual([]);
  });

  it('waits too when the source becomes busy between the look and the call', async () => {
    const { take, platform } = snapshotWorld();
    platform.fail('takeSnapshot', new UnderstudyError('source-busy', 'crm-db is backing-up'), { times: 1 });
    expect(await take()).toMatchObject({ outcome: 'done' });
  });

  it('refuses a source without encryption before it takes anything, where the policy requires it', async () => {
    const { take, platform } = snapshotWorld({ source: { encrypted: false, kmsKey: undefined as never } });
    const hint = expect.stringContaining('encryption: any');
    expect(await take()).toMatchObject({ outcome: 'failed', code: 'snapshot-unencrypted', hint });
    expect(platform.ids()).toEqual([]);
  });

  it('takes a snapshot of a source without encryption where the policy allows it', async () => {
    const { take, point } = snapshotWorld({
      source: { encrypted: false, kmsKey: undefined as never },
      policy: snapshotOptions({ encryption: 'any' }),
    });
    const summary = expect.stringContaining('not encrypted');
    expect(await take()).toMatchObject({ outcome: 'done', summary });
    expect(await point()).toMatchObject({ state: 'verified' });
  });
});

describe('the snapshot job (a snapshot that is begun)', () => {
  it.each(['failed', 'incompatible-restore', 'deleting'])(
    'fails when the snapshot becomes %s',
    async (status) => {
      const { take, platform, whilePaused, point } = snapshotWorld({ looks: 9 });
      whilePaused(() => platform.setStatus(NAME, status));
      expect(await take()).toMatchObject({ outcome: 'failed', code: 'snapshot-failed' });
      expect(await point()).toMatchObject({ state: 'failed', why: expect.stringContaining(status) });
    },
  );

  it('fails when the snapshot is deleted before it is available', async () => {
    const { take, platform, whilePaused, point } = snapshotWorld({ looks: 9 });
    whilePaused(() => platform.deleteSnapshot('rds', NAME, { name: HOME, region: HOME }));
    expect(await take()).toMatchObject({ outcome: 'failed', code: 'snapshot-deleted' });
    expect(await point()).toMatchObject({ state: 'failed' });
  });

  it('gives a snapshot up at the policy’s deadline, and adopts it when it is asked for again', async () => {
    const policy = snapshotOptions({ deadline: 7200 });
    const { take, clock, platform, point, run } = snapshotWorld({ looks: 1e6, policy });
    const summary = expect.stringContaining('creating');
    expect(await take({ label: 'release 4.2' })).toMatchObject({ code: 'snapshot-late', summary });
    expect(utc(clock.now())).toBe('2026-11-20T03:00:20Z');
    expect(await point()).toMatchObject({ state: 'failed', label: 'release 4.2', snapshot: { id: NAME } });
    expect(await run()).toMatchObject({ state: 'failed' });
    platform.setStatus(NAME, 'available');
    expect(await take()).toMatchObject({ outcome: 'done' });
    expect(platform.callsOf('takeSnapshot')).toHaveLength(1);
    expect(await point()).toMatchObject({ state: 'verified' });
  });

  it.each([
    ['no storage at all', { bytes: 0 }],
    ['less than half of its source’s storage', { bytes: 9 * 2 ** 30 }],
    ['another engine', { engine: 'mysql' }],
  ])('does not count a snapshot that has %s', async (_what, odd) => {
    const { take, platform, point, open } = snapshotWorld();
    platform.putSnapshot(ownSnapshot(odd));
    expect(await take()).toMatchObject({ outcome: 'failed', code: 'snapshot-implausible' });
    expect(await open()).toContain(`snapshot-implausible ${ID}`);
    expect(await point()).toMatchObject({ state: 'available' });
  });

  it('counts a snapshot of half its source’s storage, which may have been enlarged since', async () => {
    const { take, platform, open } = snapshotWorld();
    platform.putSnapshot(ownSnapshot({ bytes: 10 * 2 ** 30 }));
    await take();
    expect(await open()).toEqual([]);
  });

  it('counts a cache’s snapshot that is not encrypted', async () => {
    const { take, catalog, open } = snapshotWorld({
      target: { platform: { kind: 'elasticache', id: 'sessions' } },
      source: { kind: 'elasticache', id: 'sessions', encrypted: false },
    });
    expect(await take()).toMatchObject({ outcome: 'done' });
    expect(await open()).toEqual([]);
    expect(await catalog.points('crm')).toEqual([expect.objectContaining({ state: 'verified' })]);
  });

  it('marks an unencrypted snapshot corrupt, and says so again when it is asked for again', async () => {
    const { take, platform, point, open, run } = snapshotWorld();
    platform.putSnapshot(ownSnapshot({ encrypted: false }));
    for (let times = 0; times < 2; times++) {
      expect(await take()).toMatchObject({ outcome: 'failed', code: 'snapshot-unencrypted' });
      expect(await point()).toMatchObject({ state: 'corrupt', why: expect.stringContaining('encrypted') });
      expect(await run()).toMatchObject({ state: 'failed', error: { code: 'snapshot-unencrypted' } });
    }
    expect(await open()).toEqual(['job-failed snapshot', `snapshot-unencrypted ${ID}`]);
  });

  it('neither counts a snapshot nor asks for its copies until its key can be used', async () => {
    const { take, deps, point, platform, catalog, open, messages } = snapshotWorld({
      policy: copiesTo(ABROAD),
    });
    const newest = async () => (await catalog.statuses(['crm'])).get('crm')?.snapshots?.newestVerified?.id;
    deps.keyState = async () => 'unusable';
    for (let times = 0; times < 2; times++) {
      expect(await take()).toMatchObject({ outcome: 'failed', code: 'restore-key-unusable' });
      expect(await point()).toMatchObject({ state: 'available' });
    }
    expect(await newest()).toBeUndefined();
    expect(messages.take('copy')).toEqual([]);
    expect(await open()).toEqual(['job-failed snapshot', `restore-key-unusable ${ID}`]);
    deps.keyState = async () => 'usable';
    expect(await take()).toMatchObject({ outcome: 'done' });
    expect(await point()).toMatchObject({ state: 'verified' });
    expect(await newest()).toBe(ID);
    expect(await open()).toEqual([]);
    expect(platform.callsOf('takeSnapshot')).toHaveLength(1);
  });

  it('counts a snapshot whose key KMS gives no answer about', async () => {
    const { take, deps, point } = snapshotWorld();
    deps.keyState = () => Promise.reject(new Error('throttled'));
    expect(await take()).toMatchObject({ outcome: 'done' });
    expect(await point()).toMatchObject({ state: 'verified' });
  });

  it('resolves findings about older snapshots of the same place with a good one, and no others', async () => {
    const { take, platform, open, clock, deps } = snapshotWorld();
    clock.set('2026-11-20T04:00:00Z');
    for (const hour of ['01', '03']) {
      const at = `2026-11-20T${hour}:00:00Z`;
      platform.putSnapshot(ownSnapshot({ bytes: 0 }, at));
      await take({ scheduledFor: at });
    }
    const copy = '20261119T010000Z-snapshot@eu-west-1';
    await raiseFinding(deps, 'snapshot-implausible', copy);
    await take({ scheduledFor: '2026-11-20T02:00:00Z' });
    const newer = '20261120T030000Z-snapshot@eu-central-1';
    expect(await open()).toEqual([`snapshot-implausible ${copy}`, `snapshot-implausible ${newer}`]);
  });

  it('resolves the failure of an earlier run with a good snapshot', async () => {
    const { take, platform, open, told } = snapshotWorld({ source: { status: 'stopped' } });
    await take();
    platform.putSource(platformSource());
    await take({ scheduledFor: '2026-11-20T01:00:10Z' });
    expect(await open()).toEqual([]);
    expect(told()).toEqual(['opened P1 job-failed crm snapshot', 'resolved P1 job-failed crm snapshot']);
  });

  it.each(['refreshStatus', 'finding'] as const)(
    'succeeds with a good snapshot although the catalog fails in %s',
    async (method) => {
      const { take, deps, catalog, told, run } = snapshotWorld();
      deps.catalog = { ...catalog, [method]: () => Promise.reject(new Error('throttled')) };
      await take().catch(() => undefined);
      expect(await run()).toMatchObject({ state: 'succeeded' });
      expect(told()).toEqual([]);
    },
  );
});

describe('the snapshot job (errors of RDS)', () => {
  it.each(['source', 'snapshot', 'takeSnapshot'] as const)(
    'succeeds when RDS throttles %s three times',
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
    'fails with the reason on record when RDS never stops throttling %s',
    async (method) => {
      const { take, platform, point, run, told } = snapshotWorld();
      platform.fail(method, throttled);
      const why = expect.stringContaining('Rate exceeded');
      expect(await take()).toMatchObject({ outcome: 'failed', summary: why });
      expect(await run()).toMatchObject({ state: 'failed', summary: why });
      expect(await point()).toMatchObject({ state: 'failed', why });
      expect(told()).toEqual(['opened P1 job-failed crm snapshot']);
    },
  );

  it('goes on waiting while RDS throttles its looks at the snapshot', async () => {
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

  it.each([1, 2])('takes one snapshot although RDS’s answer to the call is lost %i times', async (times) => {
    const { take, platform } = snapshotWorld();
    platform.fail('takeSnapshot', throttled, { times, after: true });
    expect(await take()).toMatchObject({ outcome: 'done' });
    expect(platform.ids()).toEqual([NAME]);
  });

  it.each(['snapshot-quota', 'platform-denied'])('fails at the first call refused for %s', async (code) => {
    const { take, platform } = snapshotWorld();
    platform.fail('takeSnapshot', new UnderstudyError(code, 'no', { hint: 'do something' }));
    expect(await take()).toMatchObject({ outcome: 'failed', code, summary: 'no', hint: 'do something' });
    expect(platform.callsOf('takeSnapshot')).toHaveLength(1);
  });

  it('sends the alert of a failure although the catalog cannot record it', async () => {
    const { take, deps, catalog, told } = snapshotWorld({ source: { status: 'stopped' } });
    deps.catalog = { ...catalog, finish: () => Promise.reject(new Error('throttled')) };
    await expect(take()).rejects.toThrow('throttled');
    expect(told()).toEqual(['opened P1 job-failed crm snapshot']);
  });

  it('records a failure although no topic takes its alert', async () => {
    const { take, deps, catalog, alerts, run } = snapshotWorld({ source: { status: 'stopped' } });
    deps.alerts = { ...alerts, send: () => Promise.reject(new Error('no topic')) };
    await take();
    expect(await run()).toMatchObject({ state: 'failed' });
    expect(await catalog.openFindings('crm')).toMatchObject([
      { code: 'job-failed', untold: { occasion: 'opened', topics: ['alerts', 'pages'] } },
    ]);
  });
});
