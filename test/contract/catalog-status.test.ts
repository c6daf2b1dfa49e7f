import type { Catalog } from '../../lib/ports/catalog.ts';
import { AT, CATALOGS, claim, evidence, later, MOMENT, point, pointIn } from './support/catalogs.ts';
import { unique } from './support/stage.ts';

const SEEN = '2026-11-20T12:00:00Z';
const DONE = { state: 'succeeded' as const, endedAt: '2026-11-20T12:01:00Z', summary: 'done' };
const SNAPSHOT = { snapshotAt: '2026-11-20T01:00:02Z', availableAt: '2026-11-20T01:10:00Z' };
const NIGHTLY = { cron: '0 1 * * *', timezone: 'UTC' };

describe.each(CATALOGS)('the catalog %s', (_name, make) => {
  let catalog: Catalog;
  beforeAll(async () => {
    catalog = await make();
  });
  const statusOf = async (target: string) => (await catalog.statuses([target])).get(target);
  const seen = async (target = unique()) => {
    await catalog.owe(target, {}, AT);
    return target;
  };

  it('has no status of a target without records', async () => {
    expect(await catalog.statuses([unique(), unique()])).toEqual(new Map());
    expect(await catalog.statuses([])).toEqual(new Map());
  });

  it('keeps the moment that a target was first seen when it is seen again', async () => {
    const target = await seen();
    await catalog.owe(target, {}, later(9999));
    const nothing = { owed: {}, lastRun: {}, lastSuccess: {}, lastFired: {}, usual: {} };
    const empty = { target, firstSeenAt: SEEN, ...nothing };
    expect(await statusOf(target)).toEqual(empty);
    expect(await catalog.refreshStatus(target)).toEqual(empty);
    expect(await statusOf(target)).toEqual(empty);
  });

  it('takes the first run of a target for the moment that it was first seen, where nothing else is on record', async () => {
    const target = unique();
    await claim(catalog, target, { now: later(60) });
    await claim(catalog, target, { job: 'verify', now: later(30) });
    const firstSeenAt = '2026-11-20T12:00:30Z';
    expect(await catalog.refreshStatus(target)).toMatchObject({ firstSeenAt });
    expect(await statusOf(target)).toMatchObject({ firstSeenAt });
    await catalog.owe(target, { dump: NIGHTLY }, later(600));
    const owed = { dump: { ...NIGHTLY, since: firstSeenAt } };
    expect(await statusOf(target)).toMatchObject({ firstSeenAt, owed });
  });

  it('keeps the moment that a schedule last fired for, although many labelled snapshots came after it', async () => {
    const target = await seen();
    const snapshot = (scheduledFor: string, label?: string) =>
      claim(catalog, target, { job: 'snapshot', scheduledFor, ...(label ? { label } : {}) });
    await snapshot('2026-11-01T01:00:00Z');
    expect(await catalog.refreshStatus(target)).toMatchObject({
      lastFired: { snapshot: '2026-11-01T01:00:00Z' },
    });
    for (let minute = 10; minute < 35; minute++) await snapshot(`2026-11-02T01:${minute}:00Z`, 'release');
    expect(await catalog.refreshStatus(target)).toMatchObject({
      lastRun: { snapshot: { scheduledFor: '2026-11-02T01:34:00Z' } },
      lastFired: { snapshot: '2026-11-01T01:00:00Z' },
    });
  });

  it('gives the last observation of a target, although no status is derived', async () => {
    const target = unique();
    expect(await catalog.observed(target)).toEqual({});
    await catalog.observe(target, { heartbeatAt: SEEN }, AT);
    expect(await catalog.observed(target)).toEqual({ heartbeatAt: SEEN });
    const platform = { readAt: SEEN, status: 'available', retention: 7, id: 'crm-db' };
    await catalog.observe(target, { platform }, AT);
    expect(await catalog.observed(target)).toEqual({ heartbeatAt: SEEN, platform });
  });

  it('owes a schedule since the target was first seen with it', async () => {
    const target = unique();
    await catalog.owe(target, { dump: NIGHTLY, verify: NIGHTLY }, AT);
    await catalog.owe(target, { dump: NIGHTLY, verify: NIGHTLY }, later(9999));
    const owed = { ...NIGHTLY, since: SEEN };
    expect((await statusOf(target))?.owed).toEqual({ dump: owed, verify: owed });
  });

  it('owes a schedule that is added, changed or added again since that moment, and none that was removed', async () => {
    const target = unique();
    const hourly = { cron: '0 * * * *', timezone: 'UTC' };
    const there = { ...NIGHTLY, timezone: 'Europe/Berlin' };
    await catalog.owe(target, { dump: NIGHTLY, verify: NIGHTLY, expire: NIGHTLY }, AT);
    await catalog.owe(target, { dump: hourly, verify: there, rehearse: NIGHTLY }, later(60));
    const since = '2026-11-20T12:01:00Z';
    expect((await statusOf(target))?.owed).toEqual({
      dump: { ...hourly, since },
      verify: { ...there, since },
      rehearse: { ...NIGHTLY, since },
    });
    await catalog.owe(target, { dump: hourly, expire: NIGHTLY }, later(120));
    expect((await statusOf(target))?.owed).toEqual({
      dump: { ...hourly, since },
      expire: { ...NIGHTLY, since: '2026-11-20T12:02:00Z' },
    });
  });

  it('owes a copy since its place was first named, although its schedule changes later', async () => {
    const target = unique();
    const hourly = { cron: '0 * * * *', timezone: 'UTC' };
    await catalog.owe(target, { snapshot: NIGHTLY }, AT);
    await catalog.owe(target, { snapshot: NIGHTLY, 'copy to snapshot@eu-west-1': NIGHTLY }, later(60));
    await catalog.owe(target, { snapshot: hourly, 'copy to snapshot@eu-west-1': hourly }, later(120));
    expect((await statusOf(target))?.owed).toEqual({
      snapshot: { ...hourly, since: '2026-11-20T12:02:00Z' },
      'copy to snapshot@eu-west-1': { ...hourly, since: '2026-11-20T12:01:00Z' },
    });
  });

  it('derives the status of a target from its points, runs and evidence', async () => {
    const target = await seen();
    const made = point(target, { ...SNAPSHOT, dumpSeconds: 12 });
    await catalog.finish(await pointIn(catalog, 'verified', made), DONE);
    await catalog.addEvidence(evidence(target, { rto: { promised: 60, achieved: 31, met: true } }));
    const summary = { id: made.id, ...SNAPSHOT, state: 'verified' };
    const expected = {
      firstSeenAt: SEEN,
      newestPoint: summary,
      newestVerified: summary,
      lastRun: { dump: { scheduledFor: MOMENT, state: 'succeeded', attempt: 1 } },
      lastSuccess: { dump: { summary: 'done' } },
      lastRehearsal: { outcome: 'passed', strength: 'exact', rto: { achieved: 31 } },
      usual: { dump: 12 },
    };
    expect(await statusOf(target)).toMatchObject(expected);
    expect(await catalog.refreshStatus(target)).toMatchObject(expected);
  });

  it('keeps a status that only runs have changed until the next refresh', async () => {
    const target = await seen();
    await catalog.refreshStatus(target);
    await catalog.finish(await claim(catalog, target), DONE);
    expect((await statusOf(target))?.lastRun).toEqual({});
    expect((await catalog.refreshStatus(target)).lastRun).toMatchObject({ dump: { state: 'succeeded' } });
    expect((await statusOf(target))?.lastRun).toMatchObject({ dump: { state: 'succeeded' } });
  });

  it('derives the status of a target again after a point was put', async () => {
    const target = await seen();
    await catalog.refreshStatus(target);
    const holder = await claim(catalog, target);
    await catalog.putPoint(holder, point(target));
    await catalog.putPoint(holder, point(target, { state: 'available', ...SNAPSHOT }));
    expect(await statusOf(target)).toMatchObject({ waiting: { state: 'available' } });
  });

  it('derives the status of a target again after a point was moved', async () => {
    const target = await seen();
    const made = point(target, SNAPSHOT);
    await pointIn(catalog, 'verified', made);
    expect((await catalog.refreshStatus(target)).newestVerified?.id).toBe(made.id);
    await catalog.movePoint(target, made.id, 'corrupt');
    const status = await statusOf(target);
    expect(status?.newestVerified).toBeUndefined();
    expect(status?.newestPoint).toMatchObject({ state: 'corrupt' });
  });

  it('keeps the newest of many refreshes that run while points and schedules change', async () => {
    const target = await seen();
    const made = point(target, SNAPSHOT);
    await pointIn(catalog, 'available', made);
    const refreshes = () => Array.from({ length: 4 }, () => catalog.refreshStatus(target));
    const verified = catalog.movePoint(target, made.id, 'verified');
    await Promise.all([...refreshes(), verified, catalog.owe(target, { dump: NIGHTLY }, later(60))]);
    await Promise.all([...refreshes(), catalog.movePoint(target, made.id, 'corrupt'), ...refreshes()]);
    const status = await statusOf(target);
    expect(status?.newestPoint).toMatchObject({ id: made.id, state: 'corrupt' });
    expect(status?.newestVerified).toBeUndefined();
    expect(status?.owed).toMatchObject({ dump: NIGHTLY });
  });

  it('gives the statuses of those of 250 targets that have one', async () => {
    const targets = Array.from({ length: 250 }, () => unique());
    const known = targets.filter((_, index) => index % 12 === 0);
    await Promise.all(known.map((target, index) => catalog.owe(target, {}, later(index))));
    const found = await catalog.statuses(targets);
    expect([...found.keys()].sort()).toEqual([...known].sort());
    for (const [index, target] of known.entries())
      expect(found.get(target)?.firstSeenAt).toBe(`${later(index).toISOString().slice(0, 19)}Z`);
  });
});
