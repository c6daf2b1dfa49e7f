import { ClaimLost } from '../../lib/domain/errors.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import { AT, CATALOGS, claim, later, MOMENT, point, request } from './support/catalogs.ts';
import { unique } from './support/stage.ts';

const DONE = { state: 'succeeded' as const, endedAt: '2026-11-20T12:01:00Z', summary: 'done' };
const FAILED = { ...DONE, state: 'failed' as const, error: { code: 'x', message: 'not done', hint: 'h' } };

describe.each(CATALOGS)('a catalog %s: claims', (_name, make) => {
  let catalog: Catalog;
  beforeAll(async () => {
    catalog = await make();
  });

  it('lets exactly one of twenty who claim at the same time have the run', async () => {
    const target = unique();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => catalog.claim(request(target))));
    expect(outcomes.map((each) => each.outcome).sort()).toEqual(['claimed', ...Array(19).fill('held')]);
    const [winner] = outcomes.flatMap((each) => (each.outcome === 'claimed' ? [each.claim] : []));
    expect(await catalog.run(winner!)).toMatchObject({ claimToken: winner!.token, attempt: 1 });
  });

  it('lets exactly one of twenty take over a dead claim', async () => {
    const target = unique();
    await claim(catalog, target);
    const late = request(target, { now: later(121) });
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => catalog.claim(late)));
    const winners = outcomes.flatMap((each) => (each.outcome === 'claimed' ? [each.claim] : []));
    expect(winners).toHaveLength(1);
    expect(winners[0]?.attempt).toBe(2);
  });

  it('records who asked, why, since when and until when', async () => {
    const target = unique();
    const made = await claim(catalog, target, { requestedBy: 'ann', reason: 'before the migration' });
    expect(await catalog.run(made)).toEqual({
      job: 'dump',
      target,
      scheduledFor: MOMENT,
      state: 'running',
      attempt: 1,
      requestedBy: 'ann',
      reason: 'before the migration',
      startedAt: '2026-11-20T12:00:00Z',
      leaseUntil: '2026-11-20T12:02:00.000Z',
      claimToken: made.token,
    });
  });

  it('knows nothing of a run that nobody claimed', async () => {
    expect(await catalog.run(request(unique()))).toBeUndefined();
  });

  it('holds a live claim against others and says until when', async () => {
    const target = unique();
    await claim(catalog, target);
    const until = '2026-11-20T12:02:00.000Z';
    expect(await catalog.claim(request(target, { now: later(119) }))).toEqual({ outcome: 'held', until });
    expect(await catalog.claim(request(target, { now: later(119), again: true }))).toEqual({
      outcome: 'held',
      until,
    });
  });

  it('holds a renewed claim beyond its first lease', async () => {
    const target = unique();
    const made = await claim(catalog, target);
    await catalog.renew(made, later(600));
    expect(await catalog.claim(request(target, { now: later(599) }))).toMatchObject({ outcome: 'held' });
  });

  it('lets a dead claim be taken over as the next attempt and says from whom', async () => {
    const target = unique();
    const first = await claim(catalog, target);
    const outcome = await catalog.claim(request(target, { now: later(121) }));
    expect(outcome).toMatchObject({
      outcome: 'claimed',
      claim: { attempt: 2 },
      takenOverFrom: { claimToken: first.token, attempt: 1, state: 'running' },
    });
    expect(outcome).not.toMatchObject({ claim: { token: first.token } });
  });

  it.each<[string, (catalog: Catalog, zombie: Awaited<ReturnType<typeof claim>>) => Promise<void>]>([
    ['renew', (it, zombie) => it.renew(zombie, later(9999))],
    ['finish', (it, zombie) => it.finish(zombie, DONE)],
    ['put a point', (it, zombie) => it.putPoint(zombie, point(zombie.target))],
  ])('refuses a zombie that wants to %s after it was taken over, and changes nothing', async (_what, act) => {
    const target = unique();
    const zombie = await claim(catalog, target);
    const heir = await claim(catalog, target, { now: later(121) });
    const before = await catalog.run(heir);
    await expect(act(catalog, zombie)).rejects.toThrow(ClaimLost);
    expect(await catalog.run(heir)).toEqual(before);
    expect(await catalog.points(target)).toEqual([]);
  });

  it('refuses every write of a holder whose run has ended', async () => {
    const target = unique();
    const made = await claim(catalog, target);
    await catalog.finish(made, DONE);
    await expect(catalog.renew(made, later(60))).rejects.toThrow(ClaimLost);
    await expect(catalog.finish(made, FAILED)).rejects.toThrow(ClaimLost);
    await expect(catalog.putPoint(made, point(target))).rejects.toThrow(ClaimLost);
    expect(await catalog.run(made)).toMatchObject({ state: 'succeeded', summary: 'done' });
  });

  it('takes an end that is said twice for one', async () => {
    const made = await claim(catalog, unique());
    await catalog.finish(made, FAILED);
    const before = await catalog.run(made);
    await catalog.finish(made, FAILED);
    expect(await catalog.run(made)).toEqual(before);
  });

  it('does not take another’s end for its own', async () => {
    const zombie = await claim(catalog, unique());
    const heir = await claim(catalog, zombie.target, { now: later(121) });
    await catalog.finish(heir, DONE);
    await expect(catalog.finish(zombie, DONE)).rejects.toThrow(ClaimLost);
  });

  it('refuses to write for a claim on a run that was never claimed', async () => {
    const made = await claim(catalog, unique());
    await expect(catalog.finish({ ...made, target: unique() }, DONE)).rejects.toThrow(ClaimLost);
  });

  it('says that a succeeded run is done, with what came of it', async () => {
    const target = unique();
    const made = await claim(catalog, target);
    await catalog.finish(made, { ...DONE, point: '20261120T010000Z-1' });
    const outcome = await catalog.claim(request(target, { now: later(9999) }));
    const run = { state: 'succeeded', summary: 'done', endedAt: DONE.endedAt, point: '20261120T010000Z-1' };
    expect(outcome).toMatchObject({ outcome: 'done', run });
  });

  it('opens a succeeded run again for who says `again`', async () => {
    const target = unique();
    await catalog.finish(await claim(catalog, target), DONE);
    const again = await catalog.claim(request(target, { again: true }));
    expect(again).toMatchObject({ outcome: 'claimed', claim: { attempt: 2 } });
    expect(again).not.toHaveProperty('takenOverFrom');
    const run = await catalog.run(request(target));
    expect(run?.state).toBe('running');
    expect(run).not.toHaveProperty('endedAt');
  });

  it('lets a failed run be claimed again, and takes its failure back', async () => {
    const target = unique();
    await catalog.finish(await claim(catalog, target), FAILED);
    expect(await catalog.run(request(target))).toMatchObject({ state: 'failed', error: FAILED.error });
    expect(await claim(catalog, target)).toMatchObject({ attempt: 2 });
    expect(await catalog.run(request(target))).not.toHaveProperty('error');
  });

  it('knows a worker that comes back by its token, and gives it the claim it has', async () => {
    const target = unique();
    const first = await claim(catalog, target, { token: 'mine' });
    expect(first.token).toBe('mine');
    expect(await claim(catalog, target, { token: 'mine', now: later(60) })).toEqual(first);
    expect(await catalog.claim(request(target, { token: 'theirs', now: later(60) }))).toMatchObject({
      outcome: 'held',
    });
  });

  it('gives a worker that comes back to its own claim a living one, however long it was away', async () => {
    const target = unique();
    await claim(catalog, target, { token: 'mine' });
    await claim(catalog, target, { token: 'mine', now: later(600) });
    const other = await catalog.claim(request(target, { now: later(601) }));
    expect(other).toMatchObject({ outcome: 'held' });
  });

  it('keeps runs of other jobs, targets and moments apart', async () => {
    const target = unique();
    await claim(catalog, target, { now: AT });
    await claim(catalog, target, { job: 'verify' });
    await claim(catalog, unique());
    await claim(catalog, target, { scheduledFor: '2026-11-21T01:00:00Z' });
    expect((await catalog.runs(target, 'dump', 10)).map((run) => run.scheduledFor)).toEqual([
      '2026-11-21T01:00:00Z',
      MOMENT,
    ]);
  });
});
