import type { Catalog } from '../../lib/ports/catalog.ts';
import { AT, CATALOGS, claim, evidence, later, MOMENT, point, pointIn } from './support/catalogs.ts';
import { unique } from './support/stage.ts';

const SEEN = '2026-11-20T12:00:00Z';
const DONE = { state: 'succeeded' as const, endedAt: '2026-11-20T12:01:00Z', summary: 'done' };
const SNAPSHOT = { snapshotAt: '2026-11-20T01:00:02Z', availableAt: '2026-11-20T01:10:00Z' };

describe.each(CATALOGS)('a catalog %s: statuses', (_name, make) => {
  let catalog: Catalog;
  beforeAll(async () => {
    catalog = await make();
  });
  const statusOf = async (target: string) => (await catalog.statuses([target])).get(target);

  it('has no status of a target that it never saw', async () => {
    expect(await catalog.statuses([unique(), unique()])).toEqual(new Map());
    expect(await catalog.statuses([])).toEqual(new Map());
  });

  it('counts what is owed from the first time a target was seen, and from no later one', async () => {
    const target = unique();
    await catalog.firstSeen(target, AT);
    await catalog.firstSeen(target, later(9999));
    const empty = { target, firstSeenAt: SEEN, lastRun: {}, lastSuccess: {}, usual: {} };
    expect(await statusOf(target)).toEqual(empty);
    expect(await catalog.refreshStatus(target)).toEqual(empty);
    expect(await statusOf(target)).toEqual(empty);
  });

  it('takes a target’s first run for the time it was first seen, when nobody saw it before', async () => {
    const target = unique();
    await claim(catalog, target, { now: later(60) });
    await claim(catalog, target, { job: 'verify', now: later(30) });
    expect(await catalog.refreshStatus(target)).toMatchObject({
      firstSeenAt: later(30).toISOString().replace('.000', ''),
    });
    expect(await statusOf(target)).toMatchObject({ firstSeenAt: '2026-11-20T12:00:30Z' });
  });

  it('derives the status from points, runs and evidence', async () => {
    const target = unique();
    await catalog.firstSeen(target, AT);
    const made = point(target, { ...SNAPSHOT, dumpSeconds: 12 });
    await catalog.finish(await pointIn(catalog, 'verified', made), DONE);
    await catalog.addEvidence(evidence(target, { rto: { promised: 60, achieved: 31, met: true } }));
    const summary = { id: made.id, ...SNAPSHOT, state: 'verified' };
    expect(await catalog.refreshStatus(target)).toMatchObject({
      firstSeenAt: SEEN,
      newestPoint: summary,
      newestVerified: summary,
      lastRun: { dump: { scheduledFor: MOMENT, state: 'succeeded', attempt: 1 } },
      lastSuccess: { dump: { summary: 'done' } },
      lastRehearsal: { outcome: 'passed', strength: 'exact', rto: { achieved: 31 } },
      usual: { dump: 12 },
    });
  });

  it('keeps a status until a point changes: what only runs changed shows at the next refresh', async () => {
    const target = unique();
    await catalog.firstSeen(target, AT);
    await catalog.refreshStatus(target);
    await catalog.finish(await claim(catalog, target), DONE);
    expect((await statusOf(target))?.lastRun).toEqual({});
    expect((await catalog.refreshStatus(target)).lastRun).toMatchObject({ dump: { state: 'succeeded' } });
    expect((await statusOf(target))?.lastRun).toMatchObject({ dump: { state: 'succeeded' } });
  });

  it('never shows a status from before a point was put', async () => {
    const target = unique();
    await catalog.firstSeen(target, AT);
    await catalog.refreshStatus(target);
    const holder = await claim(catalog, target);
    await catalog.putPoint(holder, point(target));
    await catalog.putPoint(holder, point(target, { state: 'available', ...SNAPSHOT }));
    expect(await statusOf(target)).toMatchObject({ waiting: { state: 'available' } });
  });

  it('never shows a status from before a point was moved', async () => {
    const target = unique();
    await catalog.firstSeen(target, AT);
    const made = point(target, SNAPSHOT);
    await pointIn(catalog, 'verified', made);
    expect((await catalog.refreshStatus(target)).newestVerified?.id).toBe(made.id);
    await catalog.movePoint(target, made.id, 'corrupt');
    const status = await statusOf(target);
    expect(status?.newestVerified).toBeUndefined();
    expect(status?.newestPoint).toMatchObject({ state: 'corrupt' });
  });

  it('does not take a refused change for one', async () => {
    const target = unique();
    await catalog.firstSeen(target, AT);
    const made = point(target, SNAPSHOT);
    await pointIn(catalog, 'verified', made);
    const before = await catalog.refreshStatus(target);
    expect(await catalog.movePoint(target, made.id, 'creating')).toBe(false);
    expect(await statusOf(target)).toEqual(before);
  });

  it('keeps none but the newest of many refreshes while points change', async () => {
    const target = unique();
    await catalog.firstSeen(target, AT);
    const made = point(target, SNAPSHOT);
    await pointIn(catalog, 'available', made);
    const refreshes = () => Array.from({ length: 4 }, () => catalog.refreshStatus(target));
    await Promise.all([
      ...refreshes(),
      catalog.movePoint(target, made.id, 'verified'),
      ...refreshes(),
      catalog.firstSeen(target, later(60)),
    ]);
    await Promise.all([...refreshes(), catalog.movePoint(target, made.id, 'corrupt'), ...refreshes()]);
    const status = await statusOf(target);
    expect(status?.newestPoint).toMatchObject({ id: made.id, state: 'corrupt' });
    expect(status?.newestVerified).toBeUndefined();
  });

  it('gives the statuses of 250 targets, and of no others', async () => {
    const targets = Array.from({ length: 250 }, () => unique());
    await Promise.all(targets.map((target, index) => catalog.firstSeen(target, later(index))));
    const found = await catalog.statuses([...targets, unique('nobody')]);
    expect([...found.keys()].sort()).toEqual([...targets].sort());
    for (const [index, target] of targets.entries())
      expect(found.get(target)?.firstSeenAt).toBe(`${later(index).toISOString().slice(0, 19)}Z`);
  });
});
