import type { DumpPoint } from '../../../lib/domain/points/recovery-point.ts';
import { expire } from '../../../lib/workflows/expire/expire.ts';
import { DAY, HOME } from '../../support/builders.ts';
import { memoryCatalog } from '../../support/doubles/catalog/catalog.ts';
import { expiryWorld, keysLeft, LATER, NOW, stored, withPolicy } from '../../support/expiry.ts';
import { openIn } from '../../support/records.ts';
import { restoreRecord } from '../../support/restore-records.ts';

const keysOf = (points: DumpPoint[]) => points.flatMap(({ keys }) => Object.values(keys)).sort();
const upload = { contentType: 'x', tags: {} };
const anything = Buffer.from('x');

/** The world eight days later, with an RPO that the days between do not breach, which would freeze expiry. */
async function aged(days: number, policy = 'retention: { all: 35d }') {
  const world = await expiryWorld(days, policy);
  const { deps } = world;
  const objectives = { rpo: { dump: 30 * DAY }, rto: 3600 };
  deps.plan = withPolicy(deps.plan, { objectives });
  deps.clock = { ...deps.clock, now: () => new Date('2026-11-28T05:00:00Z') };
  return world;
}

describe('the expire job', () => {
  it('deletes what is outside every period, to the last billed byte, and keeps the rest', async () => {
    const { vault, points, inState, expire } = await expiryWorld(10);
    const summary = expect.stringContaining('3 points expired, 7 kept');
    expect(await expire()).toMatchObject({ outcome: 'done', summary });
    expect(await inState('verified')).toEqual(points.slice(3).map(({ id }) => id));
    expect(await keysLeft(vault)).toEqual(keysOf(points.slice(3)));
  });

  it('deletes nothing while a person restores the target', async () => {
    const { vault, catalog, expire } = await expiryWorld(10);
    const startedAt = '2026-11-20T04:00:00Z';
    await catalog.beginRestore(restoreRecord({ startedAt }));
    const before = await keysLeft(vault);
    const summary = expect.stringContaining('anna has been restoring crm since 2026-11-20 04:00 UTC');
    expect(await expire()).toMatchObject({ outcome: 'held', summary });
    expect(await keysLeft(vault)).toEqual(before);
    await catalog.putRestore(restoreRecord({ startedAt, state: 'done' }));
    expect(await expire(LATER)).toMatchObject({ outcome: 'done' });
  });

  it('lists in a dry run what it would delete and why, and touches nothing', async () => {
    const { vault, inState, expire } = await expiryWorld(10);
    const before = await keysLeft(vault);
    const { decisions } = await expire({ dryRun: true });
    expect(decisions.filter(({ keep }) => !keep)).toHaveLength(3);
    expect(decisions.every(({ why }) => why.length > 5)).toBe(true);
    expect(await keysLeft(vault)).toEqual(before);
    expect(await inState('expiring', 'expired')).toEqual([]);
  });

  it('comes to the same end in its next run, wherever it was killed', async () => {
    const whole = await expiryWorld(10);
    await whole.expire();
    const end = await keysLeft(whole.vault);
    for (let writes = 0; writes < 15; writes++) {
      const { vault, catalog, deps, ...world } = await expiryWorld(10);
      let left = writes;
      const mortal =
        <Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) =>
        (...args: Args) =>
          left-- > 0 ? work(...args) : new Promise<Result>(() => undefined);
      const dying = {
        ...deps,
        vault: { ...vault, removeAllVersions: mortal(vault.removeAllVersions) },
        catalog: { ...catalog, movePoint: mortal(catalog.movePoint) },
      };
      const job = {
        job: 'expire',
        target: 'crm',
        scheduledFor: NOW,
        requestedBy: 'x',
        dryRun: false,
      } as const;
      void expire(job, dying);
      while (left >= 0) await new Promise((resolve) => setImmediate(resolve));
      // Whatever is half deleted has lost its manifest or its standing: nothing of it passes for good.
      for (const point of await catalog.points('crm', { states: ['verified', 'rehearsed'] }))
        expect(await keysLeft(vault)).toEqual(expect.arrayContaining(keysOf([point as DumpPoint])));
      await world.expire(LATER);
      expect([writes, await keysLeft(vault)]).toEqual([writes, end]);
    }
  });

  it('keeps every object of a dump of which one is on legal hold, and deletes other dumps', async () => {
    const { vault, catalog, points, inState, expire } = await expiryWorld(10);
    const [held] = points;
    vault.hold(held!.dump!, true);
    await expire();
    expect(await keysLeft(vault)).toEqual(expect.arrayContaining(keysOf([held!])));
    expect(await catalog.point('crm', held!.id)).toMatchObject({ state: 'verified' });
    expect(await inState('expired')).toHaveLength(2);
  });

  it('deletes nothing while the newest dump is bad, and alerts that the last good points are at risk', async () => {
    const { vault, catalog, points, alerts, expire } = await expiryWorld(10);
    await catalog.movePoint('crm', points.at(-1)!.id, 'corrupt');
    const before = await keysLeft(vault);
    expect(await expire()).toMatchObject({ frozen: expect.stringContaining('corrupt') });
    expect(await keysLeft(vault)).toEqual(before);
    expect(alerts.told()).toEqual([expect.stringMatching('^opened P0 last-good-point-at-risk crm')]);
  });
});

describe('the expire job (objects of no point)', () => {
  const key = 'crm/2026/11/19/20261119T010000Z-7.dump';

  it('keeps them while they are young', async () => {
    const { vault, expire } = await expiryWorld(3, 'retention: { all: 35d }');
    await vault.put(anything, { key, ...upload });
    await expire();
    expect(await keysLeft(vault)).toContain(key);
  });

  it('deletes them when they are old', async () => {
    const { vault, expire } = await aged(3);
    await vault.put(anything, { key, ...upload });
    await expire({ scheduledFor: '2026-11-28T05:00:00Z' });
    expect(await keysLeft(vault)).not.toContain(key);
  });

  it('keeps dumps that the catalog has forgotten, and reports them until the catalog knows them again', async () => {
    const { vault, clock, deps, points, expire } = await aged(30, 'retention: { all: 90d }');
    const whole = await keysLeft(vault);
    // The table was made anew, and knows last night's dump only.
    deps.catalog = memoryCatalog(clock, HOME);
    await stored(vault, deps.catalog, '2026-11-20T02:00:00Z');
    const { orphans, unknown } = await expire();
    expect(orphans).toEqual([]);
    expect(unknown).toHaveLength(30);
    expect(await keysLeft(vault)).toEqual(expect.arrayContaining(whole));
    const message = expect.stringContaining('holds 30 dumps of crm that the catalog does not know');
    expect(await deps.catalog.openFindings('crm')).toMatchObject([{ code: 'dumps-unknown', message }]);
    for (const point of points) await deps.catalog.adoptPoint(point);
    expect((await expire(LATER)).unknown).toEqual([]);
    expect(await openIn(deps.catalog)).toEqual([]);
  });

  it('would delete other attempts of a moment with a good dump, and no whole dump of a moment without one', async () => {
    const { vault, catalog, expire } = await aged(3);
    const second = ['dump', 'roles.sql', 'manifest.json'].map(
      (what) => `crm/2026/11/19/20261119T010000Z-2.${what}`,
    );
    const third = 'crm/2026/11/19/20261119T010000Z-3.dump';
    for (const key of [...second, third]) await vault.put(anything, { key, ...upload });
    const planned = async () => {
      const { orphans, unknown } = await expire({ dryRun: true });
      return { orphans, unknown };
    };
    expect(await planned()).toEqual({ orphans: [...second, third].sort(), unknown: [] });
    await catalog.movePoint('crm', '20261119T010000Z-1', 'corrupt', { why: 'no' });
    expect(await planned()).toEqual({ orphans: [third], unknown: ['crm/2026/11/19/20261119T010000Z-2'] });
  });

  it('keeps objects that have no name of a dump', async () => {
    const { vault, expire } = await aged(3);
    for (const key of ['crm/read-me.txt', 'crm/20251119T010000Z-1.dump'])
      await vault.put(anything, { key, ...upload });
    expect(await expire({ dryRun: true })).toMatchObject({ orphans: [], unknown: [] });
  });
});
