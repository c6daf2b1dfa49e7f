import { resolve } from '../../../lib/alerting/alerts.ts';
import { UnderstudyError } from '../../../lib/domain/errors.ts';
import type { Target } from '../../../lib/domain/plan/policy.ts';
import type { PlatformSnapshot } from '../../../lib/domain/points/platform-source.ts';
import { TAGS } from '../../../lib/domain/points/platform-source.ts';
import { copy } from '../../../lib/workflows/copy/copy.ts';
import { snapshot } from '../../../lib/workflows/snapshot/snapshot.ts';
import { takeInventory } from '../../../lib/workflows/watch/inventory.ts';
import { raiseFindings } from '../../../lib/workflows/watch/look.ts';
import {
  DAY,
  HOME,
  platformSnapshot,
  platformSource,
  snapshotPoint,
  throttled,
} from '../../support/builders.ts';
import { claimRun } from '../../support/records.ts';
import { restoreRecord } from '../../support/restore-records.ts';
import {
  ABROAD,
  AT,
  copiesTo,
  copyTo,
  ID,
  NAME,
  OURS,
  ownSnapshot,
  putGood,
  SNAPSHOT,
  snapshotWorld,
  VAULTED,
  VAULTED_PLACE,
} from '../../support/snapshots.ts';

const COPY = '20261120T010000Z-snapshot@eu-west-1';
const THERE = { name: 'eu-west-1', region: 'eu-west-1' };
const HERE = { name: HOME, region: HOME };
const AUTOMATED = '20261119T030000Z-automated@eu-central-1';

/** As the watch does: looks, raises what was found, and closes what is over. */
async function lookAndRaise(target: Target, { deps, clock }: ReturnType<typeof snapshotWorld>) {
  const look = await takeInventory(target, target.platform!, deps, clock.now());
  await raiseFindings(deps, look.findings, look.afterwards);
  for (const over of look.over ?? []) await resolve(deps, over);
  return look;
}

function looking(options: Parameters<typeof snapshotWorld>[0] = {}) {
  const made = snapshotWorld(options);
  const [target] = made.deps.plan.targets;
  return {
    ...made,
    async look() {
      const seen = await lookAndRaise(target!, made);
      const found = seen.findings.map(({ code, subject, severity }) => `${severity} ${code} ${subject}`);
      return [...found, ...seen.failures];
    },
    points: async () =>
      (await made.catalog.points('crm')).map(({ id, kind, state }) => `${id.split('-')[0]} ${kind} ${state}`),
    good: (at?: string, changes?: Partial<PlatformSnapshot>, place?: string) =>
      putGood(made, at, changes, place),
    status: async () => (await made.catalog.statuses(['crm'])).get('crm')?.platform,
  };
}
const automated = (at: string, changes: Partial<PlatformSnapshot> = {}) =>
  platformSnapshot({
    id: `rds:crm-db-${at.slice(0, 10)}`,
    type: 'automated',
    createdAt: at,
    takenAt: at,
    ...changes,
  });
const foreign = (at: string, changes: Partial<PlatformSnapshot> = {}) =>
  platformSnapshot({ id: 'by-hand', createdAt: at, takenAt: at, ...changes });

describe('the watch’s inventory of the source', () => {
  it('records in the status how far back the source can be restored, where its backups are replicated to, and what a new one would be like', async () => {
    const replicatedTo = ['arn:aws:rds:eu-west-1:111122223333:auto-backup:ab-1'];
    const { look, status } = looking({ source: { replicatedTo } });
    await look();
    expect(await status()).toEqual({
      replicatedTo,
      source: {
        ...{ state: 'ready', instanceClass: 'db.m7g.large', multiAz: true, subnetGroup: 'private' },
        kmsKey: 'arn:aws:kms:eu-central-1:111122223333:key/home',
      },
      readAt: '2026-11-20T01:00:20Z',
      status: 'available',
      id: 'crm-db',
      resourceId: 'db-CRM1',
      retention: 7 * DAY,
      earliest: '2026-11-13T12:00:00Z',
      latest: '2026-11-20T11:55:00Z',
    });
  });

  it('finds a source that is gone, forgets its moments, and keeps and adopts its snapshots', async () => {
    const { look, platform, status, good, point } = looking();
    await good();
    await look();
    platform.removeSource('crm-db');
    platform.putSnapshot(automated('2026-11-19T03:00:00Z'));
    expect(await look()).toEqual(['P0 source-missing crm-db']);
    expect(await status()).toMatchObject({ status: 'missing', retention: 0 });
    expect(await status()).not.toHaveProperty('latest');
    expect(await point()).toMatchObject({ state: 'verified' });
    expect(await point(AUTOMATED)).toMatchObject({ state: 'verified' });
  });

  it.each([
    ['without automated backups', { backups: { retention: 0 } }, 'backups-disabled'],
    ['that reaches less far back than promised', { backups: { retention: DAY } }, 'pitr-window-short'],
    ['without free storage', { status: 'storage-full' }, 'storage-full'],
  ])('finds a source %s', async (_what, source, code) => {
    const { look } = looking({ source });
    expect(await look()).toEqual([expect.stringContaining(`${code} crm-db`)]);
  });

  it.each([
    ['at once', false, /moments from 2026-11-13T12:00:00Z to 2026-11-20T11:55:00Z are lost/],
    ['after a while', true, /created 2026-11-20T00:30:00Z: db-CRM2, before db-CRM1$/],
  ])('finds once that another source of its name replaced the former %s', async (_when, gone, said) => {
    const { look, platform, catalog, open } = looking();
    await look();
    platform.putSource(platformSource({ status: 'rebooting' }));
    await look();
    expect(await open()).toEqual([]);
    if (gone) {
      platform.removeSource('crm-db');
      await look();
    }
    platform.putSource(platformSource({ resourceId: 'db-CRM2', createdAt: '2026-11-20T00:30:00Z' }));
    for (let times = 0; times < 2; times++) await look();
    const replaced = (await catalog.openFindings()).filter(({ code }) => code === 'source-replaced');
    expect(replaced).toMatchObject([{ subject: 'db-CRM2', message: expect.stringMatching(said) }]);
  });

  it('reports nothing of a source whose names a restore is changing, and all of it afterwards', async () => {
    const { look, platform, catalog, open } = looking();
    await look();
    const restore = restoreRecord({ target: 'crm', state: 'running' });
    await catalog.beginRestore(restore);
    const switched = { at: restore.startedAt, secrets: [], oldIs: 'crm-db-replaced-20261120t120000z' };
    await catalog.putRestore({ ...restore, switched });
    platform.removeSource('crm-db');
    expect(await look()).toEqual([]);
    platform.putSource(platformSource({ resourceId: 'db-CRM2' }));
    expect(await look()).toEqual([]);
    expect(await open()).toEqual([]);
    await catalog.putRestore({ ...restore, switched, state: 'not-done' });
    expect(await look()).toEqual([expect.stringContaining('source-replaced')]);
  });

  it('finds no replacement when the plan names another source', async () => {
    const made = looking();
    await made.look();
    made.platform.putSource(platformSource({ id: 'crm-db-restored', resourceId: 'db-CRM2' }));
    const [target] = made.deps.plan.targets;
    const moved = { ...target!, platform: { kind: 'rds' as const, id: 'crm-db-restored' } };
    for (let times = 0; times < 2; times++) await lookAndRaise(moved, made);
    expect(await made.open()).toEqual([]);
  });
});

describe('the watch’s inventory of places', () => {
  it('lists snapshots at home and in every place that the policy copies to, through the place’s role', async () => {
    const { look, platform } = looking({ policy: copiesTo(ABROAD, VAULTED) });
    await look();
    expect(platform.callsOf('snapshots').map(([, place]) => place)).toMatchObject([
      { name: HOME },
      { name: 'eu-west-1' },
      { name: VAULTED_PLACE, role: VAULTED.role },
    ]);
  });

  it('misses no point in a place that it does not list', async () => {
    const { look, catalog } = looking();
    await catalog.adoptPoint(snapshotPoint(AT, { place: 'ap-south-1' }));
    expect(await look()).toEqual([]);
  });

  it('only reads: it deletes, copies, shares and takes no snapshot', async () => {
    const { look, platform } = looking();
    platform.putSnapshot(automated('2026-11-19T03:00:00Z'));
    platform.putSnapshot(foreign('2020-01-01T00:00:00Z'));
    await look();
    expect([...new Set(platform.calls.map(({ method }) => method))].sort()).toEqual(['snapshots', 'source']);
  });
});

describe('the watch’s inventory of snapshots that it does not know', () => {
  it('adopts an automated snapshot once, as old as its own moment', async () => {
    const { look, platform, point, points } = looking();
    platform.putSnapshot(automated('2026-11-19T03:00:00Z'));
    for (let times = 0; times < 3; times++) expect(await look()).toEqual([]);
    expect(await points()).toEqual(['20261119T030000Z automated verified']);
    expect(await point(AUTOMATED)).toMatchObject({
      snapshotAt: '2026-11-19T03:00:00Z',
      availableAt: '2026-11-20T01:00:20Z',
      snapshot: { id: 'rds:crm-db-2026-11-19', resourceId: 'db-CRM1' },
    });
  });

  it('adopts foreign snapshots of the source in every place, encrypted or not', async () => {
    const { look, platform, points, open } = looking({ policy: copiesTo(ABROAD, VAULTED) });
    const { kmsKey: _key, ...plain } = foreign('2026-11-18T03:00:00Z', { encrypted: false, bytes: 0 });
    platform.putSnapshot(plain);
    platform.putSnapshot(foreign('2026-11-18T04:00:00Z'), 'eu-west-1');
    platform.putSnapshot(foreign('2026-11-18T05:00:00Z'), VAULTED_PLACE);
    await look();
    expect(await points()).toEqual([
      '20261118T050000Z foreign verified',
      '20261118T040000Z foreign verified',
      '20261118T030000Z foreign verified',
    ]);
    expect(await open()).toEqual([]);
  });

  it.each<[string, string, Partial<PlatformSnapshot>]>([
    ['an automated snapshot in the making', HOME, { type: 'automated', status: 'creating' }],
    ['a snapshot that another account shares', HOME, { type: 'shared' }],
    ['a snapshot without a date of creation', HOME, { createdAt: undefined as never }],
    ['a foreign snapshot without a moment', HOME, { takenAt: undefined as never }],
    ['a snapshot of another source', HOME, { sourceId: 'erp-db' }],
    ['a snapshot elsewhere of another database of that name', 'eu-west-1', { resourceId: 'db-OTHER' }],
    ['a snapshot elsewhere of an unknown database', 'eu-west-1', { resourceId: undefined as never }],
    ['a snapshot of another stage', HOME, { tags: { ...OURS, [TAGS.stage]: 'prod' } }],
    ['a snapshot of another target', HOME, { tags: { ...OURS, [TAGS.run]: `snapshot/erp/${AT}` } }],
    ['a snapshot of no moment', HOME, { tags: { ...OURS, [TAGS.run]: 'snapshot/crm/yesterday' } }],
  ])('does not adopt %s', async (_what, place, changes) => {
    const { look, platform, points } = looking({ policy: copiesTo(ABROAD) });
    platform.putSnapshot(foreign('2026-11-18T04:00:00Z', changes), place);
    await look();
    expect(await points()).toEqual([]);
  });

  it('dates a copy of its own that RDS does not date by the moment it was scheduled for', async () => {
    const { look, platform, point } = looking({ policy: copiesTo(ABROAD) });
    const createdAt = '2026-11-20T01:00:10Z';
    platform.putSnapshot(ownSnapshot({ createdAt, takenAt: undefined as never }), 'eu-west-1');
    await look();
    expect(await point(COPY)).toMatchObject({ state: 'verified', snapshotAt: AT });
  });

  it.each([
    ['unusable', [`restore-key-unusable ${AUTOMATED}`]],
    ['unknown', []],
  ] as const)(
    'counts an automated snapshot when its %s key becomes usable, and no sooner',
    async (key, found) => {
      const { look, platform, points, open, told, deps } = looking();
      deps.keyState = async () => key;
      platform.putSnapshot(automated('2026-11-19T03:00:00Z'));
      for (let times = 0; times < 3; times++) {
        await look();
        expect(await points()).toEqual(['20261119T030000Z automated available']);
        expect(await open()).toEqual(found);
      }
      expect(told()).toHaveLength(found.length);
      deps.keyState = async () => 'usable';
      await look();
      expect(await points()).toEqual(['20261119T030000Z automated verified']);
      expect(await open()).toEqual([]);
    },
  );
});

describe('the watch’s inventory of snapshots whose job died', () => {
  it.each([
    ['creating', 'while it was being made'],
    ['failed', 'after it had given up'],
    ['available', 'before it was judged'],
  ] as const)('adopts one that is %s on record, with its label: the job died %s', async (state, _when) => {
    const { look, platform, catalog, point } = looking();
    platform.putSnapshot(ownSnapshot({ tags: { ...OURS, [TAGS.label]: 'release 4-2' } }));
    const snapshot = { id: NAME, arn: state === 'available' ? 'arn' : '' };
    await catalog.adoptPoint(snapshotPoint(AT, { state, label: 'release “4.2”', snapshot }));
    expect(await look()).toEqual([]);
    expect(await point()).toMatchObject({ kind: 'snapshot', state: 'verified', label: 'release “4.2”' });
    expect((await point())!.snapshot.arn).not.toBe('');
  });

  it('adopts one that is on no record, with the label of its tag', async () => {
    const { look, platform, point } = looking();
    platform.putSnapshot(ownSnapshot({ tags: { ...OURS, [TAGS.label]: 'release 4-2' } }));
    await look();
    const known = { kind: 'snapshot', state: 'verified', scheduledFor: AT, label: 'release 4-2' };
    expect(await point()).toMatchObject(known);
  });

  /** How long to wait, and the state then: before, at and after the end of a lease of so many hours. */
  const leaseOf = (hours: number) =>
    [
      [0, 'creating'],
      [hours * 3600 - 60, 'creating'],
      [120, 'verified'],
    ] as const;

  it('leaves a snapshot to its job until the lease is over, and adopts it then', async () => {
    const { look, platform, execution, deps, point, clock } = looking({ looks: 3 });
    const death = { at: 'begin the snapshot: look 1', when: 'kept' } as const;
    await execution().run((durable) => snapshot(SNAPSHOT, durable, deps), death);
    platform.setStatus(NAME, 'available');
    for (const [seconds, state] of leaseOf(14)) {
      await clock.advance(seconds);
      await look();
      expect(await point()).toMatchObject({ state });
    }
  });

  it('leaves a copy to its own job until the lease is over, and adopts it then', async () => {
    const { look, take, execution, deps, point, platform, clock } = looking({
      policy: copiesTo(ABROAD),
      looks: 3,
      source: { kind: 'aurora' },
      target: { platform: { kind: 'aurora', id: 'crm-db' } },
    });
    await take();
    const death = { at: 'wait for the snapshot: begin', when: 'kept' } as const;
    await execution().run((durable) => copy(copyTo('eu-west-1'), durable, deps), death);
    platform.setStatus(NAME, 'available', 'eu-west-1');
    for (const [seconds, state] of leaseOf(37)) {
      await clock.advance(seconds);
      await look();
      expect(await point(COPY)).toMatchObject({ state });
    }
    expect(await point(COPY)).toMatchObject({ snapshotAt: '2026-11-20T01:00:20Z' });
  });

  it('marks one that is not encrypted corrupt, and alerts once', async () => {
    const { look, platform, point, told } = looking();
    platform.putSnapshot(ownSnapshot({ encrypted: false }));
    for (let times = 0; times < 3; times++) await look();
    expect(await point()).toMatchObject({ state: 'corrupt' });
    expect(told()).toEqual([`opened P1 snapshot-unencrypted crm ${ID}`]);
  });

  it('asks at every look about keys that could not be used, at home and of copies', async () => {
    const { look, take, copy, deps, point, open } = looking({ policy: copiesTo(ABROAD) });
    const later = '20261120T010010Z-snapshot@eu-central-1';
    const states = async () => [
      (await point())?.state,
      (await point(COPY))?.state,
      (await point(later))?.state,
    ];
    await take();
    deps.keyState = async () => 'unusable';
    await copy('eu-west-1');
    await take({ scheduledFor: '2026-11-20T01:00:10Z' });
    for (let times = 0; times < 2; times++) await look();
    expect(await states()).toEqual(['verified', 'available', 'available']);
    const about = [`restore-key-unusable ${COPY}`, `restore-key-unusable ${later}`];
    expect(await open()).toEqual(expect.arrayContaining(about));
    deps.keyState = async () => 'usable';
    await look();
    expect(await states()).toEqual(['verified', 'verified', 'verified']);
    expect((await open()).filter((line) => line.startsWith('restore-key'))).toEqual([]);
  });

  it.each(['failed', 'verified', 'rehearsed', 'corrupt', 'expiring', 'expired'] as const)(
    'leaves a point %s',
    async (state) => {
      const { look, platform, catalog, point } = looking();
      platform.putSnapshot(ownSnapshot(state === 'failed' ? { status: 'failed' } : {}));
      await catalog.adoptPoint(snapshotPoint(AT, { state, snapshot: { id: NAME } }));
      await look();
      expect(await point()).toMatchObject({ state });
    },
  );

  it('does not take a copy under another name, with all the tags of its original, for the original', async () => {
    const { look, platform, point } = looking();
    platform.putSnapshot(ownSnapshot({ id: 'copied-by-hand' }));
    await look();
    expect((await point())?.snapshot.id).not.toBe('copied-by-hand');
  });

  it('closes a finding about a bad snapshot when a newer one is good, and does not open it again', async () => {
    const { look, platform, clock, open } = looking();
    platform.putSnapshot(ownSnapshot({ bytes: 0 }));
    await look();
    expect(await open()).toEqual([`snapshot-implausible ${ID}`]);
    await clock.advance(DAY);
    platform.putSnapshot(ownSnapshot({}, '2026-11-21T01:00:00Z'));
    for (let times = 0; times < 3; times++) await look();
    expect(await open()).toEqual([]);
  });

  it('does not hold a snapshot of days ago against the size that its source has today', async () => {
    const { look, platform, point, clock } = looking();
    await clock.advance(2 * DAY);
    platform.putSnapshot(ownSnapshot({ bytes: 9 * 2 ** 30 }));
    await look();
    expect(await point()).toMatchObject({ state: 'verified' });
  });

  it('holds a copy against its original, and not against its source', async () => {
    const source = { bytes: 900 * 2 ** 30 };
    const { look, good, platform, point } = looking({ policy: copiesTo(ABROAD), source });
    await good();
    platform.putSnapshot(ownSnapshot(), 'eu-west-1');
    await look();
    expect(await point(COPY)).toMatchObject({ state: 'verified' });
  });
});

describe('the watch’s inventory of snapshots that are gone', () => {
  it('expires automated and foreign snapshots without a finding', async () => {
    const { look, catalog, points } = looking();
    const theirs = [
      snapshotPoint('2026-11-19T03:00:00Z', { kind: 'automated', snapshot: { id: 'rds:x' } }),
      snapshotPoint('2026-11-19T04:00:00Z', { kind: 'foreign', snapshot: { id: 'by-hand' } }),
    ];
    for (const each of theirs) await catalog.adoptPoint(each);
    expect(await look()).toEqual([]);
    expect(await points()).toEqual([
      '20261119T040000Z foreign expired',
      '20261119T030000Z automated expired',
    ]);
  });

  it.each([
    ['is the only one', []],
    ['has an older one beside it', ['2026-11-19T01:00:00Z']],
    ['has a newer one beside it', ['2026-11-20T02:00:00Z']],
  ])('marks a snapshot of its own corrupt, and finds it once, when it %s', async (_what, others) => {
    const { look, platform, good, point } = looking();
    for (const at of [AT, ...others]) await good(at);
    await platform.deleteSnapshot('rds', NAME, HERE);
    expect(await look()).toEqual([`P0 snapshot-deleted ${ID}`]);
    const why = expect.stringContaining('retention did not delete it');
    expect(await point()).toMatchObject({ state: 'corrupt', why });
    expect(await look()).toEqual([]);
  });

  it.each([
    ['made anew under its name', { tags: {}, takenAt: '2026-11-20T09:00:00Z' }, 'is another of that name'],
    ['replaced by a copy of an older one', { takenAt: '2026-01-20T01:00:00Z' }, 'is another of that name'],
    ['found failed', { status: 'failed' }, 'is failed'],
    ['found in deletion', { status: 'deleting' }, 'is deleting'],
  ])('marks a snapshot corrupt that was %s, and finds it once', async (_what, changes, said) => {
    const { look, good, platform, point } = looking();
    await good();
    await look();
    expect(await point()).toMatchObject({ state: 'verified' });
    await platform.deleteSnapshot('rds', NAME, HERE);
    platform.putSnapshot(ownSnapshot(changes));
    expect(await look()).toContain(`P0 snapshot-deleted ${ID}`);
    expect(await point()).toMatchObject({ state: 'corrupt', why: expect.stringContaining(said) });
    expect((await look()).filter((each) => each.includes('snapshot-deleted'))).toEqual([]);
  });

  it('keeps a snapshot that was taken forty minutes after it was asked for', async () => {
    const { look, good } = looking();
    await good(AT, { takenAt: '2026-11-20T01:40:00Z' });
    expect(await look()).toEqual([]);
  });

  it('keeps a snapshot that is missing from the list only, as of a source that was renamed', async () => {
    const { look, platform, good, point, deps } = looking();
    await good();
    deps.platform = { ...platform, snapshots: async () => [] };
    expect(await look()).toEqual([]);
    expect(await point()).toMatchObject({ state: 'verified' });
  });

  it('finds a deleted snapshot although the look at another place fails', async () => {
    const { look, platform, good, deps } = looking({ policy: copiesTo(ABROAD) });
    await good();
    await platform.deleteSnapshot('rds', NAME, HERE);
    deps.platform = {
      ...platform,
      snapshots: (ref, place) =>
        place.name === HOME ? platform.snapshots(ref, place) : Promise.reject(throttled),
    };
    expect(await look()).toEqual([`P0 snapshot-deleted ${ID}`, 'eu-west-1: Rate exceeded']);
  });

  it('keeps the original of a copy that was deleted', async () => {
    const { look, platform, good, point } = looking({ policy: copiesTo(ABROAD) });
    for (const place of [HOME, 'eu-west-1']) await good(AT, {}, place);
    await platform.deleteSnapshot('rds', NAME, THERE);
    expect(await look()).toEqual([`P0 snapshot-deleted ${COPY}`]);
    expect(await point()).toMatchObject({ state: 'verified' });
  });

  it.each(['creating', 'failed', 'expiring', 'expired'] as const)(
    'does not miss the snapshot of a point that is %s',
    async (state) => {
      const { look, catalog, point } = looking();
      await catalog.adoptPoint(snapshotPoint(AT, { state, snapshot: { id: NAME } }));
      expect(await look()).toEqual([]);
      expect(await point()).toMatchObject({ state });
    },
  );

  it('does not miss a snapshot that retention deletes during the look', async () => {
    const { look, platform, good, deps, catalog, point } = looking();
    await good();
    deps.platform = {
      ...platform,
      async snapshots(ref, place) {
        await catalog.movePoint('crm', ID, 'expiring');
        await platform.deleteSnapshot('rds', NAME, place);
        return platform.snapshots(ref, place);
      },
    };
    expect(await look()).toEqual([]);
    expect(await point()).toMatchObject({ state: 'expiring' });
  });

  it('does not miss a snapshot that is recorded during the look', async () => {
    const { look, platform, deps, catalog, point } = looking();
    deps.platform = {
      ...platform,
      async snapshots(ref, place) {
        const found = await platform.snapshots(ref, place);
        await catalog.adoptPoint(snapshotPoint(AT, { snapshot: { id: NAME } }));
        return found;
      },
    };
    expect(await look()).toEqual([]);
    expect(await point()).toMatchObject({ state: 'verified' });
  });

  it('misses no snapshot while RDS does not answer', async () => {
    const { look, platform, good, point } = looking();
    await good();
    platform.fail('snapshots', throttled);
    expect(await look()).toEqual([`${HOME}: Rate exceeded`]);
    expect(await point()).toMatchObject({ state: 'verified' });
  });
});

describe('the watch’s inventory of a place where every copy is gone at once', () => {
  const times = ['2026-11-18T01:00:00Z', '2026-11-19T01:00:00Z'];
  const copies = async (many = times, place = 'eu-west-1') => {
    const made = looking({ policy: copiesTo(ABROAD) });
    for (const at of many) await made.good(at, {}, place);
    const real = made.deps.platform;
    const empty = { ...real, snapshots: async () => [], snapshot: async () => undefined };
    const answerNothing = (nothing: boolean) => {
      made.deps.platform = nothing ? empty : real;
    };
    const states = async () => (await made.catalog.points('crm')).map(({ state }) => state);
    return { ...made, answerNothing, states };
  };
  const deleted = (at: string) => `P0 snapshot-deleted ${at.replaceAll(/[-:]/g, '')}-snapshot@eu-west-1`;

  it.each([
    ['the two copies', times],
    ['the only copy', times.slice(1)],
  ])('alerts at the first look, and marks %s corrupt at the second', async (_what, many) => {
    const { look, answerNothing, states } = await copies(many);
    answerNothing(true);
    expect(await look()).toEqual(expect.arrayContaining(many.map(deleted)));
    expect(await states()).toEqual(many.map(() => 'verified'));
    expect(await look()).toEqual(expect.arrayContaining(many.map(deleted)));
    expect(await states()).toEqual(many.map(() => 'corrupt'));
    expect(await look()).toEqual([]);
  });

  it('resolves its alerts when the next look finds the copies again, however often that happens', async () => {
    const { look, answerNothing, states, open, told } = await copies();
    for (let rounds = 0; rounds < 3; rounds++) {
      answerNothing(true);
      await look();
      expect(told().filter((line) => line.startsWith('opened'))).toHaveLength(2);
      answerNothing(false);
      await look();
      expect(await open()).toEqual([]);
      expect(told().filter((line) => line.startsWith('resolved'))).toHaveLength(2);
    }
    expect(await states()).toEqual(['verified', 'verified']);
  });

  it('marks snapshots at home corrupt at the first look', async () => {
    const { look, answerNothing, states } = await copies(times, HOME);
    answerNothing(true);
    await look();
    expect(await states()).toEqual(['corrupt', 'corrupt']);
  });

  it('marks one of two copies corrupt at the first look while the other is there', async () => {
    const { look, platform, states } = await copies();
    await platform.deleteSnapshot('rds', ownSnapshot({}, times[0]).id, THERE);
    await look();
    expect(await states()).toEqual(['verified', 'corrupt']);
  });
});

describe('the watch’s inventory of copies that are missing', () => {
  const TWO = { policy: copiesTo(ABROAD, { ...ABROAD, region: 'us-east-1' }) };
  const withGood = async (options: Parameters<typeof snapshotWorld>[0] = { policy: copiesTo(ABROAD) }) => {
    const made = looking(options);
    await made.good();
    made.clock.set('2026-11-20T01:10:00Z');
    return { ...made, asked: () => made.messages.take('copy') };
  };

  it('asks for copies ten minutes after their original was good, and no sooner', async () => {
    const { look, asked, clock } = await withGood(TWO);
    clock.set('2026-11-20T01:09:59Z');
    await look();
    expect(asked()).toEqual([]);
    clock.set('2026-11-20T01:10:00Z');
    await look();
    expect(asked()).toMatchObject([
      { to: 'eu-west-1', point: ID, requestedBy: 'watch', scheduledFor: AT },
      { to: 'us-east-1', point: ID },
    ]);
  });

  it.each(['creating', 'available', 'verified', 'rehearsed', 'corrupt'] as const)(
    'asks for no copy that is %s',
    async (state) => {
      const { look, asked, catalog, platform, clock } = await withGood(TWO);
      platform.putSnapshot(ownSnapshot(), 'eu-west-1');
      await catalog.adoptPoint(snapshotPoint(AT, { place: 'eu-west-1', state, snapshot: { id: NAME } }));
      const run = { job: 'copy', target: 'crm', scheduledFor: COPY };
      const claim = await claimRun(catalog, run, clock.now(), { leaseSeconds: 1e6 });
      const ending = { state: 'succeeded', endedAt: '2026-11-20T01:11:00Z', summary: '' } as const;
      if (state !== 'creating') await catalog.finish(claim, ending);
      clock.set('2026-11-20T05:00:00Z');
      await look();
      expect(asked().map(({ to }) => to)).toEqual(['us-east-1']);
    },
  );

  it('asks again for a copy that failed after an hour, and no sooner', async () => {
    const { look, asked, platform, copy, clock, point } = await withGood();
    platform.fail('copySnapshot', new UnderstudyError('snapshot-quota', '100 snapshots'));
    await copy('eu-west-1');
    expect(await point(COPY)).toMatchObject({ state: 'failed' });
    await clock.advance(3600);
    await look();
    expect(asked()).toEqual([]);
    await clock.advance(60);
    await look();
    expect(asked()).toHaveLength(1);
  });

  it('asks again for a copy that was refused without a point after an hour, and no sooner', async () => {
    const { look, asked, copy, clock } = await withGood({ policy: copiesTo({ region: 'eu-west-1' }) });
    expect(await copy('eu-west-1')).toMatchObject({ code: 'copy-impossible' });
    for (let looks = 0; looks < 11; looks++) {
      await clock.advance(300);
      await look();
    }
    expect(asked()).toEqual([]);
    await clock.advance(900);
    await look();
    expect(asked()).toHaveLength(1);
  });

  it('asks for copies of the newest verified snapshot of its own at home, and of no other', async () => {
    const { look, asked, good, clock, catalog } = await withGood();
    await good('2026-11-20T02:00:00Z');
    await catalog.adoptPoint(snapshotPoint('2026-11-20T03:00:00Z', { state: 'corrupt' }));
    await catalog.adoptPoint(snapshotPoint('2026-11-20T03:30:00Z', { kind: 'automated' }));
    await good('2026-11-20T03:40:00Z', {}, 'eu-west-1');
    clock.set('2026-11-20T04:00:00Z');
    await look();
    expect(asked().map(({ point }) => point)).toEqual(['20261120T020000Z-snapshot@eu-central-1']);
  });

  it('asks for no copy where the policy wants none', async () => {
    const { look, asked } = await withGood({});
    await look();
    expect(asked()).toEqual([]);
  });
});
