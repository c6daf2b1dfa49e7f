import { POINT_STATES, type PointState, type RecoveryPoint } from '../../lib/domain/points/recovery-point.ts';
import type { Claim } from '../../lib/domain/runs/run.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import { CATALOGS, claim, later, MOMENT, point, pointIn } from './support/catalogs.ts';
import { unique } from './support/stage.ts';

/** What each state may become, written out once more: the test must not ask the code what is right. */
const MAY: [PointState, PointState[]][] = [
  ['creating', ['creating', 'available', 'failed']],
  ['available', ['available', 'verified', 'corrupt', 'expiring']],
  ['verified', ['verified', 'rehearsed', 'corrupt', 'expiring']],
  ['rehearsed', ['rehearsed', 'corrupt', 'expiring']],
  ['failed', ['creating', 'expiring']],
  ['corrupt', ['corrupt', 'expiring']],
  ['expiring', ['expiring', 'expired']],
  ['expired', []],
];

describe.each(CATALOGS)('the catalog %s', (_name, make) => {
  let catalog: Catalog;
  beforeAll(async () => {
    catalog = await make();
  });

  describe.each(MAY)('lets a point that is %s', (from, allowed) => {
    const said = allowed.join(', ') || 'nothing';
    /** Tries every state on a point; whatever was refused must have changed nothing. Gives the states that it took. */
    const triedWith = async (
      change: (made: RecoveryPoint, holder: Claim, to: PointState) => Promise<boolean>,
    ) => {
      const taken: PointState[] = [];
      let made = point(unique());
      let holder = await pointIn(catalog, from, made);
      for (const to of POINT_STATES) {
        const changed = await change(made, holder, to);
        const now = await catalog.point(made.target, made.id);
        expect(now).toEqual(changed ? { ...made, state: to, why: 'changed' } : { ...made, state: from });
        if (!changed) continue;
        taken.push(to);
        made = point(unique());
        holder = await pointIn(catalog, from, made);
      }
      return taken.sort();
    };

    it(`be moved to ${said} only`, async () => {
      const moved = await triedWith(({ target, id }, _holder, to) =>
        catalog.movePoint(target, id, to, { why: 'changed' }),
      );
      expect(moved).toEqual([...allowed].sort());
    });

    it(`be written over by its run as ${said} only`, async () => {
      const put = await triedWith((made, holder, to) =>
        catalog.putPoint(holder, { ...made, state: to, why: 'changed' }).then(
          () => true,
          (error) => (error.code === 'point-state' ? false : Promise.reject(error)),
        ),
      );
      expect(put).toEqual([...allowed].sort());
    });
  });

  it('takes the corrupt mark of a point back once, and only for the reason that it was given', async () => {
    const made = point(unique());
    await pointIn(catalog, 'available', made);
    const verifiedAt = '2026-11-21T01:00:00Z';
    const acquit = (why: string, id = made.id) => catalog.acquitPoint(made.target, id, why, { verifiedAt });
    expect(await acquit('archive-unreadable')).toBe(false);
    await catalog.movePoint(made.target, made.id, 'corrupt', { why: 'rows differ' });
    expect(await acquit('archive-unreadable')).toBe(false);
    expect(await acquit('rows differ', '20261120T010000Z-2')).toBe(false);
    expect(await catalog.point(made.target, made.id)).toMatchObject({ state: 'corrupt', why: 'rows differ' });
    expect(await acquit('rows differ')).toBe(true);
    const { why: _, ...acquitted } = { ...made, state: 'verified', verifiedAt };
    expect(await catalog.point(made.target, made.id)).toEqual(acquitted);
    expect(await acquit('rows differ')).toBe(false);
  });

  it('gives a point back by its id as it was put', async () => {
    const target = unique();
    const whole = point(target, {
      snapshotAt: '2026-11-20T01:00:02Z',
      dump: { key: 'k', versionId: 'v', bytes: 12_345_678_901, sha256: 'a'.repeat(64) },
      fingerprinted: false,
      dumpSeconds: 1.25,
    });
    await catalog.putPoint(await claim(catalog, target), whole);
    expect(await catalog.point(target, whole.id)).toEqual(whole);
  });

  it('has no point of another attempt, another target or a malformed id', async () => {
    const made = point(unique());
    await catalog.putPoint(await claim(catalog, made.target), made);
    expect(await catalog.point(made.target, '20261120T010000Z-2')).toBeUndefined();
    expect(await catalog.point(unique(), made.id)).toBeUndefined();
    expect(await catalog.point(made.target, 'latest')).toBeUndefined();
    expect(await catalog.movePoint(made.target, '20261120T010000Z-2', 'failed')).toBe(false);
    expect(await catalog.movePoint(unique(), made.id, 'failed')).toBe(false);
  });

  it('finds a point by its scheduled moment, although a later attempt made it', async () => {
    const target = unique();
    await catalog.putPoint(await claim(catalog, target), point(target, { id: '20261120T010000Z-7' }));
    expect(await catalog.pointAt(target, MOMENT)).toMatchObject({ id: '20261120T010000Z-7' });
    expect(await catalog.pointAt(target, '2026-11-20T01:00:01Z')).toBeUndefined();
    expect(await catalog.pointAt(unique(), MOMENT)).toBeUndefined();
  });

  it('lets a second attempt put its point in place of the first one’s', async () => {
    const target = unique();
    await catalog.putPoint(await claim(catalog, target), point(target));
    const second = await claim(catalog, target, { now: later(121) });
    await catalog.putPoint(second, point(target, { id: '20261120T010000Z-2' }));
    expect(await catalog.points(target)).toMatchObject([{ id: '20261120T010000Z-2', state: 'creating' }]);
    expect(await catalog.movePoint(target, '20261120T010000Z-1', 'available')).toBe(false);
  });

  it('refuses a point from a worker whose claim was taken over, although the state would allow it', async () => {
    const target = unique();
    const zombie = await claim(catalog, target);
    await catalog.putPoint(zombie, point(target));
    const heir = await claim(catalog, target, { now: later(121) });
    const late = catalog.putPoint(zombie, point(target, { state: 'available' }));
    await expect(late).rejects.toMatchObject({ code: 'claim-lost' });
    await catalog.putPoint(heir, point(target, { state: 'creating', why: 'heir' }));
    expect(await catalog.points(target)).toMatchObject([{ state: 'creating', why: 'heir' }]);
  });

  it('refuses a point with claim-lost when both the claim and the state are wrong', async () => {
    const made = point(unique());
    const zombie = await pointIn(catalog, 'expired', made);
    await claim(catalog, made.target, { now: later(121) });
    await expect(catalog.putPoint(zombie, made)).rejects.toMatchObject({ code: 'claim-lost' });
  });

  it('keeps the fields of a point that a move does not change or gives as undefined', async () => {
    const made = point(unique(), { snapshotAt: '2026-11-20T01:00:02Z', sourceBytes: 7 });
    await pointIn(catalog, 'available', made);
    const changes = { verifiedAt: '2026-11-20T01:40:00Z', sourceBytes: undefined, verifySeconds: 0 };
    expect(await catalog.movePoint(made.target, made.id, 'verified', changes)).toBe(true);
    expect(await catalog.point(made.target, made.id)).toEqual({
      ...made,
      state: 'verified',
      verifiedAt: '2026-11-20T01:40:00Z',
      verifySeconds: 0,
    });
  });

  it('takes the state of a moved point from the move and not from its changes', async () => {
    const made = point(unique());
    await pointIn(catalog, 'available', made);
    await catalog.movePoint(made.target, made.id, 'verified', { state: 'rehearsed' });
    expect(await catalog.point(made.target, made.id)).toMatchObject({ state: 'verified' });
  });

  it('lists points newest first by their scheduled moment, by state, and no more than asked for', async () => {
    const target = unique();
    for (const [day, state] of [
      ['18', 'verified'],
      ['20', 'available'],
      ['19', 'rehearsed'],
      ['17', 'failed'],
    ] as const)
      await pointIn(catalog, state, point(target, { scheduledFor: MOMENT.replace('20T', `${day}T`) }));
    const days = async (options?: Parameters<Catalog['points']>[1]) =>
      (await catalog.points(target, options)).map((each) => each.scheduledFor.slice(8, 10));
    expect(await days()).toEqual(['20', '19', '18', '17']);
    expect(await days({ limit: 2 })).toEqual(['20', '19']);
    expect(await days({ states: ['verified', 'failed'] })).toEqual(['18', '17']);
    expect(await days({ states: ['verified', 'rehearsed'], limit: 1 })).toEqual(['19']);
    expect(await days({ states: [] })).toEqual([]);
    expect(await catalog.points(unique())).toEqual([]);
  });
});
