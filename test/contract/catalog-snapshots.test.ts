import { pointId } from '../../lib/domain/names.ts';
import type { RecoveryPoint } from '../../lib/domain/points/recovery-point.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import { HOME } from '../support/builders.ts';
import { AT, CATALOGS, claim, later, MOMENT, point, snapshot } from './support/catalogs.ts';
import { unique } from './support/stage.ts';

const ABROAD = 'eu-west-1';
const VAULTED = `${ABROAD}/444455556666`;
const TAKEN = { snapshotAt: '2026-11-20T01:00:02Z', availableAt: '2026-11-20T01:10:00Z' };

describe.each(CATALOGS)('the catalog %s', (_name, make) => {
  let catalog: Catalog;
  beforeAll(async () => {
    catalog = await make(HOME);
  });

  /** One of every kind and place, all of one moment, each put in its own way. */
  const everyKind = async (target: string): Promise<RecoveryPoint[]> => {
    const holder = await claim(catalog, target);
    const dump = point(target);
    const replica = point(target, { id: `${dump.id}@replica`, place: 'replica', why: 'a replica' });
    const ours = snapshot(target);
    for (const each of [dump, replica, ours]) await catalog.putPoint(holder, each);
    const adopted = [
      snapshot(target, { place: ABROAD, state: 'available' }),
      snapshot(target, { place: VAULTED, state: 'available' }),
      snapshot(target, { kind: 'automated', state: 'available' }),
      snapshot(target, { kind: 'foreign', state: 'available' }),
    ];
    for (const each of adopted) await catalog.adoptPoint(each);
    return [dump, replica, ours, ...adopted];
  };

  it('keeps the points of one moment apart by kind and place, and finds each by its id', async () => {
    const target = unique();
    const made = await everyKind(target);
    expect(new Set(made.map(({ id }) => id)).size).toBe(7);
    for (const each of made) expect(await catalog.point(target, each.id)).toEqual(each);
    const listed = await catalog.points(target);
    expect(listed.map(({ id }) => id).sort()).toEqual(made.map(({ id }) => id).sort());
  });

  it('moves the point whose id is named, and no other point of its moment', async () => {
    const target = unique();
    const made = await everyKind(target);
    const abroad = made.find(({ place }) => place === VAULTED)!;
    expect(await catalog.movePoint(target, abroad.id, 'verified', { takeSeconds: 600 })).toBe(true);
    for (const each of made)
      expect(await catalog.point(target, each.id)).toEqual(
        each === abroad ? { ...each, state: 'verified', takeSeconds: 600 } : each,
      );
  });

  it('finds by a moment the dump in the vault, and no snapshot or copy', async () => {
    const target = unique();
    await catalog.adoptPoint(snapshot(target, { state: 'available' }));
    expect(await catalog.pointAt(target, MOMENT)).toBeUndefined();
    const [dump] = await everyKind(unique());
    expect(await catalog.pointAt(dump!.target, MOMENT)).toEqual(dump);
  });

  it('lists points of all kinds newest first by moment', async () => {
    const target = unique();
    const at = (day: string) => ({ scheduledFor: MOMENT.replace('20T', `${day}T`) });
    await catalog.adoptPoint(snapshot(target, { ...at('18'), kind: 'foreign' }));
    await catalog.putPoint(await claim(catalog, target, at('19')), point(target, at('19')));
    await catalog.adoptPoint(snapshot(target, { ...at('20'), kind: 'automated' }));
    await catalog.adoptPoint(snapshot(target, { ...at('17'), place: ABROAD }));
    const kinds = (await catalog.points(target)).map(({ kind, place }) => `${kind}@${place}`);
    expect(kinds).toEqual([`automated@${HOME}`, 'dump@vault', `foreign@${HOME}`, `snapshot@${ABROAD}`]);
  });

  it('adopts a point once, and changes nothing when it is adopted again', async () => {
    const target = unique();
    const first = snapshot(target, { kind: 'automated', state: 'available', ...TAKEN });
    expect(await catalog.adoptPoint(first)).toBe(true);
    expect(await catalog.adoptPoint({ ...first, state: 'corrupt', why: 'second' })).toBe(false);
    expect(await catalog.point(target, first.id)).toEqual(first);
  });

  it('lets one of five workers adopt a point at the same time', async () => {
    const target = unique();
    const adopted = await Promise.all(
      Array.from({ length: 5 }, (_, index) =>
        catalog.adoptPoint(snapshot(target, { kind: 'foreign', why: String(index) })),
      ),
    );
    expect(adopted.filter((first) => first)).toHaveLength(1);
    expect(await catalog.points(target)).toHaveLength(1);
  });

  it('derives the status of a target again after a point was adopted', async () => {
    const target = unique();
    await catalog.owe(target, {}, AT);
    await catalog.refreshStatus(target);
    const made = snapshot(target, { kind: 'automated', state: 'verified', ...TAKEN });
    await catalog.adoptPoint(made);
    const status = (await catalog.statuses([target])).get(target);
    expect(status?.snapshots?.newestVerified).toEqual({ id: made.id, ...TAKEN, state: 'verified' });
  });

  it('keeps the status of a target when a point is adopted again', async () => {
    const target = unique();
    const made = snapshot(target, { kind: 'automated', state: 'verified', ...TAKEN });
    await catalog.adoptPoint(made);
    await catalog.refreshStatus(target);
    await claim(catalog, target, { now: later(5) });
    await catalog.adoptPoint(made);
    // A stale status would be derived again and show the run.
    expect((await catalog.statuses([target])).get(target)?.lastRun).toEqual({});
  });
});

describe.each(CATALOGS)('a status in the catalog %s', (_name, make) => {
  const filled = async (home?: string) => {
    const catalog = await make(home);
    const target = unique('placed');
    const verified = { state: 'verified' as const, ...TAKEN };
    const holder = await claim(catalog, target);
    const replica = { id: '20261120T010000Z-1@replica', place: 'replica' as const };
    await catalog.putPoint(holder, point(target, { ...replica, ...verified }));
    for (const place of [HOME, ABROAD, VAULTED])
      await catalog.adoptPoint(snapshot(target, { place, ...verified }));
    const status = await catalog.refreshStatus(target);
    expect((await catalog.statuses([target])).get(target)).toEqual(status);
    return status;
  };

  it('has the snapshots at home apart from the copies in other places', async () => {
    const { snapshots, copies, newestVerified } = await filled(HOME);
    expect(snapshots?.newestVerified?.id).toBe(`20261120T010000Z-snapshot@${HOME}`);
    expect(Object.keys(copies ?? {}).sort()).toEqual([
      'dump@replica',
      `snapshot@${ABROAD}`,
      `snapshot@${VAULTED}`,
    ]);
    expect(copies?.[`snapshot@${VAULTED}`]?.id).toBe(`20261120T010000Z-snapshot@${VAULTED}`);
    expect(newestVerified).toBeUndefined();
  });

  it('has the newest snapshot and copy, although a day of dumps every ten minutes came after them', async () => {
    const catalog = await make(HOME);
    const target = unique('frequent');
    const verified = { state: 'verified' as const, ...TAKEN };
    for (const place of [HOME, ABROAD]) await catalog.adoptPoint(snapshot(target, { place, ...verified }));
    for (let minute = 10; minute <= 1440; minute += 10) {
      const scheduledFor = `${new Date(Date.parse(MOMENT) + minute * 60_000).toISOString().slice(0, 19)}Z`;
      await catalog.adoptPoint(point(target, { scheduledFor, id: pointId(scheduledFor, 1), ...verified }));
    }
    const { snapshots, copies } = await catalog.refreshStatus(target);
    expect(snapshots?.newestVerified?.id).toBe(`20261120T010000Z-snapshot@${HOME}`);
    expect(Object.keys(copies ?? {})).toEqual([`snapshot@${ABROAD}`]);
  });

  it('has no copies of snapshots where the catalog has no home Region', async () => {
    const { snapshots, copies } = await filled();
    expect(snapshots?.newestVerified).toBeDefined();
    expect(Object.keys(copies ?? {})).toEqual(['dump@replica']);
  });
});

describe.each(CATALOGS)('the observation of a target in the catalog %s', (_name, make) => {
  let catalog: Catalog;
  beforeAll(async () => {
    catalog = await make(HOME);
  });
  const PLATFORM = {
    readAt: '2026-11-20T12:00:00Z',
    status: 'available',
    retention: 604_800,
    latest: '2026-11-20T11:55:00Z',
  };
  const statusOf = async (target: string) => (await catalog.statuses([target])).get(target);

  it('is in the status at once and after each refresh, the newest of each part', async () => {
    const target = unique();
    await catalog.owe(target, {}, AT);
    const heartbeatAt = '2026-11-20T11:59:00Z';
    await catalog.observe(target, { platform: PLATFORM, heartbeatAt }, AT);
    expect(await statusOf(target)).toMatchObject({ platform: PLATFORM, heartbeatAt });
    expect(await catalog.refreshStatus(target)).toMatchObject({ platform: PLATFORM });
    const platform = { ...PLATFORM, latest: '2026-11-20T12:00:00Z' };
    await catalog.observe(target, { platform }, later(300));
    expect(await statusOf(target)).toMatchObject({ platform, heartbeatAt });
    expect(await catalog.refreshStatus(target)).toMatchObject({ platform, heartbeatAt });
  });

  it('leaves the derived parts of the status as they are', async () => {
    const target = unique();
    await catalog.owe(target, { dump: { cron: '0 1 * * *', timezone: 'UTC' } }, AT);
    await catalog.adoptPoint(snapshot(target, { state: 'verified', ...TAKEN }));
    const derived = await catalog.refreshStatus(target);
    await catalog.observe(target, { platform: PLATFORM }, later(60));
    expect(await statusOf(target)).toEqual({ ...derived, platform: PLATFORM });
    expect(await catalog.refreshStatus(target)).toEqual({ ...derived, platform: PLATFORM });
  });

  it('does not make a stale status pass for a new one', async () => {
    const target = unique();
    await catalog.owe(target, {}, AT);
    await catalog.refreshStatus(target);
    await catalog.adoptPoint(snapshot(target, { state: 'verified', ...TAKEN }));
    await catalog.observe(target, { platform: PLATFORM }, later(60));
    const snapshots = { newestVerified: { state: 'verified' } };
    expect(await statusOf(target)).toMatchObject({ platform: PLATFORM, snapshots });
  });

  it('makes the status of a target that has none', async () => {
    const target = unique();
    await catalog.observe(target, { platform: PLATFORM }, AT);
    const firstSeenAt = '2026-11-20T12:00:00Z';
    expect(await statusOf(target)).toMatchObject({ firstSeenAt, platform: PLATFORM, lastRun: {} });
  });

  it('is kept together with the schedules when both are written at the same time', async () => {
    const target = unique();
    const nightly = { cron: '0 1 * * *', timezone: 'UTC' };
    await Promise.all([
      catalog.owe(target, { dump: nightly }, AT),
      catalog.observe(target, { platform: PLATFORM }, AT),
      catalog.refreshStatus(target),
    ]);
    expect(await statusOf(target)).toMatchObject({ owed: { dump: nightly }, platform: PLATFORM });
  });
});
