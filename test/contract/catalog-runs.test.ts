import type { Catalog } from '../../lib/ports/catalog.ts';
import { AT, CATALOGS, claim, later, MOMENT } from './support/catalogs.ts';
import { unique } from './support/stage.ts';

const FAILED = {
  state: 'failed' as const,
  endedAt: '2026-11-20T12:10:00Z',
  summary: 'its worker died',
  error: { code: 'worker-died', message: 'its worker died', hint: 'look at the log' },
};
const DONE = { state: 'succeeded' as const, endedAt: '2026-11-20T12:01:00Z', summary: 'done' };

describe.each(CATALOGS)('the catalog %s', (_name, make) => {
  let catalog: Catalog;
  beforeAll(async () => {
    catalog = await make();
  });
  const openOf = async (...targets: string[]) =>
    (await catalog.openRuns()).filter((run) => targets.includes(run.target));

  it('lists the runs of one job and target newest first, and no more than asked for', async () => {
    const target = unique();
    const moments = ['2026-11-18', '2026-11-20', '2026-11-19'].map((day) => `${day}T01:00:00Z`);
    for (const scheduledFor of moments) await claim(catalog, target, { scheduledFor });
    await claim(catalog, target, { job: 'dumpling', scheduledFor: moments[0]! });
    await claim(catalog, unique(), { scheduledFor: moments[0]! });
    const listed = async (limit: number) =>
      (await catalog.runs(target, 'dump', limit)).map((run) => run.scheduledFor.slice(8, 10));
    expect(await listed(10)).toEqual(['20', '19', '18']);
    expect(await listed(2)).toEqual(['20', '19']);
    expect(await catalog.runs(unique(), 'dump', 10)).toEqual([]);
  });

  it('lists the running runs of all targets, and none that has ended', async () => {
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

  it('lists a failed run as running when it was claimed again', async () => {
    const target = unique();
    await catalog.finish(await claim(catalog, target), FAILED);
    expect(await openOf(target)).toEqual([]);
    await claim(catalog, target);
    expect(await openOf(target)).toMatchObject([{ attempt: 2 }]);
  });

  it('keeps what an extract brought out', async () => {
    const target = unique();
    const manifest = {
      key: 'extracts/crm/1.manifest.json',
      versionId: 'v',
      bytes: 9,
      sha256: 'a'.repeat(64),
    };
    const extracted = { point: '20261120T100000Z-moment', asOf: '2026-11-20T10:00:00Z', manifest };
    const made = await claim(catalog, target, { job: 'extract', label: 'of these tables' });
    await catalog.finish(made, { ...DONE, extracted });
    expect(await catalog.runs(target, 'extract', 1)).toMatchObject([{ extracted, label: 'of these tables' }]);
  });

  it('lists a running run with its newest lease', async () => {
    const target = unique();
    const made = await claim(catalog, target);
    await catalog.renew(made, later(500));
    expect(await openOf(target)).toMatchObject([{ leaseUntil: later(500).toISOString() }]);
  });

  it('lists a run that was taken over with its new claim, until the new worker ends it', async () => {
    const target = unique();
    await claim(catalog, target);
    const heir = await claim(catalog, target, { now: later(121) });
    expect(await openOf(target)).toMatchObject([{ attempt: 2, claimToken: heir.token }]);
    await catalog.finish(heir, FAILED);
    expect(await openOf(target)).toEqual([]);
    expect(await catalog.run(heir)).toMatchObject({ state: 'failed', attempt: 2, error: FAILED.error });
  });

  it('has no error of a run that failed without one', async () => {
    const made = await claim(catalog, unique());
    const { error: _error, ...silent } = FAILED;
    await catalog.finish(made, silent);
    expect(await catalog.run(made)).not.toHaveProperty('error');
  });

  it('gives out copies of runs, so that changing one changes nothing on record', async () => {
    const made = await claim(catalog, unique(), { now: AT });
    const run = (await catalog.run(made))!;
    run.state = 'succeeded';
    expect(await catalog.run({ ...made, scheduledFor: MOMENT })).toMatchObject({ state: 'running' });
  });
});
