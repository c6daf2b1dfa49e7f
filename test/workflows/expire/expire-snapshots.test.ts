import { openFinding } from '../../../lib/alerting/finding-records.ts';
import { finding } from '../../../lib/domain/findings/finding.ts';
import type { CopyTo, Plan, Policy } from '../../../lib/domain/plan/policy.ts';
import { TAGS } from '../../../lib/domain/points/platform-source.ts';
import type { RecoveryPoint } from '../../../lib/domain/points/recovery-point.ts';
import { expire } from '../../../lib/workflows/expire/expire.ts';
import { HOME, platformSnapshot, snapshotPoint } from '../../support/builders.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { memoryVault } from '../../support/doubles/vault.ts';
import { daysAgo, inState, keysLeft, NOW, snapped, stored, tagsOfOurs, world } from '../../support/expiry.ts';

const ABROAD: CopyTo = { region: 'eu-west-1', kmsKey: 'alias/abroad' };
const ROLE = 'arn:aws:iam::444455556666:role/understudy-copies';
const VAULTED: CopyTo = { region: 'eu-west-1', account: '444455556666', role: ROLE };
const VAULTED_PLACE = 'eu-west-1/444455556666';

/** The plan whose target has a database behind it and this in its policy. */
const changed = (plan: Plan, changes: Partial<Policy>): Plan => ({
  ...plan,
  targets: plan.targets.map((target) => ({
    ...target,
    platform: { kind: 'rds', id: 'crm-db' },
    policy: { ...target.policy, ...changes },
  })),
});
const copiesTo = (plan: Plan, ...copies: CopyTo[]) =>
  changed(plan, { snapshot: { ...plan.targets[0]!.policy.snapshot, copies } });
type Tags = Record<string, string>;
const idsOf = (points: RecoveryPoint[]) => points.map(({ id }) => id).sort();

/** Dumps of the last three nights, which all stay, and snapshots of the last ten, of which three are too old. */
async function withSnapshots(changes: Parameters<typeof snapped>[3] = {}) {
  const made = await world(3);
  const snapshots = [];
  for (let day = 9; day >= 0; day--)
    snapshots.push(await snapped(made.platform, made.catalog, daysAgo(day), changes));
  made.deps.plan = copiesTo(made.deps.plan, ABROAD, VAULTED);
  return { ...made, snapshots, old: snapshots.slice(0, 3), young: snapshots.slice(3) };
}

describe('expiry of snapshots', () => {
  it('deletes what is outside every period on the platform, and keeps the rest', async () => {
    const { platform, catalog, deps, job, old, young } = await withSnapshots();
    expect(await expire(job, deps)).toMatchObject({
      outcome: 'done',
      summary: '3 points expired, 10 kept',
    });
    expect(platform.ids()).toEqual(young.map(({ snapshot }) => snapshot.id));
    expect(await inState(catalog, 'expired')).toEqual(idsOf(old));
  });

  it('says in a dry run what it would do, and asks the platform for nothing', async () => {
    const { platform, catalog, deps, job, old } = await withSnapshots();
    const { decisions } = await expire({ ...job, dryRun: true }, deps);
    expect(
      decisions
        .filter(({ keep }) => !keep)
        .map(({ point }) => point.id)
        .sort(),
    ).toEqual(idsOf(old));
    expect(platform.calls).toEqual([]);
    expect(await inState(catalog, 'expiring', 'expired')).toEqual([]);
  });

  it('never deletes what AWS keeps or somebody else made, however old', async () => {
    const { platform, catalog, deps, job, old } = await withSnapshots();
    const theirs = [
      await snapped(platform, catalog, daysAgo(300), { kind: 'automated', snapshot: { id: 'rds:crm-db-1' } }),
      await snapped(platform, catalog, daysAgo(301), { kind: 'foreign', snapshot: { id: 'by-hand' } }),
    ];
    const { decisions } = await expire(job, deps);
    expect(
      platform
        .callsOf('deleteSnapshot')
        .map(([, id]) => id)
        .sort(),
    ).toEqual(old.map(({ snapshot }) => snapshot.id).sort());
    expect(await inState(catalog, 'verified')).toEqual(expect.arrayContaining(idsOf(theirs)));
    expect(decisions.map(({ point }) => point.id)).not.toEqual(expect.arrayContaining([theirs[0]!.id]));
  });

  it('lets no snapshot of AWS’s own stand in for one of ours: our newest good one stays', async () => {
    const { platform, catalog, deps, job } = await world(3);
    const ours = await snapped(platform, catalog, daysAgo(100));
    await snapped(platform, catalog, daysAgo(0), { kind: 'automated', snapshot: { id: 'rds:crm-db-1' } });
    await expire(job, deps);
    expect(await catalog.point('crm', ours.id)).toMatchObject({ state: 'verified' });
    expect(platform.ids()).toContain(ours.snapshot.id);
  });

  it('keeps each place on its own: the newest good one of every place stays, however old', async () => {
    const { platform, catalog, deps, job } = await world(3);
    deps.plan = copiesTo(deps.plan, ABROAD, VAULTED);
    const last = [];
    for (const place of [HOME, 'eu-west-1', VAULTED_PLACE]) {
      last.push(await snapped(platform, catalog, daysAgo(50), { place }));
      await snapped(platform, catalog, daysAgo(60), { place });
    }
    await snapped(platform, catalog, daysAgo(1));
    await expire(job, deps);
    const [home, ...abroad] = last;
    expect(await inState(catalog, 'verified')).toEqual(expect.arrayContaining(idsOf(abroad)));
    expect(await catalog.point('crm', home!.id)).toMatchObject({ state: 'expired' });
    expect(await inState(catalog, 'expired')).toHaveLength(4);
  });

  it('deletes each where it lies, through the role that reaches there', async () => {
    const { platform, catalog, deps, job } = await world(3);
    deps.plan = copiesTo(deps.plan, ABROAD, VAULTED);
    for (const place of [HOME, 'eu-west-1', VAULTED_PLACE]) {
      await snapped(platform, catalog, daysAgo(1), { place });
      await snapped(platform, catalog, daysAgo(60), { place });
    }
    await expire(job, deps);
    const places = platform.callsOf('deleteSnapshot').map(([of, , place]) => [of, place]);
    expect(places).toHaveLength(3);
    expect(places).toEqual(
      expect.arrayContaining([
        ['rds', { name: HOME, region: HOME }],
        ['rds', { name: 'eu-west-1', region: 'eu-west-1', account: undefined, role: undefined }],
        ['rds', { name: VAULTED_PLACE, region: 'eu-west-1', account: '444455556666', role: ROLE }],
      ]),
    );
    for (const place of [HOME, 'eu-west-1', VAULTED_PLACE]) expect(platform.ids(place)).toHaveLength(1);
  });

  it('still deletes in a Region that the policy names no longer, but says that it cannot in another account', async () => {
    const { platform, catalog, deps, job } = await world(10);
    for (const place of ['eu-west-1', VAULTED_PLACE]) {
      await snapped(platform, catalog, daysAgo(1), { place });
      await snapped(platform, catalog, daysAgo(60), { place });
    }
    await expect(expire(job, deps)).rejects.toMatchObject({
      code: 'expire-incomplete',
      message: expect.stringContaining(`crm has points in ${VAULTED_PLACE}, and its policy`),
    });
    expect(platform.ids('eu-west-1')).toHaveLength(1);
    expect(platform.ids(VAULTED_PLACE)).toHaveLength(2);
    // Three dumps and the copy in the Region.
    expect(await inState(catalog, 'expired')).toHaveLength(4);
    deps.plan = copiesTo(deps.plan, VAULTED);
    await expire({ ...job, scheduledFor: '2026-11-20T05:10:00Z' }, deps);
    expect(platform.ids(VAULTED_PLACE)).toHaveLength(1);
  });

  it('goes on with the others when one cannot be deleted, says which, and tries it again', async () => {
    const { platform, catalog, deps, job, old } = await withSnapshots();
    platform.fail('deleteSnapshot', new Error('the platform says no'), { times: 1 });
    await expect(expire(job, deps)).rejects.toMatchObject({
      code: 'expire-incomplete',
      message: expect.stringContaining('the platform says no'),
    });
    expect(await inState(catalog, 'expired')).toHaveLength(2);
    expect(await inState(catalog, 'expiring')).toHaveLength(1);
    await expire({ ...job, scheduledFor: '2026-11-20T05:10:00Z' }, deps);
    expect(await inState(catalog, 'expired')).toEqual(idsOf(old));
    expect(platform.ids()).toHaveLength(7);
  });

  it('takes for deleted what somebody has deleted meanwhile', async () => {
    const { platform, catalog, deps, job, old } = await withSnapshots();
    const [gone, ...there] = old.map(({ snapshot }) => snapshot.id);
    await platform.deleteSnapshot('rds', gone!, { name: HOME, region: HOME });
    platform.calls.splice(0);
    expect(await expire(job, deps)).toMatchObject({ outcome: 'done' });
    expect(await inState(catalog, 'expired')).toEqual(idsOf(old));
    expect(
      platform
        .callsOf('deleteSnapshot')
        .map(([, id]) => id)
        .sort(),
    ).toEqual(there);
  });

  it.each([
    ['no tags', () => ({})],
    ['another stage', (tags: Tags) => ({ ...tags, [TAGS.stage]: 'prod' })],
    ['a run and no stage', ({ [TAGS.stage]: _stage, ...tags }: Tags) => tags],
    ['another run', (tags: Tags) => ({ ...tags, [TAGS.run]: 'snapshot/crm/2026-11-01T01:00:00Z' })],
    ['another target', (tags: Tags) => ({ ...tags, [TAGS.run]: tags[TAGS.run]!.replace('crm', 'erp') })],
  ])('leaves one of our name that bears %s, and its point expires', async (_what, borne) => {
    const { platform, catalog, deps, job } = await world(3);
    deps.plan = copiesTo(deps.plan, ABROAD);
    for (const place of [HOME, 'eu-west-1']) {
      await snapped(platform, catalog, daysAgo(1), { place });
      const theirs = snapshotPoint(daysAgo(60), { place });
      const tags: Tags = borne(tagsOfOurs(daysAgo(60)));
      platform.putSnapshot(platformSnapshot({ id: theirs.snapshot.id, tags }), place);
      await catalog.adoptPoint(theirs);
    }
    expect(await expire(job, deps)).toMatchObject({ outcome: 'done' });
    expect(platform.callsOf('deleteSnapshot')).toEqual([]);
    for (const place of [HOME, 'eu-west-1']) expect(platform.ids(place)).toHaveLength(2);
    expect(await inState(catalog, 'expired')).toHaveLength(2);
  });

  it('deletes nothing while nobody can say whose it is, and tries it again', async () => {
    const { platform, catalog, deps, job, old } = await withSnapshots();
    platform.fail('snapshot', new Error('Rate exceeded'));
    await expect(expire(job, deps)).rejects.toMatchObject({
      code: 'expire-incomplete',
      message: expect.stringContaining('Rate exceeded'),
    });
    expect(platform.callsOf('deleteSnapshot')).toEqual([]);
    expect(await inState(catalog, 'expiring')).toEqual(idsOf(old));
    platform.heal();
    await expire({ ...job, scheduledFor: '2026-11-20T05:10:00Z' }, deps);
    expect(await inState(catalog, 'expired')).toEqual(idsOf(old));
  });

  it('keeps a labelled one for its own time', async () => {
    const { platform, catalog, deps, job } = await withSnapshots();
    const release = await snapped(platform, catalog, daysAgo(60), { label: 'before v2' });
    const old = await snapped(platform, catalog, daysAgo(91), { label: 'before v1' });
    const { decisions } = await expire(job, deps);
    const why = (of: RecoveryPoint) => decisions.find(({ point }) => point.id === of.id);
    expect(why(release)).toMatchObject({ keep: true, why: 'labelled "before v2"' });
    expect(why(old)).toMatchObject({ keep: false });
    expect(await catalog.point('crm', old.id)).toMatchObject({ state: 'expired' });
  });
});

describe('expiry of dumps and snapshots side by side', () => {
  it('goes on with dumps while snapshots fail, and keeps every snapshot', async () => {
    const { platform, vault, catalog, points, deps, job } = await world(10);
    for (let day = 9; day >= 1; day--) await snapped(platform, catalog, daysAgo(day));
    await snapped(platform, catalog, daysAgo(0), { state: 'corrupt' });
    expect(await expire(job, deps)).toMatchObject({
      outcome: 'done',
      frozen: expect.stringContaining('-snapshot@eu-central-1 is corrupt'),
    });
    expect(await inState(catalog, 'expired')).toEqual(idsOf(points.slice(0, 3)));
    expect(await keysLeft(vault)).toHaveLength(7 * 3);
    expect(platform.ids()).toHaveLength(10);
    expect(await catalog.openFindings('crm')).toEqual([
      expect.objectContaining({ code: 'last-good-point-at-risk' }),
    ]);
  });

  it('goes on with snapshots while dumps fail, and keeps every dump', async () => {
    const { vault, catalog, points, deps, job, old } = await withSnapshots();
    await catalog.movePoint('crm', points.at(-1)!.id, 'corrupt');
    expect(await expire(job, deps)).toMatchObject({ frozen: expect.stringContaining('-1 is corrupt') });
    expect(await inState(catalog, 'expired')).toEqual(idsOf(old));
    expect(await keysLeft(vault)).toHaveLength(9);
  });

  it('freezes snapshots by their own RPO and not by that of dumps', async () => {
    const { platform, catalog, deps, job } = await world(10);
    for (const day of [2, 60]) await snapped(platform, catalog, daysAgo(day));
    const promising = (snapshot: number) =>
      changed(deps.plan, { objectives: { rpo: { dump: 93_600, snapshot }, rto: 3600 } });
    const later = { ...job, scheduledFor: '2026-11-20T05:10:00Z' };
    expect(await expire(job, { ...deps, plan: promising(86_400) })).toMatchObject({
      frozen: expect.stringContaining('the newest verified point is 52 h old'),
    });
    expect(platform.ids()).toHaveLength(2);
    expect((await inState(catalog, 'expired')).length).toBe(3);
    expect(await expire(later, { ...deps, plan: promising(3 * 86_400) })).not.toHaveProperty('frozen');
    expect(platform.ids()).toHaveLength(1);
  });

  it.each([
    ['a snapshot', (_: RecoveryPoint[], snapshots: RecoveryPoint[]) => snapshots.at(-1)!.id, 'dump'],
    ['a dump', (dumps: RecoveryPoint[]) => dumps.at(-1)!.id, 'snapshot'],
  ] as const)(
    'keeps everything of its kind while a failed rehearsal of %s stands, and nothing of the other',
    async (_, subjectOf, expiring) => {
      const { platform, catalog, points, deps, job } = await world(10);
      const snapshots = [];
      for (let day = 9; day >= 0; day--) snapshots.push(await snapped(platform, catalog, daysAgo(day)));
      const bad = finding('restore-failed', {
        target: { id: 'crm' },
        subject: subjectOf(points, snapshots),
        message: 'it did not restore',
      });
      await openFinding(catalog, bad, ['alerts'], new Date(NOW));
      expect(await expire(job, deps)).toMatchObject({ frozen: expect.stringContaining('did not restore') });
      const gone = (await catalog.points('crm', { states: ['expired'] })).map(({ kind }) => kind);
      expect(gone).toEqual([expiring, expiring, expiring]);
    },
  );

  it.each([
    ['a copy, whatever its place', '20261120T050000Z-snapshot@eu-west-1'],
    ['one of AWS’s own', '20261120T030000Z-automated@eu-central-1'],
    ['a moment', '20261120T030000Z-moment'],
  ])('keeps snapshots in every place while a failed rehearsal of %s stands', async (_, subject) => {
    const { platform, catalog, deps, job } = await world(3);
    deps.plan = copiesTo(deps.plan, ABROAD);
    for (const place of [HOME, 'eu-west-1'])
      for (const day of [60, 0]) await snapped(platform, catalog, daysAgo(day), { place });
    const bad = finding('proof-mismatch', { target: { id: 'crm' }, subject, message: 'rows are missing' });
    await openFinding(catalog, bad, ['alerts'], new Date(NOW));
    expect(await expire(job, deps)).toMatchObject({ frozen: expect.stringContaining('rows are missing') });
    expect(await inState(catalog, 'expired')).toEqual([]);
  });

  it('lets a copy be as much later than its promise as copying may take, and no later', async () => {
    const { platform, catalog, deps, job } = await world(3);
    for (const [day, place] of [
      [0, HOME],
      [2, 'eu-west-1'],
      [60, 'eu-west-1'],
    ] as const)
      await snapped(platform, catalog, daysAgo(day), { place });
    const within = (deadline: number): Plan =>
      changed(deps.plan, {
        objectives: { rpo: { dump: 93_600, snapshot: 86_400 }, rto: 3600 },
        snapshot: { ...deps.plan.targets[0]!.policy.snapshot, copies: [ABROAD], deadline },
      });
    const later = { ...job, scheduledFor: '2026-11-20T05:10:00Z' };
    expect(await expire(job, { ...deps, plan: within(23 * 3600) })).toMatchObject({
      frozen: expect.stringContaining('52 h old'),
    });
    expect(platform.ids('eu-west-1')).toHaveLength(2);
    expect(await expire(later, { ...deps, plan: within(30 * 3600) })).not.toHaveProperty('frozen');
    expect(platform.ids('eu-west-1')).toHaveLength(1);
  });

  it('takes a snapshot that was never finished for failed once two deadlines are over, and no sooner', async () => {
    const { platform, catalog, deps, job } = await world(3);
    const waiting = await snapped(platform, catalog, daysAgo(1), { state: 'creating' });
    const lost = await snapped(platform, catalog, daysAgo(2), { state: 'creating' });
    const snapshot = { ...deps.plan.targets[0]!.policy.snapshot, deadline: 20 * 3600 };
    await expire(job, { ...deps, plan: changed(deps.plan, { snapshot }) });
    expect(await catalog.point('crm', waiting.id)).toMatchObject({ state: 'creating' });
    expect(await catalog.point('crm', lost.id)).toMatchObject({
      state: 'failed',
      why: 'it was never finished',
    });
    expect(platform.calls).toEqual([]);
  });
});

describe('expiry in the vault’s replica', () => {
  const replicated = async () => {
    const made = await world(10);
    const replica = memoryVault(manualClock(NOW));
    const copies = [];
    for (let day = 9; day >= 0; day--)
      copies.push(await stored(replica, made.catalog, daysAgo(day), 'replica'));
    return { ...made, replica, copies, old: [...made.points.slice(0, 3), ...copies.slice(0, 3)] };
  };

  it('deletes the copies there and the dumps here, each in its own bucket', async () => {
    const { vault, replica, catalog, deps, job, old } = await replicated();
    await expire(job, { ...deps, replica });
    expect(await inState(catalog, 'expired')).toEqual(idsOf(old));
    expect(await keysLeft(vault)).toHaveLength(7 * 3);
    expect(await keysLeft(replica)).toEqual(await keysLeft(vault));
  });

  it('keeps every copy while the newest one is bad, and the dumps’ retention goes on', async () => {
    const { replica, catalog, points, copies, deps, job } = await replicated();
    await catalog.movePoint('crm', copies.at(-1)!.id, 'corrupt');
    await expire(job, { ...deps, replica });
    expect(await inState(catalog, 'expired')).toEqual(idsOf(points.slice(0, 3)));
    expect(await keysLeft(replica)).toHaveLength(30);
  });

  it('believes a hold in the replica, and of the dump beside it nothing', async () => {
    const { replica, catalog, points, copies, deps, job } = await replicated();
    replica.hold(copies[0]!.manifest!, true);
    await expire(job, { ...deps, replica });
    expect(await catalog.point('crm', copies[0]!.id)).toMatchObject({ state: 'verified' });
    expect(await catalog.point('crm', points[0]!.id)).toMatchObject({ state: 'expired' });
  });

  it('says what lies in a replica that the deployment has no longer, and goes on with the rest', async () => {
    const { vault, catalog, points, deps, job } = await replicated();
    await expect(expire(job, deps)).rejects.toMatchObject({
      message: expect.stringContaining('replica'),
    });
    expect(await inState(catalog, 'expired')).toEqual(idsOf(points.slice(0, 3)));
    expect(await keysLeft(vault)).toHaveLength(7 * 3);
  });
});
