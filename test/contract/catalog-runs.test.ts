import type { Catalog } from '../../lib/ports/catalog.ts';
import { AT, CATALOGS, claim, later, MOMENT, request } from './support/catalogs.ts';
import { unique } from './support/stage.ts';

const FAILED = {
  state: 'failed' as const,
  endedAt: '2026-11-20T12:10:00Z',
  summary: 'its worker died',
  error: { code: 'worker-died', message: 'its worker died', hint: 'look at the log' },
};
const DONE = { state: 'succeeded' as const, endedAt: '2026-11-20T12:01:00Z', summary: 'done' };

describe.each(CATALOGS)('a catalog %s: runs', (_name, make) => {
  let catalog: Catalog;
  beforeAll(async () => {
    catalog = await make();
  });
  const openOf = async (...targets: string[]) =>
    (await catalog.openRuns()).filter((run) => targets.includes(run.target));

  it('lists the runs of one job newest first, and no more than asked for', async () => {
    const target = unique();
    const moments = ['2026-11-18', '2026-11-20', '2026-11-19'].map((day) => `${day}T01:00:00Z`);
    for (const scheduledFor of moments) await claim(catalog, target, { scheduledFor });
    await claim(catalog, target, { job: 'dumpling', scheduledFor: '2026-11-21T01:00:00Z' });
    const listed = async (limit: number) =>
      (await catalog.runs(target, 'dump', limit)).map((run) => run.scheduledFor.slice(8, 10));
    expect(await listed(10)).toEqual(['20', '19', '18']);
    expect(await listed(2)).toEqual(['20', '19']);
    expect(await catalog.runs(unique(), 'dump', 10)).toEqual([]);
  });

  it('finds what is running, of every target, and nothing that has ended', async () => {
    const [one, two, three] = [unique(), unique(), unique()] as const;
    const first = await claim(catalog, one);
    await claim(catalog, two, { job: 'verify' });
    await catalog.finish(await claim(catalog, three), DONE);
    expect((await openOf(one, two, three)).map((run) => [run.target, run.job]).sort()).toEqual([
      [one, 'dump'],
      [two, 'verify'],
    ]);
    expect((await openOf(one))[0]).toEqual(await catalog.run(first));
  });

  it('finds a run again that was claimed anew after it had failed', async () => {
    const target = unique();
    await catalog.finish(await claim(catalog, target), FAILED);
    expect(await openOf(target)).toEqual([]);
    await claim(catalog, target);
    expect(await openOf(target)).toMatchObject([{ attempt: 2 }]);
  });

  it('knows the newest lease of a running run', async () => {
    const target = unique();
    const made = await claim(catalog, target);
    await catalog.renew(made, later(500));
    expect(await openOf(target)).toMatchObject([{ leaseUntil: later(500).toISOString() }]);
  });

  it('fails a dead run, which is then no longer running and may be claimed again', async () => {
    const target = unique();
    await claim(catalog, target);
    const [dead] = await openOf(target);
    expect(await catalog.failDeadRun(dead!, FAILED)).toBe(true);
    expect(await openOf(target)).toEqual([]);
    expect(await catalog.run(dead!)).toMatchObject({ state: 'failed', attempt: 1, error: FAILED.error });
    expect(await claim(catalog, target)).toMatchObject({ attempt: 2 });
  });

  it('refuses the writes of a worker whose run was failed as dead', async () => {
    const target = unique();
    const zombie = await claim(catalog, target);
    await catalog.failDeadRun((await catalog.run(zombie))!, FAILED);
    await expect(catalog.renew(zombie, later(600))).rejects.toMatchObject({ code: 'claim-lost' });
    await expect(catalog.finish(zombie, DONE)).rejects.toMatchObject({ code: 'claim-lost' });
    expect(await catalog.run(zombie)).toMatchObject({ state: 'failed' });
  });

  it('does not fail a run that was renewed since it was looked at', async () => {
    const made = await claim(catalog, unique());
    const seen = await catalog.run(made);
    await catalog.renew(made, later(300));
    expect(await catalog.failDeadRun(seen!, FAILED)).toBe(false);
    expect(await catalog.run(made)).toMatchObject({ state: 'running' });
  });

  it('does not fail a run that was taken over since it was looked at, even until the same moment', async () => {
    const made = await claim(catalog, unique(), { leaseSeconds: 120 });
    const seen = await catalog.run(made);
    await catalog.claim(request(made.target, { now: later(120), leaseSeconds: 0 }));
    expect(await catalog.failDeadRun(seen!, FAILED)).toBe(false);
    expect(await catalog.run(made)).toMatchObject({ state: 'running', attempt: 2 });
  });

  it('does not fail a run that has ended since it was looked at', async () => {
    const made = await claim(catalog, unique());
    const seen = await catalog.run(made);
    await catalog.finish(made, DONE);
    expect(await catalog.failDeadRun(seen!, FAILED)).toBe(false);
    expect(await catalog.run(made)).toMatchObject({ state: 'succeeded' });
  });

  it('does not fail a run that it never knew', async () => {
    const made = await claim(catalog, unique());
    const run = (await catalog.run(made))!;
    expect(await catalog.failDeadRun({ ...run, target: unique() }, FAILED)).toBe(false);
  });

  it('lets one of several watches fail a dead run', async () => {
    const made = await claim(catalog, unique());
    const seen = (await catalog.run(made))!;
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => catalog.failDeadRun(seen, FAILED)));
    expect(outcomes.filter((failed) => failed)).toHaveLength(1);
  });

  it('gives back a run that failed without an error as one that has none', async () => {
    const made = await claim(catalog, unique());
    const { error: _error, ...silent } = FAILED;
    await catalog.failDeadRun((await catalog.run(made))!, silent);
    expect(await catalog.run(made)).not.toHaveProperty('error');
  });

  it('gives out copies: changing one changes nothing on record', async () => {
    const made = await claim(catalog, unique(), { now: AT });
    const run = (await catalog.run(made))!;
    run.state = 'succeeded';
    expect(await catalog.run({ ...made, scheduledFor: MOMENT })).toMatchObject({ state: 'running' });
  });
});
