import { ClaimLost } from '../../lib/domain/errors.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import { CATALOGS, claim, later, MOMENT, point, request } from './support/catalogs.ts';
import { unique } from './support/stage.ts';

const DONE = { state: 'succeeded' as const, endedAt: '2026-11-20T12:01:00Z', summary: 'done' };
const FAILED = { ...DONE, state: 'failed' as const, error: { code: 'x', message: 'not done', hint: 'h' } };

describe.each(CATALOGS)('the catalog %s', (_name, make) => {
  let catalog: Catalog;
  beforeAll(async () => {
    catalog = await make();
  });

  it('gives a run to exactly one of twenty workers that claim it at the same time', async () => {
    const target = unique();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => catalog.claim(request(target))));
    expect(outcomes.map((each) => each.outcome).sort()).toEqual(['claimed', ...Array(19).fill('held')]);
    const [winner] = outcomes.flatMap((each) => (each.outcome === 'claimed' ? [each.claim] : []));
    expect(await catalog.run(winner!)).toMatchObject({ claimToken: winner!.token, attempt: 1 });
  });

  it('gives an expired claim to exactly one of twenty workers that take it over at the same time', async () => {
    const target = unique();
    await claim(catalog, target);
    const late = request(target, { now: later(121) });
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => catalog.claim(late)));
    const winners = outcomes.flatMap((each) => (each.outcome === 'claimed' ? [each.claim] : []));
    expect(winners).toHaveLength(1);
    expect(winners[0]?.attempt).toBe(2);
  });

  it('records who asked for a run, why, when it was claimed and until when', async () => {
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

  it('has no run that was never claimed', async () => {
    expect(await catalog.run(request(unique()))).toBeUndefined();
  });

  it('refuses a run that another worker has claimed, and says until when', async () => {
    const target = unique();
    await claim(catalog, target);
    const held = { outcome: 'held', until: '2026-11-20T12:02:00.000Z' };
    expect(await catalog.claim(request(target, { now: later(119) }))).toEqual(held);
    expect(await catalog.claim(request(target, { now: later(119), again: true }))).toEqual(held);
  });

  it('refuses a run whose claim was renewed, after the first lease too', async () => {
    const target = unique();
    const made = await claim(catalog, target);
    await catalog.renew(made, later(600));
    expect(await catalog.claim(request(target, { now: later(599) }))).toMatchObject({ outcome: 'held' });
  });

  it('gives an expired claim to the next worker as a new attempt, and says whose it was', async () => {
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
    ['renew a claim', (it, zombie) => it.renew(zombie, later(9999))],
    ['finish a run', (it, zombie) => it.finish(zombie, DONE)],
    ['put a point', (it, zombie) => it.putPoint(zombie, point(zombie.target))],
  ])('refuses to %s for a worker whose claim was taken over, and changes nothing', async (_what, act) => {
    const target = unique();
    const zombie = await claim(catalog, target);
    const heir = await claim(catalog, target, { now: later(121) });
    const before = await catalog.run(heir);
    await expect(act(catalog, zombie)).rejects.toThrow(ClaimLost);
    expect(await catalog.run(heir)).toEqual(before);
    expect(await catalog.points(target)).toEqual([]);
  });

  it('refuses every write of a worker whose run has ended', async () => {
    const target = unique();
    const made = await claim(catalog, target);
    await catalog.finish(made, DONE);
    await expect(catalog.renew(made, later(60))).rejects.toThrow(ClaimLost);
    await expect(catalog.finish(made, FAILED)).rejects.toThrow(ClaimLost);
    await expect(catalog.putPoint(made, point(target))).rejects.toThrow(ClaimLost);
    expect(await catalog.run(made)).toMatchObject({ state: 'succeeded', summary: 'done' });
  });

  it('takes the same end of a run twice', async () => {
    const made = await claim(catalog, unique());
    await catalog.finish(made, FAILED);
    const before = await catalog.run(made);
    await catalog.finish(made, FAILED);
    expect(await catalog.run(made)).toEqual(before);
  });

  it('refuses the end of a run from a worker whose run another has ended the same way', async () => {
    const zombie = await claim(catalog, unique());
    const heir = await claim(catalog, zombie.target, { now: later(121) });
    await catalog.finish(heir, DONE);
    await expect(catalog.finish(zombie, DONE)).rejects.toThrow(ClaimLost);
  });

  it('refuses the end of a run that was never claimed', async () => {
    const made = await claim(catalog, unique());
    await expect(catalog.finish({ ...made, target: unique() }, DONE)).rejects.toThrow(ClaimLost);
  });

  it('answers a claim on a run that has succeeded with that run', async () => {
    const target = unique();
    const made = await claim(catalog, target);
    await catalog.finish(made, { ...DONE, point: '20261120T010000Z-1' });
    expect(await catalog.claim(request(target, { now: later(9999) }))).toMatchObject({
      outcome: 'done',
      run: { ...DONE, point: '20261120T010000Z-1' },
    });
  });

  it('gives a run that has succeeded to a worker that asks for it again', async () => {
    const target = unique();
    await catalog.finish(await claim(catalog, target), DONE);
    const again = await catalog.claim(request(target, { again: true }));
    expect(again).toMatchObject({ outcome: 'claimed', claim: { attempt: 2 } });
    expect(again).not.toHaveProperty('takenOverFrom');
    const run = await catalog.run(request(target));
    expect(run?.state).toBe('running');
    expect(run).not.toHaveProperty('endedAt');
  });

  it('gives a run that has failed to the next worker, and drops its error', async () => {
    const target = unique();
    await catalog.finish(await claim(catalog, target), FAILED);
    expect(await catalog.run(request(target))).toMatchObject({ state: 'failed', error: FAILED.error });
    expect(await claim(catalog, target)).toMatchObject({ attempt: 2 });
    expect(await catalog.run(request(target))).not.toHaveProperty('error');
  });

  it('gives the same claim to a worker that comes back with its token, and refuses another token', async () => {
    const target = unique();
    const first = await claim(catalog, target, { token: 'mine' });
    expect(first.token).toBe('mine');
    expect(await claim(catalog, target, { token: 'mine', now: later(60) })).toEqual(first);
    const other = await catalog.claim(request(target, { token: 'theirs', now: later(60) }));
    expect(other).toMatchObject({ outcome: 'held' });
  });

  it('renews the claim of a worker that comes back with its token after the lease', async () => {
    const target = unique();
    await claim(catalog, target, { token: 'mine' });
    await claim(catalog, target, { token: 'mine', now: later(600) });
    const other = await catalog.claim(request(target, { now: later(601) }));
    expect(other).toMatchObject({ outcome: 'held' });
  });
});
