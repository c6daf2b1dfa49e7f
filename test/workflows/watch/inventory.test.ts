import { resolve } from '../../../lib/alerting/alerts.ts';
import { UnderstudyError } from '../../../lib/domain/errors.ts';
import { snapshotName } from '../../../lib/domain/names.ts';
import type { Target } from '../../../lib/domain/plan/policy.ts';
import { type PlatformSnapshot, TAGS } from '../../../lib/domain/points/platform.ts';
import type { SnapshotPoint } from '../../../lib/domain/points/recovery-point.ts';
import { copy } from '../../../lib/workflows/copy/copy.ts';
import { snapshot } from '../../../lib/workflows/snapshot/snapshot.ts';
import { takeInventory } from '../../../lib/workflows/watch/inventory.ts';
import { raiseFindings } from '../../../lib/workflows/watch/look.ts';
import {
  DAY,
  HOME,
  platformSnapshot,
  platformSource,
  policy,
  snapshotPoint,
} from '../../support/builders.ts';
import {
  ABROAD,
  AT,
  copiesTo,
  copyTo,
  ID,
  NAME,
  OURS,
  SNAPSHOT,
  snapshotWorld,
  VAULTED,
  VAULTED_PLACE,
} from '../../support/snapshots.ts';

const COPY = '20261120T010000Z-snapshot@eu-west-1';
const LATER = '2026-11-20T01:00:10Z';
const LATER_ID = '20261120T010010Z-snapshot@eu-central-1';

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
    /** One of ours, on the platform and good. */
    async good(at = AT, changes: Partial<PlatformSnapshot> = {}, place = HOME) {
      const id = snapshotName('test', 'crm', at);
      const tags = { ...OURS, [TAGS.run]: `snapshot/crm/${at}` };
      made.platform.putSnapshot(
        platformSnapshot({ id, tags, createdAt: at, takenAt: at, ...changes }),
        place,
      );
      const point = snapshotPoint(at, { place, snapshot: { id } });
      await made.catalog.adoptPoint(point);
      return point;
    },
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

describe('a source', () => {
  it('that is another of the same name is told of once: what the former kept went with it', async () => {
    const { look, platform, catalog } = looking();
    const open = async () =>
      (await catalog.openFindings())
        .filter(({ code }) => code !== 'source-missing')
        .map(({ code, subject, message }) => `${code} ${subject}: ${message}`);
    await look();
    expect(await open()).toEqual([]);
    platform.putSource(platformSource({ status: 'rebooting' }));
    await look();
    expect(await open()).toEqual([]);
    // Gone for a while meanwhile, and then another.
    platform.removeSource('crm-db');
    await look();
    platform.putSource(platformSource({ resourceId: 'db-CRM2', createdAt: '2026-11-20T00:30:00Z' }));
    for (let times = 0; times < 2; times++) await look();
    expect(await open()).toEqual([
      'source-replaced db-CRM2: crm-db of crm was replaced by another of the same name, created 2026-11-20T00:30:00Z: db-CRM2, before db-CRM1',
    ]);
  });

  it('that the plan names instead of the former is no replacement: the former stands', async () => {
    const made = looking();
    await made.look();
    made.platform.putSource(platformSource({ id: 'crm-db-restored', resourceId: 'db-CRM2' }));
    const [target] = made.deps.plan.targets;
    const moved = { ...target!, platform: { kind: 'rds' as const, id: 'crm-db-restored' } };
    for (let times = 0; times < 2; times++) await lookAndRaise(moved, made);
    expect(await made.catalog.openFindings()).toEqual([]);
  });

  it('that was replaced between two looks says which moments went', async () => {
    const { look, platform, catalog } = looking();
    await look();
    platform.putSource(platformSource({ resourceId: 'db-CRM2' }));
    await look();
    expect((await catalog.openFindings())[0]).toMatchObject({
      code: 'source-replaced',
      message: expect.stringContaining('moments from 2026-11-13T12:00:00Z to 2026-11-20T11:55:00Z are lost'),
    });
  });
});

describe('copies that are gone all at once', () => {
  const times = ['2026-11-18T01:00:00Z', '2026-11-19T01:00:00Z'];
  const abroad = async (many = times) => {
    const made = looking({ policy: copiesTo(ABROAD) });
    for (const at of many) await made.good(at, {}, 'eu-west-1');
    const real = made.deps.platform;
    const answering = (nothing: boolean) => {
      made.deps.platform = nothing
        ? { ...real, snapshots: async () => [], snapshot: async () => undefined }
        : real;
    };
    const states = async () => (await made.catalog.points('crm')).map(({ state }) => state);
    return { ...made, answering, states };
  };
  const BOTH = times
    .map((at) => `P0 snapshot-deleted ${at.replaceAll(/[-:]/g, '')}-snapshot@eu-west-1`)
    .reverse();

  it('are told at once, and are no recovery points when the next look finds it so too', async () => {
    const { look, answering, states } = await abroad();
    answering(true);
    expect(await look()).toEqual(expect.arrayContaining(BOTH));
    expect(await states()).toEqual(['verified', 'verified']);
    expect(await look()).toEqual(expect.arrayContaining(BOTH));
    expect(await states()).toEqual(['corrupt', 'corrupt']);
    expect(await look()).toEqual([]);
  });

  it('and are there again at the next look stay what they were, which is told, however often that happens', async () => {
    const { look, answering, states, catalog, told } = await abroad();
    for (let times = 0; times < 3; times++) {
      answering(true);
      await look();
      expect(told().filter((line) => line.startsWith('pages: opened'))).toHaveLength(2);
      answering(false);
      await look();
      expect(await catalog.openFindings('crm')).toEqual([]);
      expect(told().filter((line) => line.startsWith('pages: resolved'))).toHaveLength(2);
    }
    expect(await states()).toEqual(['verified', 'verified']);
  });

  it('at home, where no other place can answer instead, are lost at the first look', async () => {
    const made = looking();
    for (const at of times) await made.good(at);
    made.deps.platform = {
      ...made.deps.platform,
      snapshots: async () => [],
      snapshot: async () => undefined,
    };
    await made.look();
    expect((await made.catalog.points('crm')).map(({ state }) => state)).toEqual(['corrupt', 'corrupt']);
  });

  it('also when there is only one; but not when others of the place are there', async () => {
    const alone = await abroad(times.slice(1));
    alone.answering(true);
    await alone.look();
    expect(await alone.states()).toEqual(['verified']);
    await alone.look();
    expect(await alone.states()).toEqual(['corrupt']);
    const both = await abroad();
    await both.platform.deleteSnapshot('rds', snapshotName('test', 'crm', times[0]!), {
      name: 'eu-west-1',
      region: 'eu-west-1',
    });
    await both.look();
    expect(await both.states()).toEqual(['verified', 'corrupt']);
  });
});

describe('a snapshot of ours', () => {
  it.each([
    [
      'somebody deleted and made anew under its name',
      { takenAt: '2026-11-20T09:00:00Z' },
      'is another of that name',
    ],
    [
      'somebody replaced by a copy of an older one',
      { takenAt: '2026-01-20T01:00:00Z' },
      'is another of that name',
    ],
    ['has failed since', { status: 'failed' }, 'is failed'],
    ['is being deleted', { status: 'deleting' }, 'is deleting'],
  ])('that %s is no recovery point any more', async (_what, changes, said) => {
    const { look, good, platform, catalog } = looking();
    const point = await good();
    await look();
    expect(await catalog.point('crm', point.id)).toMatchObject({ state: 'verified' });
    const tags = 'takenAt' in changes ? {} : OURS;
    await platform.deleteSnapshot('rds', NAME, { name: HOME, region: HOME });
    platform.putSnapshot(platformSnapshot({ id: NAME, tags, createdAt: AT, takenAt: AT, ...changes }));
    expect(await look()).toContain(`P0 snapshot-deleted ${point.id}`);
    expect(await catalog.point('crm', point.id)).toMatchObject({
      state: 'corrupt',
      why: expect.stringContaining(said),
    });
    expect((await look()).filter((each) => each.includes('snapshot-deleted'))).toEqual([]);
  });

  it('that is not what was promised is not said again at every look once a newer one is good', async () => {
    const { look, platform, catalog, clock } = looking();
    platform.putSnapshot(platformSnapshot({ id: NAME, tags: OURS, bytes: 0, createdAt: AT, takenAt: AT }));
    await look();
    const open = async () => (await catalog.openFindings()).map(({ code }) => code);
    expect(await open()).toEqual(['snapshot-implausible']);
    await clock.advance(DAY);
    const next = '2026-11-21T01:00:00Z';
    const tags = { ...OURS, [TAGS.run]: `snapshot/crm/${next}` };
    const id = snapshotName('test', 'crm', next);
    platform.putSnapshot(platformSnapshot({ id, tags, createdAt: next, takenAt: next }));
    for (let times = 0; times < 3; times++) await look();
    expect(await open()).toEqual([]);
  });

  it('that is found long after it was taken is not held against what its source is today', async () => {
    const { look, platform, catalog, clock } = looking();
    await clock.advance(2 * DAY);
    platform.putSnapshot(
      platformSnapshot({ id: NAME, tags: OURS, bytes: 9 * 2 ** 30, createdAt: AT, takenAt: AT }),
    );
    await look();
    expect(await catalog.point('crm', ID)).toMatchObject({ state: 'verified' });
  });

  it('that is a copy is held against its original, however large the source is today', async () => {
    const { look, good, platform, catalog } = looking({
      policy: copiesTo(ABROAD),
      source: { bytes: 900 * 2 ** 30 },
    });
    const original = await good(AT);
    const snapshot = { ...original.snapshot, bytes: 20 * 2 ** 30 };
    await catalog.movePoint('crm', original.id, 'rehearsed', { snapshot });
    platform.putSnapshot(
      platformSnapshot({ id: NAME, tags: OURS, bytes: 20 * 2 ** 30, createdAt: AT, takenAt: AT }),
      'eu-west-1',
    );
    await look();
    expect(await catalog.point('crm', COPY)).toMatchObject({ state: 'verified' });
  });

  it('that was taken a while after it was asked for is the one', async () => {
    const { look, good } = looking();
    await good(AT, { takenAt: '2026-11-20T01:40:00Z' });
    expect(await look()).toEqual([]);
  });
});

describe('a snapshot nobody told us of', () => {
  it('of AWS’s own is adopted once, verified, aged from its own moment', async () => {
    const { look, platform, catalog, points } = looking();
    platform.putSnapshot(automated('2026-11-19T03:00:00Z'));
    for (let times = 0; times < 3; times++) expect(await look()).toEqual([]);
    expect(await points()).toEqual(['20261119T030000Z automated verified']);
    expect(await catalog.point('crm', '20261119T030000Z-automated@eu-central-1')).toMatchObject({
      snapshotAt: '2026-11-19T03:00:00Z',
      availableAt: '2026-11-20T01:00:20Z',
      snapshot: { id: 'rds:crm-db-2026-11-19', resourceId: 'db-CRM1' },
    });
  });

  it('of somebody else’s is adopted as his, wherever the policy has places', async () => {
    const { look, platform, points } = looking({ policy: copiesTo(ABROAD, VAULTED) });
    platform.putSnapshot(foreign('2026-11-18T03:00:00Z'));
    platform.putSnapshot(foreign('2026-11-18T04:00:00Z'), 'eu-west-1');
    platform.putSnapshot(foreign('2026-11-18T05:00:00Z'), VAULTED_PLACE);
    await look();
    expect(await points()).toEqual([
      '20261118T050000Z foreign verified',
      '20261118T040000Z foreign verified',
      '20261118T030000Z foreign verified',
    ]);
  });

  it.each([
    ['that nobody can date, as a copied one of a cluster', HOME, { takenAt: undefined }],
    ['elsewhere of a database that only bears the name', 'eu-west-1', { resourceId: 'db-OTHER' }],
    ['elsewhere of which nobody knows the database', 'eu-west-1', { resourceId: undefined }],
  ])('of somebody else’s %s is none of this source’s', async (_what, place, changes) => {
    const { look, platform, points } = looking({ policy: copiesTo(ABROAD) });
    platform.putSnapshot({ ...foreign('2026-11-18T04:00:00Z'), ...changes } as PlatformSnapshot, place);
    await look();
    expect(await points()).toEqual([]);
  });

  it('of ours that nobody can date is as old as it was to be taken', async () => {
    const { look, platform, catalog } = looking({ policy: copiesTo(ABROAD) });
    const { takenAt: _takenAt, ...undated } = platformSnapshot({ id: NAME, tags: OURS, createdAt: LATER });
    platform.putSnapshot(undated, 'eu-west-1');
    await look();
    expect(await catalog.point('crm', COPY)).toMatchObject({ state: 'verified', snapshotAt: AT });
  });

  it('is never deleted, copied, shared or taken by looking', async () => {
    const { look, platform } = looking();
    platform.putSnapshot(automated('2026-11-19T03:00:00Z'));
    platform.putSnapshot(foreign('2020-01-01T00:00:00Z'));
    await look();
    expect([...new Set(platform.calls.map(({ method }) => method))].sort()).toEqual(['snapshots', 'source']);
  });

  it('is held to no promise of encryption or size that was not its taker’s', async () => {
    const { look, platform, points, open } = looking();
    const { kmsKey: _key, ...plain } = foreign('2026-11-18T03:00:00Z', { encrypted: false, bytes: 0 });
    platform.putSnapshot(plain);
    await look();
    expect(await points()).toEqual(['20261118T030000Z foreign verified']);
    expect(await open()).toEqual([]);
  });

  it('with a key that cannot be used is no recovery point, and one when it can', async () => {
    const { look, platform, points, open, told, deps } = looking();
    deps.keyState = async () => 'unusable';
    platform.putSnapshot(automated('2026-11-19T03:00:00Z'));
    for (let times = 0; times < 3; times++) {
      await look();
      expect(await points()).toEqual(['20261119T030000Z automated available']);
      expect(await open()).toEqual(['restore-key-unusable 20261119T030000Z-automated@eu-central-1']);
    }
    expect(told().filter((line) => line.startsWith('alerts'))).toHaveLength(1);
    deps.keyState = async () => 'usable';
    await look();
    expect(await points()).toEqual(['20261119T030000Z automated verified']);
    expect(await open()).toEqual([]);
  });

  it('with a key nobody could ask about is known, and verified when somebody can', async () => {
    const { look, platform, points, deps } = looking();
    deps.keyState = async () => 'unknown';
    platform.putSnapshot(automated('2026-11-19T03:00:00Z'));
    await look();
    expect(await points()).toEqual(['20261119T030000Z automated available']);
    deps.keyState = async () => 'usable';
    await look();
    expect(await points()).toEqual(['20261119T030000Z automated verified']);
  });

  it('is left out while it is being made, and when another account only shares it', async () => {
    const { look, platform, points } = looking();
    platform.putSnapshot(automated('2026-11-19T03:00:00Z', { status: 'creating' }));
    platform.putSnapshot(foreign('2026-11-18T03:00:00Z', { type: 'shared' }));
    const { createdAt: _created, ...undated } = foreign('2026-11-18T03:00:00Z', { id: 'undated' });
    platform.putSnapshot(undated);
    await look();
    expect(await points()).toEqual([]);
  });

  it('of another stage or another target of ours is theirs to know', async () => {
    const { look, platform, points } = looking();
    platform.putSnapshot(platformSnapshot({ id: 'a', tags: { ...OURS, [TAGS.stage]: 'prod' } }));
    platform.putSnapshot(platformSnapshot({ id: 'b', tags: { ...OURS, [TAGS.run]: `snapshot/erp/${AT}` } }));
    platform.putSnapshot(
      platformSnapshot({ id: 'c', tags: { ...OURS, [TAGS.run]: 'snapshot/crm/yesterday' } }),
    );
    await look();
    expect(await points()).toEqual([]);
  });

  it('of another source is nobody’s here', async () => {
    const { look, platform, points } = looking();
    platform.putSnapshot(foreign('2026-11-18T03:00:00Z', { sourceId: 'erp-db' }));
    await look();
    expect(await points()).toEqual([]);
  });
});

describe('a snapshot of ours whose worker died', () => {
  it.each([
    ['while it was being made', 'creating'],
    ['having given it up', 'failed'],
    ['before it was judged', 'available'],
  ] as const)('%s is adopted, verified and keeps its label', async (_what, state) => {
    const { look, platform, catalog, point } = looking();
    platform.putSnapshot(platformSnapshot({ id: NAME, tags: { ...OURS, [TAGS.label]: 'release 4-2' } }));
    await catalog.adoptPoint(
      snapshotPoint(AT, { state, label: 'release “4.2”', snapshot: { id: NAME, arn: '' } }),
    );
    expect(await look()).toEqual([]);
    expect(await point()).toMatchObject({ kind: 'snapshot', state: 'verified', label: 'release “4.2”' });
    if (state !== 'available') expect((await point())!.snapshot.arn).not.toBe('');
  });

  it('is adopted although the catalog has forgotten it altogether', async () => {
    const { look, platform, point } = looking();
    platform.putSnapshot(platformSnapshot({ id: NAME, tags: { ...OURS, [TAGS.label]: 'release 4-2' } }));
    await look();
    expect(await point()).toMatchObject({
      id: ID,
      kind: 'snapshot',
      state: 'verified',
      scheduledFor: AT,
      label: 'release 4-2',
    });
  });

  it('is left to its run while that lives, and adopted when its lease is over', async () => {
    const { look, platform, execution, deps, point, clock } = looking({ looks: 3 });
    await execution().run((durable) => snapshot(SNAPSHOT, durable, deps), {
      at: 'begin the snapshot: look 1',
      when: 'kept',
    });
    platform.setStatus(NAME, 'available');
    await look();
    expect(await point()).toMatchObject({ state: 'creating' });
    await clock.advance(14 * 3600 - 60);
    await look();
    expect(await point()).toMatchObject({ state: 'creating' });
    await clock.advance(120);
    await look();
    expect(await point()).toMatchObject({ state: 'verified' });
  });

  it('as a copy is left to its run while that lives, whatever the original’s run does', async () => {
    const { look, take, execution, deps, point, platform, clock } = looking({
      policy: copiesTo(ABROAD),
      looks: 3,
      source: { kind: 'aurora' },
      target: { platform: { kind: 'aurora', id: 'crm-db' } },
    });
    await take();
    await execution().run((durable) => copy(copyTo('eu-west-1'), durable, deps), {
      at: 'wait for the snapshot: begin',
      when: 'kept',
    });
    platform.setStatus(NAME, 'available', 'eu-west-1');
    await look();
    expect(await point(COPY)).toMatchObject({ state: 'creating' });
    await clock.advance(37 * 3600 - 60);
    await look();
    expect(await point(COPY)).toMatchObject({ state: 'creating' });
    await clock.advance(120);
    await look();
    expect(await point(COPY)).toMatchObject({ state: 'verified', snapshotAt: '2026-11-20T01:00:20Z' });
  });

  it('is judged like any other: unencrypted it is corrupt, and said once', async () => {
    const { look, platform, point, told } = looking();
    platform.putSnapshot(platformSnapshot({ id: NAME, tags: OURS, encrypted: false }));
    for (let times = 0; times < 3; times++) await look();
    expect(await point()).toMatchObject({ state: 'corrupt' });
    expect(told().filter((line) => line.startsWith('alerts'))).toEqual([
      expect.stringContaining(`snapshot-unencrypted ${ID}`),
    ]);
  });

  it('and whose key cannot be used is tried again at every look, at home and as a copy', async () => {
    const { look, take, copy: copied, deps, point, open } = looking({ policy: copiesTo(ABROAD) });
    await take();
    const states = async () => [(await point())?.state, (await point(COPY))?.state];
    const usable = deps.keyState;
    deps.keyState = async () => 'unusable';
    await copied('eu-west-1');
    await take({ scheduledFor: LATER });
    for (let times = 0; times < 2; times++) await look();
    expect(await states()).toEqual(['verified', 'available']);
    expect(await point(LATER_ID)).toMatchObject({ state: 'available' });
    expect(await open()).toEqual(
      expect.arrayContaining([`restore-key-unusable ${COPY}`, `restore-key-unusable ${LATER_ID}`]),
    );
    deps.keyState = usable;
    await look();
    expect(await states()).toEqual(['verified', 'verified']);
    expect(await point(LATER_ID)).toMatchObject({ state: 'verified' });
    expect((await open()).filter((line) => line.startsWith('restore-key'))).toEqual([]);
  });

  it('that failed on the platform stays failed', async () => {
    const { look, platform, catalog, point } = looking();
    platform.putSnapshot(platformSnapshot({ id: NAME, tags: OURS, status: 'failed' }));
    await catalog.adoptPoint(snapshotPoint(AT, { state: 'failed', snapshot: { id: NAME } }));
    await look();
    expect(await point()).toMatchObject({ state: 'failed' });
  });

  it.each(['verified', 'rehearsed', 'corrupt', 'expiring', 'expired'] as const)(
    'and that is %s by now stays what it is',
    async (state) => {
      const { look, platform, catalog, point } = looking();
      platform.putSnapshot(platformSnapshot({ id: NAME, tags: OURS }));
      await catalog.adoptPoint(snapshotPoint(AT, { state, snapshot: { id: NAME } }));
      await look();
      expect(await point()).toMatchObject({ state });
    },
  );

  it('is not what somebody copied by hand, with all its tags, under a name of his own', async () => {
    const { look, platform, point } = looking();
    platform.putSnapshot(platformSnapshot({ id: 'copied-by-hand', tags: OURS }));
    await look();
    expect((await point())?.snapshot.id).not.toBe('copied-by-hand');
  });
});

describe('a snapshot that is gone', () => {
  it('of AWS’s own has expired, and nobody hears of it', async () => {
    const { look, catalog, points } = looking();
    await catalog.adoptPoint(
      snapshotPoint('2026-11-19T03:00:00Z', { kind: 'automated', snapshot: { id: 'rds:x' } }),
    );
    await catalog.adoptPoint(
      snapshotPoint('2026-11-19T04:00:00Z', { kind: 'foreign', snapshot: { id: 'by-hand' } }),
    );
    expect(await look()).toEqual([]);
    expect(await points()).toEqual([
      '20261119T040000Z foreign expired',
      '20261119T030000Z automated expired',
    ]);
  });

  it.each([
    ['alone', []],
    ['beside an older good one', ['2026-11-19T01:00:00Z']],
    ['although a newer good one stands already', ['2026-11-20T02:00:00Z']],
  ])('of ours, %s, is corrupt and a P0, said at one look', async (_what, others) => {
    const { look, platform, good, point } = looking();
    await good();
    for (const other of others) await good(other);
    await platform.deleteSnapshot('rds', NAME, { name: HOME, region: HOME });
    expect(await look()).toEqual([`P0 snapshot-deleted ${ID}`]);
    expect(await point()).toMatchObject({
      state: 'corrupt',
      why: expect.stringContaining('retention did not delete it'),
    });
    expect(await look()).toEqual([]);
  });

  it('from the list only, as under a source that got another name, is not gone', async () => {
    const { look, platform, good, point, deps } = looking();
    await good();
    deps.platform = { ...platform, snapshots: async () => [] };
    expect(await look()).toEqual([]);
    expect(await point()).toMatchObject({ state: 'verified' });
  });

  it('of ours is heard although the look at another place fails after it', async () => {
    const { look, platform, good, deps, open } = looking({ policy: copiesTo(ABROAD) });
    await good();
    await good('2026-11-20T02:00:00Z');
    await platform.deleteSnapshot('rds', NAME, { name: HOME, region: HOME });
    const { snapshots } = platform;
    const heard: string[] = [];
    deps.platform = {
      ...platform,
      snapshots: (ref, place) =>
        place.name === HOME
          ? snapshots(ref, place)
          : Promise.reject(new UnderstudyError('platform-unreachable', 'Rate exceeded')),
    };
    await look().catch(() => undefined);
    heard.push(...(await open()));
    deps.platform = platform;
    heard.push(...(await look()));
    expect(heard.join()).toContain(`snapshot-deleted ${ID}`);
  });

  it('in one place is not gone in another', async () => {
    const { look, platform, good, point } = looking({ policy: copiesTo(ABROAD) });
    await good();
    await good(AT, {}, 'eu-west-1');
    await platform.deleteSnapshot('rds', NAME, { name: 'eu-west-1', region: 'eu-west-1' });
    expect(await look()).toEqual([`P0 snapshot-deleted ${COPY}`]);
    expect(await point()).toMatchObject({ state: 'verified' });
  });

  it.each(['creating', 'failed', 'expiring', 'expired'] as const)(
    'and was %s is missed by nobody',
    async (state) => {
      const { look, catalog, point } = looking();
      await catalog.adoptPoint(snapshotPoint(AT, { state, snapshot: { id: NAME } }));
      expect(await look()).toEqual([]);
      expect(await point()).toMatchObject({ state });
    },
  );

  it('because retention is deleting it at this moment is not said to be', async () => {
    const { look, platform, good, deps, catalog, point } = looking();
    await good();
    const { snapshots } = platform;
    deps.platform = {
      ...platform,
      async snapshots(ref, place) {
        await catalog.movePoint('crm', ID, 'expiring');
        await platform.deleteSnapshot('rds', NAME, place);
        return snapshots(ref, place);
      },
    };
    expect(await look()).toEqual([]);
    expect(await point()).toMatchObject({ state: 'expiring' });
  });

  it('is not one that was recorded while the platform was being asked', async () => {
    const { look, platform, deps, catalog, point } = looking();
    const { snapshots } = platform;
    deps.platform = {
      ...platform,
      async snapshots(ref, place) {
        const found = await snapshots(ref, place);
        await catalog.adoptPoint(snapshotPoint(AT, { snapshot: { id: NAME } }));
        return found;
      },
    };
    expect(await look()).toEqual([]);
    expect(await point()).toMatchObject({ state: 'verified' });
  });

  it('is said by nobody while the platform does not answer', async () => {
    const { look, platform, good, point } = looking();
    await good();
    platform.fail('snapshots', new UnderstudyError('platform-unreachable', 'Rate exceeded'));
    expect(await look()).toEqual([`${HOME}: Rate exceeded`]);
    expect(await point()).toMatchObject({ state: 'verified' });
  });
});

describe('the source', () => {
  it('says how far it can be wound back, and the status has it', async () => {
    const { look, catalog } = looking();
    await look();
    expect((await catalog.statuses(['crm'])).get('crm')?.platform).toEqual({
      readAt: '2026-11-20T01:00:20Z',
      status: 'available',
      id: 'crm-db',
      resourceId: 'db-CRM1',
      retention: 7 * DAY,
      earliest: '2026-11-13T12:00:00Z',
      latest: '2026-11-20T11:55:00Z',
    });
  });

  it('has its replicated backups recognised', async () => {
    const arn = 'arn:aws:rds:eu-west-1:111122223333:auto-backup:ab-1';
    const { look, catalog } = looking({ source: { replicatedTo: [arn] } });
    await look();
    expect((await catalog.statuses(['crm'])).get('crm')?.platform?.replicatedTo).toEqual([arn]);
  });

  it('that is gone is said, and nothing of it passes for restorable any more', async () => {
    const { look, platform, catalog } = looking();
    await look();
    platform.removeSource('crm-db');
    expect(await look()).toEqual([expect.stringContaining('source-missing crm-db')]);
    const status = (await catalog.statuses(['crm'])).get('crm')!;
    expect(status.platform).toMatchObject({ status: 'missing', retention: 0 });
    expect(status.platform).not.toHaveProperty('latest');
  });

  it.each([
    ['no automated backups', { backups: { retention: 0 } }, 'backups-disabled'],
    ['a window that is too short', { backups: { retention: DAY } }, 'pitr-window-short'],
    ['no storage left', { status: 'storage-full' }, 'storage-full'],
  ])('with %s is said to be so', async (_what, source, code) => {
    const { look } = looking({ source });
    expect(await look()).toEqual([expect.stringContaining(`${code} crm-db`)]);
  });

  it('that is gone costs no snapshot its place in the catalog', async () => {
    const { look, platform, good, point } = looking();
    await good();
    platform.removeSource('crm-db');
    platform.putSnapshot(automated('2026-11-19T03:00:00Z'));
    await look();
    expect(await point()).toMatchObject({ state: 'verified' });
    expect(await point('20261119T030000Z-automated@eu-central-1')).toMatchObject({ state: 'verified' });
  });
});

describe('a copy that nobody asked for', () => {
  const withGood = async (
    options: Parameters<typeof snapshotWorld>[0] = {
      policy: copiesTo(ABROAD, { ...ABROAD, region: 'us-east-1' }),
    },
  ) => {
    const made = looking(options);
    await made.good();
    made.clock.set('2026-11-20T01:10:00Z');
    return made;
  };

  it('is asked for ten minutes after its original was good, and not before', async () => {
    const { look, messages, clock } = await withGood();
    clock.set('2026-11-20T01:09:59Z');
    await look();
    expect(messages.take('copy')).toEqual([]);
    clock.set('2026-11-20T01:10:00Z');
    await look();
    expect(messages.take('copy')).toMatchObject([
      { to: 'eu-west-1', point: ID, requestedBy: 'watch', scheduledFor: AT },
      { to: 'us-east-1', point: ID },
    ]);
  });

  it.each(['creating', 'available', 'verified', 'rehearsed', 'corrupt'] as const)(
    'is not asked for again while it is %s',
    async (state) => {
      const { look, messages, catalog, platform, clock } = await withGood();
      platform.putSnapshot(platformSnapshot({ id: NAME, tags: OURS }), 'eu-west-1');
      await catalog.adoptPoint(snapshotPoint(AT, { place: 'eu-west-1', state, snapshot: { id: NAME } }));
      const run = await catalog.claim({
        job: 'copy',
        target: 'crm',
        scheduledFor: COPY,
        requestedBy: 'x',
        now: clock.now(),
        leaseSeconds: 1e6,
      });
      if (run.outcome !== 'claimed') throw new Error(run.outcome);
      if (state !== 'creating')
        await catalog.finish(run.claim, { state: 'succeeded', endedAt: '2026-11-20T01:11:00Z', summary: '' });
      clock.set('2026-11-20T05:00:00Z');
      await look();
      expect(messages.take('copy').map(({ to }) => to)).toEqual(['us-east-1']);
    },
  );

  it('and failed is asked for again after an hour, and not before', async () => {
    const {
      look,
      messages,
      platform,
      copy: copied,
      clock,
      point,
    } = await withGood({ policy: copiesTo(ABROAD) });
    platform.fail('copySnapshot', new UnderstudyError('snapshot-quota', '100 snapshots'));
    await copied('eu-west-1');
    expect(await point(COPY)).toMatchObject({ state: 'failed' });
    const failedAt = clock.now().getTime();
    clock.set(new Date(failedAt + 3600_000));
    await look();
    expect(messages.take('copy')).toEqual([]);
    clock.set(new Date(failedAt + 3660_000));
    await look();
    expect(messages.take('copy')).toHaveLength(1);
  });

  it('and was refused before it left a point is asked for again after an hour, and not at every look', async () => {
    const {
      look,
      messages,
      copy: copied,
      clock,
    } = await withGood({ policy: copiesTo({ region: 'eu-west-1' }) });
    expect(await copied('eu-west-1')).toMatchObject({ code: 'copy-impossible' });
    let asked = 0;
    for (let looks = 0; looks < 11; looks++) {
      await clock.advance(300);
      await look();
      asked += messages.take('copy').length;
    }
    expect(asked).toBe(0);
    await clock.advance(900);
    await look();
    expect(messages.take('copy')).toHaveLength(1);
  });

  it('is asked for of the newest verified snapshot at home only', async () => {
    const { look, messages, good, clock, catalog } = await withGood({ policy: copiesTo(ABROAD) });
    await good('2026-11-20T02:00:00Z');
    await catalog.adoptPoint(snapshotPoint('2026-11-20T03:00:00Z', { state: 'corrupt' }));
    await catalog.adoptPoint(snapshotPoint('2026-11-20T03:30:00Z', { kind: 'automated' }));
    await good('2026-11-20T03:40:00Z', {}, 'eu-west-1');
    clock.set('2026-11-20T04:00:00Z');
    await look();
    expect(messages.take('copy').map(({ point }) => point)).toEqual([
      '20261120T020000Z-snapshot@eu-central-1',
    ]);
  });

  it('is asked for by nobody where the policy wants none', async () => {
    const { look, messages } = await withGood({});
    await look();
    expect(messages.take('copy')).toEqual([]);
  });
});

describe('the places that are looked at', () => {
  it('are the home Region and every one the policy copies to, through its role', async () => {
    const { look, platform } = looking({
      policy: { snapshot: { ...policy().snapshot, copies: [ABROAD, VAULTED] } },
      source: platformSource(),
    });
    await look();
    expect(
      platform.callsOf('snapshots').map(([, place]) => (place as { name: string; role?: string }).name),
    ).toEqual([HOME, 'eu-west-1', VAULTED_PLACE]);
    const last = platform.callsOf('snapshots').at(-1)![1] as { role: string };
    expect(last.role).toBe(VAULTED.role);
  });

  it('say nothing of points that lie elsewhere', async () => {
    const { look, catalog } = looking();
    await catalog.adoptPoint(snapshotPoint(AT, { place: 'ap-south-1' }) as SnapshotPoint);
    expect(await look()).toEqual([]);
  });
});
