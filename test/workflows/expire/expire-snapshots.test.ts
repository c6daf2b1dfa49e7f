import type { CopyTo } from '../../../lib/domain/plan/policy.ts';
import { TAGS } from '../../../lib/domain/points/platform-source.ts';
import type { RecoveryPoint } from '../../../lib/domain/points/recovery-point.ts';
import { DAY, HOME, platformSnapshot, snapshotPoint } from '../../support/builders.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { memoryVault } from '../../support/doubles/vault.ts';
import { daysAgo, expiryWorld, keysLeft, LATER, NOW, stored, withPolicy } from '../../support/expiry.ts';
import { openIn, raiseFinding } from '../../support/records.ts';
import { ABROAD, ROLE, tagsAt, VAULTED, VAULTED_PLACE } from '../../support/snapshots.ts';

const PLACES = [HOME, 'eu-west-1', VAULTED_PLACE];
type World = Awaited<ReturnType<typeof expiryWorld>>;
const idsOf = (points: RecoveryPoint[]) => points.map(({ id }) => id).sort();
const deleted = ({ platform }: World) =>
  platform
    .callsOf('deleteSnapshot')
    .map(([, id]) => id)
    .sort();
/** Copies snapshots to these places from now on. */
const copyTo = ({ deps }: World, ...copies: CopyTo[]) => {
  const { snapshot } = deps.plan.targets[0]!.policy;
  deps.plan = withPolicy(deps.plan, { snapshot: { ...snapshot, copies } });
};

/** Dumps of the last three nights, which all stay, and snapshots of the last ten, of which three are too old. */
async function withSnapshots() {
  const made = await expiryWorld(3);
  const snapshots = [];
  for (let day = 9; day >= 0; day--) snapshots.push(await made.snapped(daysAgo(day)));
  copyTo(made, ABROAD, VAULTED);
  return { ...made, snapshots, old: snapshots.slice(0, 3), young: snapshots.slice(3) };
}
/** Dumps of the last three nights, and a young and an old snapshot in each of these places. */
async function inPlaces(places: readonly string[], ...copies: CopyTo[]) {
  const made = await expiryWorld(3);
  copyTo(made, ...copies);
  for (const place of places) for (const day of [1, 60]) await made.snapped(daysAgo(day), { place });
  return made;
}

describe('the expire job (snapshots)', () => {
  it('deletes what is outside every period, and keeps the rest', async () => {
    const { platform, inState, old, young, expire } = await withSnapshots();
    expect(await expire()).toMatchObject({ outcome: 'done', summary: '3 points expired, 10 kept' });
    expect(platform.ids()).toEqual(young.map(({ snapshot }) => snapshot.id));
    expect(await inState('expired')).toEqual(idsOf(old));
  });

  it('lists in a dry run what it would delete, and calls nothing of RDS', async () => {
    const { platform, inState, old, expire } = await withSnapshots();
    const { decisions } = await expire({ dryRun: true });
    expect(idsOf(decisions.filter(({ keep }) => !keep).map(({ point }) => point))).toEqual(idsOf(old));
    expect(platform.calls).toEqual([]);
    expect(await inState('expiring', 'expired')).toEqual([]);
  });

  it('deletes no automated and no foreign snapshot, however old', async () => {
    const made = await withSnapshots();
    const theirs = [
      await made.snapped(daysAgo(300), { kind: 'automated', snapshot: { id: 'rds:crm-db-1' } }),
      await made.snapped(daysAgo(301), { kind: 'foreign', snapshot: { id: 'by-hand' } }),
    ];
    const { decisions } = await made.expire();
    expect(deleted(made)).toEqual(made.old.map(({ snapshot }) => snapshot.id).sort());
    expect(await made.inState('verified')).toEqual(expect.arrayContaining(idsOf(theirs)));
    const decided = decisions.map(({ point }) => point.id);
    for (const { id } of theirs) expect(decided).not.toContain(id);
  });

  it('keeps the newest good snapshot of its own although a newer automated one is there', async () => {
    const { platform, catalog, snapped, expire } = await expiryWorld(3);
    const own = await snapped(daysAgo(100));
    await snapped(daysAgo(0), { kind: 'automated', snapshot: { id: 'rds:crm-db-1' } });
    await expire();
    expect(await catalog.point('crm', own.id)).toMatchObject({ state: 'verified' });
    expect(platform.ids()).toContain(own.snapshot.id);
  });

  it('keeps the newest good snapshot of each place, however old', async () => {
    const made = await expiryWorld(3);
    copyTo(made, ABROAD, VAULTED);
    const last = [];
    for (const place of PLACES) {
      last.push(await made.snapped(daysAgo(50), { place }));
      await made.snapped(daysAgo(60), { place });
    }
    await made.snapped(daysAgo(1));
    await made.expire();
    const [home, ...copies] = last;
    expect(await made.inState('verified')).toEqual(expect.arrayContaining(idsOf(copies)));
    expect(await made.catalog.point('crm', home!.id)).toMatchObject({ state: 'expired' });
    expect(await made.inState('expired')).toHaveLength(4);
  });

  it('deletes each snapshot where it lies, through the role of its place', async () => {
    const { platform, expire } = await inPlaces(PLACES, ABROAD, VAULTED);
    await expire();
    const places = platform.callsOf('deleteSnapshot').map(([of, , place]) => [of, place]);
    expect(places).toHaveLength(3);
    expect(places).toEqual(
      expect.arrayContaining([
        ['rds', { name: HOME, region: HOME }],
        ['rds', { name: 'eu-west-1', region: 'eu-west-1', account: undefined, role: undefined }],
        ['rds', { name: VAULTED_PLACE, region: 'eu-west-1', account: '444455556666', role: ROLE }],
      ]),
    );
    for (const place of PLACES) expect(platform.ids(place)).toHaveLength(1);
  });

  it('deletes in a Region of no policy, and fails for another account of no policy', async () => {
    const made = await inPlaces(['eu-west-1', VAULTED_PLACE]);
    const { platform, inState } = made;
    await expect(made.expire()).rejects.toMatchObject({
      code: 'expire-incomplete',
      message: expect.stringContaining(`crm has points in ${VAULTED_PLACE}, and its policy`),
    });
    expect(platform.ids('eu-west-1')).toHaveLength(1);
    expect(platform.ids(VAULTED_PLACE)).toHaveLength(2);
    expect(await inState('expired')).toHaveLength(1);
    copyTo(made, VAULTED);
    await made.expire(LATER);
    expect(platform.ids(VAULTED_PLACE)).toHaveLength(1);
  });

  it('goes on with others when RDS refuses to delete one, names it, and deletes it in its next run', async () => {
    const { platform, inState, old, expire } = await withSnapshots();
    platform.fail('deleteSnapshot', new Error('the platform says no'), { times: 1 });
    await expect(expire()).rejects.toMatchObject({
      code: 'expire-incomplete',
      message: expect.stringContaining('the platform says no'),
    });
    expect(await inState('expired')).toHaveLength(2);
    expect(await inState('expiring')).toHaveLength(1);
    await expire(LATER);
    expect(await inState('expired')).toEqual(idsOf(old));
    expect(platform.ids()).toHaveLength(7);
  });

  it('takes a snapshot that is gone already for deleted', async () => {
    const made = await withSnapshots();
    const [gone, ...there] = made.old.map(({ snapshot }) => snapshot.id);
    await made.platform.deleteSnapshot('rds', gone!, { name: HOME, region: HOME });
    made.platform.calls.splice(0);
    expect(await made.expire()).toMatchObject({ outcome: 'done' });
    expect(await made.inState('expired')).toEqual(idsOf(made.old));
    expect(deleted(made)).toEqual(there);
  });

  const AT = daysAgo(60);
  const { [TAGS.stage]: _stage, ...unstaged } = tagsAt(AT);
  it.each<[string, Record<string, string>]>([
    ['no tags', {}],
    ['the tags of another stage', { ...tagsAt(AT), [TAGS.stage]: 'prod' }],
    ['the tag of its run and none of a stage', unstaged],
    ['the tags of another run', { ...tagsAt(AT), [TAGS.run]: 'snapshot/crm/2026-11-01T01:00:00Z' }],
    ['the tags of another target', { ...tagsAt(AT), [TAGS.run]: `snapshot/erp/${AT}` }],
  ])('keeps a snapshot of its name that has %s, and expires its point', async (_what, tags) => {
    const made = await expiryWorld(3);
    const { platform, catalog, inState } = made;
    copyTo(made, ABROAD);
    for (const place of [HOME, 'eu-west-1']) {
      await made.snapped(daysAgo(1), { place });
      const theirs = snapshotPoint(AT, { place });
      platform.putSnapshot(platformSnapshot({ id: theirs.snapshot.id, tags }), place);
      await catalog.adoptPoint(theirs);
    }
    expect(await made.expire()).toMatchObject({ outcome: 'done' });
    expect(deleted(made)).toEqual([]);
    for (const place of [HOME, 'eu-west-1']) expect(platform.ids(place)).toHaveLength(2);
    expect(await inState('expired')).toHaveLength(2);
  });

  it('deletes nothing while RDS does not answer whose a snapshot is, and deletes it in a later run', async () => {
    const made = await withSnapshots();
    made.platform.fail('snapshot', new Error('Rate exceeded'));
    const message = expect.stringContaining('Rate exceeded');
    await expect(made.expire()).rejects.toMatchObject({ code: 'expire-incomplete', message });
    expect(deleted(made)).toEqual([]);
    expect(await made.inState('expiring')).toEqual(idsOf(made.old));
    made.platform.heal();
    await made.expire(LATER);
    expect(await made.inState('expired')).toEqual(idsOf(made.old));
  });

  it('keeps a labelled snapshot for the time of labelled ones', async () => {
    const { catalog, snapped, expire } = await withSnapshots();
    const release = await snapped(daysAgo(60), { label: 'before v2' });
    const old = await snapped(daysAgo(91), { label: 'before v1' });
    const { decisions } = await expire();
    const decision = ({ id }: RecoveryPoint) => decisions.find(({ point }) => point.id === id);
    expect(decision(release)).toMatchObject({ keep: true, why: 'labelled "before v2"' });
    expect(decision(old)).toMatchObject({ keep: false });
    expect(await catalog.point('crm', old.id)).toMatchObject({ state: 'expired' });
  });

  it('fails a snapshot that was never finished after two deadlines, and no sooner', async () => {
    const { platform, catalog, deps, snapped, expire } = await expiryWorld(3);
    const waiting = await snapped(daysAgo(1), { state: 'creating' });
    const lost = await snapped(daysAgo(2), { state: 'creating' });
    const snapshot = { ...deps.plan.targets[0]!.policy.snapshot, deadline: 20 * 3600 };
    deps.plan = withPolicy(deps.plan, { snapshot });
    await expire();
    expect(await catalog.point('crm', waiting.id)).toMatchObject({ state: 'creating' });
    const failed = { state: 'failed', why: 'it was never finished' };
    expect(await catalog.point('crm', lost.id)).toMatchObject(failed);
    expect(platform.calls).toEqual([]);
  });
});

describe('the expire job (dumps beside snapshots)', () => {
  const tenNights = async () => {
    const made = await expiryWorld(10);
    const snapshots = [];
    for (let day = 9; day >= 0; day--) snapshots.push(await made.snapped(daysAgo(day)));
    return { ...made, snapshots };
  };

  it('expires dumps and keeps every snapshot while the newest snapshot is bad', async () => {
    const { platform, vault, catalog, points, snapshots, inState, expire } = await tenNights();
    await catalog.movePoint('crm', snapshots.at(-1)!.id, 'corrupt');
    const frozen = expect.stringContaining('-snapshot@eu-central-1 is corrupt');
    expect(await expire()).toMatchObject({ outcome: 'done', frozen });
    expect(await inState('expired')).toEqual(idsOf(points.slice(0, 3)));
    expect(await keysLeft(vault)).toHaveLength(7 * 3);
    expect(platform.ids()).toHaveLength(10);
    expect(await openIn(catalog)).toEqual([expect.stringContaining('last-good-point-at-risk')]);
  });

  it('expires snapshots and keeps every dump while the newest dump is bad', async () => {
    const { vault, catalog, points, old, inState, expire } = await withSnapshots();
    await catalog.movePoint('crm', points.at(-1)!.id, 'corrupt');
    expect(await expire()).toMatchObject({ frozen: expect.stringContaining('-1 is corrupt') });
    expect(await inState('expired')).toEqual(idsOf(old));
    expect(await keysLeft(vault)).toHaveLength(9);
  });

  it('keeps snapshots when their own RPO is breached, and not when that of dumps is', async () => {
    const { platform, deps, snapped, inState, expire } = await expiryWorld(10);
    for (const day of [2, 60]) await snapped(daysAgo(day));
    const promise = (snapshot: number) => {
      deps.plan = withPolicy(deps.plan, { objectives: { rpo: { dump: 93_600, snapshot }, rto: 3600 } });
    };
    promise(DAY);
    const frozen = expect.stringContaining('the newest verified point is 52 h old');
    expect(await expire()).toMatchObject({ frozen });
    expect(platform.ids()).toHaveLength(2);
    expect(await inState('expired')).toHaveLength(3);
    promise(3 * DAY);
    expect(await expire(LATER)).not.toHaveProperty('frozen');
    expect(platform.ids()).toHaveLength(1);
  });

  it.each(['snapshot', 'dump'] as const)(
    'keeps every %s while a failed rehearsal of one stands, and expires the other kind',
    async (kind) => {
      const { catalog, points, deps, snapshots, expire } = await tenNights();
      const bad = (kind === 'dump' ? points : snapshots).at(-1)!;
      await raiseFinding(deps, 'restore-failed', bad.id);
      expect(await expire()).toMatchObject({ frozen: expect.stringContaining('a job found it') });
      const expired = await catalog.points('crm', { states: ['expired'] });
      const other = kind === 'dump' ? 'snapshot' : 'dump';
      expect(expired.map((point) => point.kind)).toEqual([other, other, other]);
    },
  );

  it.each([
    ['a copy', '20261120T050000Z-snapshot@eu-west-1'],
    ['an automated snapshot', '20261120T030000Z-automated@eu-central-1'],
    ['a moment', '20261120T030000Z-moment'],
  ])('keeps snapshots in every place while a failed rehearsal of %s stands', async (_what, subject) => {
    const { deps, inState, expire } = await inPlaces([HOME, 'eu-west-1'], ABROAD);
    await raiseFinding(deps, 'proof-mismatch', subject);
    expect(await expire()).toMatchObject({ frozen: expect.stringContaining('a job found it') });
    expect(await inState('expired')).toEqual([]);
  });

  it('lets a copy be later than the RPO by the deadline of copying, and no more', async () => {
    const { platform, deps, snapped, expire } = await expiryWorld(3);
    await snapped(daysAgo(0));
    for (const day of [2, 60]) await snapped(daysAgo(day), { place: 'eu-west-1' });
    const objectives = { rpo: { dump: 93_600, snapshot: DAY }, rto: 3600 };
    const within = (deadline: number) => {
      const snapshot = { ...deps.plan.targets[0]!.policy.snapshot, copies: [ABROAD], deadline };
      deps.plan = withPolicy(deps.plan, { objectives, snapshot });
    };
    within(23 * 3600);
    expect(await expire()).toMatchObject({ frozen: expect.stringContaining('52 h old') });
    expect(platform.ids('eu-west-1')).toHaveLength(2);
    within(30 * 3600);
    expect(await expire(LATER)).not.toHaveProperty('frozen');
    expect(platform.ids('eu-west-1')).toHaveLength(1);
  });
});

describe('the expire job (the vault’s replica)', () => {
  const replicated = async () => {
    const made = await expiryWorld(10);
    const replica = memoryVault(manualClock(NOW));
    made.deps.replica = replica;
    const copies = [];
    for (let day = 9; day >= 0; day--)
      copies.push(await stored(replica, made.catalog, daysAgo(day), 'replica'));
    return { ...made, replica, copies };
  };

  it('deletes copies in the replica and dumps in the vault', async () => {
    const { vault, replica, points, copies, inState, expire } = await replicated();
    await expire();
    expect(await inState('expired')).toEqual(idsOf([...points.slice(0, 3), ...copies.slice(0, 3)]));
    expect(await keysLeft(vault)).toHaveLength(7 * 3);
    expect(await keysLeft(replica)).toEqual(await keysLeft(vault));
  });

  it('keeps every copy while the newest copy is bad, and expires dumps', async () => {
    const { replica, catalog, points, copies, inState, expire } = await replicated();
    await catalog.movePoint('crm', copies.at(-1)!.id, 'corrupt');
    await expire();
    expect(await inState('expired')).toEqual(idsOf(points.slice(0, 3)));
    expect(await keysLeft(replica)).toHaveLength(30);
  });

  it('keeps a copy on legal hold, and expires the dump that it is a copy of', async () => {
    const { replica, catalog, points, copies, expire } = await replicated();
    replica.hold(copies[0]!.manifest!, true);
    await expire();
    expect(await catalog.point('crm', copies[0]!.id)).toMatchObject({ state: 'verified' });
    expect(await catalog.point('crm', points[0]!.id)).toMatchObject({ state: 'expired' });
  });

  it('fails for copies in a replica that the deployment no longer has, and expires dumps', async () => {
    const { vault, deps, points, inState, expire } = await replicated();
    deps.replica = undefined;
    await expect(expire()).rejects.toMatchObject({ message: expect.stringContaining('replica') });
    expect(await inState('expired')).toEqual(idsOf(points.slice(0, 3)));
    expect(await keysLeft(vault)).toHaveLength(7 * 3);
  });
});
