import { openFinding } from '../../../lib/alerting/finding-records.ts';
import type { Plan } from '../../../lib/domain/plan/policy.ts';
import type { DumpPoint } from '../../../lib/domain/points/recovery-point.ts';
import { expire } from '../../../lib/workflows/expire/expire.ts';
import { HOME } from '../../support/builders.ts';
import { memoryCatalog } from '../../support/doubles/catalog/catalog.ts';
import { keysLeft, NOW, stored, world } from '../../support/expiry.ts';

/** The same plan with an RPO that the days of the test do not breach, which would freeze expiry. */
const patient = (plan: Plan): Plan => ({
  ...plan,
  targets: plan.targets.map((target) => ({
    ...target,
    policy: { ...target.policy, objectives: { ...target.policy.objectives, rpo: { dump: 30 * 86_400 } } },
  })),
});

const keysOf = ({ keys }: DumpPoint) => Object.values(keys);

describe('expiry', () => {
  it('deletes what is outside every period, to the last billed byte, and keeps the rest', async () => {
    const { vault, catalog, points, deps, job } = await world(10);
    expect(await expire(job, deps)).toMatchObject({
      outcome: 'done',
      summary: expect.stringContaining('3 points expired, 7 kept'),
    });
    expect((await catalog.points('crm', { states: ['verified'] })).map((point) => point.id).sort()).toEqual(
      points.slice(3).map((point) => point.id),
    );
    expect(await keysLeft(vault)).toEqual(
      points
        .slice(3)
        .flatMap((point) => Object.values(point.keys))
        .sort(),
    );
  });

  it('says in a dry run what it would do and why, and touches nothing', async () => {
    const { vault, catalog, deps, job } = await world(10);
    const before = await keysLeft(vault);
    const { decisions } = await expire({ ...job, dryRun: true }, deps);
    expect(decisions.filter(({ keep }) => !keep)).toHaveLength(3);
    expect(decisions.every(({ why }) => why.length > 5)).toBe(true);
    expect(await keysLeft(vault)).toEqual(before);
    expect(await catalog.points('crm', { states: ['expiring', 'expired'] })).toEqual([]);
  });

  it('survives being killed before any of its writes: the next run leaves the same as one that was never killed', async () => {
    const whole = await world(10);
    await expire(whole.job, whole.deps);
    const end = await keysLeft(whole.vault);
    for (let writes = 0; writes < 15; writes++) {
      const { vault, catalog, deps, job } = await world(10);
      let left = writes;
      const mortal =
        <Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) =>
        (...args: Args) =>
          left-- > 0 ? work(...args) : new Promise<Result>(() => undefined);
      const dying = {
        ...deps,
        vault: { ...vault, removeAllVersions: mortal(vault.removeAllVersions) },
        catalog: { ...catalog, movePoint: mortal(catalog.movePoint.bind(catalog)) },
      };
      void expire(job, dying);
      while (left >= 0) await new Promise((resolve) => setImmediate(resolve));
      // Whatever is half deleted has lost its manifest or its standing: nothing of it passes for good.
      for (const point of await catalog.points('crm', { states: ['verified', 'rehearsed'] }))
        expect(await keysLeft(vault)).toEqual(expect.arrayContaining(keysOf(point as DumpPoint)));
      await expire({ ...job, scheduledFor: '2026-11-20T05:10:00Z' }, deps);
      expect([writes, await keysLeft(vault)]).toEqual([writes, end]);
    }
  });

  it('never touches a point of which any object is on legal hold, and goes on with the others', async () => {
    const { vault, catalog, points, deps, job } = await world(10);
    vault.hold(points[0]!.dump!, true);
    await expire(job, deps);
    expect(await keysLeft(vault)).toEqual(expect.arrayContaining(Object.values(points[0]!.keys)));
    expect(await catalog.point('crm', points[0]!.id)).toMatchObject({ state: 'verified' });
    expect(await catalog.points('crm', { states: ['expired'] })).toHaveLength(2);
  });

  it('deletes nothing while the newest dump is bad, and says that the last good points are at risk', async () => {
    const { vault, catalog, points, deps, job } = await world(10);
    await catalog.movePoint('crm', points.at(-1)!.id, 'corrupt');
    const before = await keysLeft(vault);
    expect(await expire(job, deps)).toMatchObject({ frozen: expect.stringContaining('corrupt') });
    expect(await keysLeft(vault)).toEqual(before);
    expect(await catalog.openFindings('crm')).toEqual([
      expect.objectContaining({ code: 'last-good-point-at-risk', severity: 'P0' }),
    ]);
  });

  it('deletes nothing while a failed rehearsal stands', async () => {
    const { vault, catalog, points, deps, job } = await world(10);
    const { finding } = await import('../../../lib/domain/findings/finding.ts');
    await openFinding(
      catalog,
      finding('proof-mismatch', {
        target: { id: 'crm' },
        subject: points.at(-1)!.id,
        message: 'a row differs',
      }),
      ['alerts'],
      new Date(NOW),
    );
    const before = await keysLeft(vault);
    await expire(job, deps);
    expect(await keysLeft(vault)).toEqual(before);
  });

  it('leaves alone what belongs to no point until it is old, and then deletes it', async () => {
    const { clock, vault, deps, job } = await world(3, 'retention: { all: 35d }');
    const key = 'crm/2026/11/19/20261119T010000Z-7.dump';
    await vault.put(Buffer.from('left by a worker that had lost its claim'), {
      key,
      contentType: 'x',
      tags: {},
    });
    await expire(job, deps);
    expect(await keysLeft(vault)).toContain(key);
    clock.set('2026-11-20T23:00:00Z');
    const late = {
      ...deps,
      clock: { ...clock, now: () => new Date('2026-11-28T05:00:00Z') },
      plan: patient(deps.plan),
    };
    await expire({ ...job, scheduledFor: '2026-11-28T05:00:00Z' }, late);
    expect(await keysLeft(vault)).not.toContain(key);
  });

  it('never deletes a dump that the catalog has forgotten, and says that it has', async () => {
    const { clock, vault, ...world_ } = await world(30, 'retention: { all: 90d }');
    const { job } = world_;
    const later = { ...clock, now: () => new Date('2026-11-28T05:00:00Z') };
    const deps = { ...world_.deps, clock: later, plan: patient(world_.deps.plan) };
    const whole = await keysLeft(vault);
    // The table was made anew, and knows last night's dump only.
    const lost = { ...deps, catalog: memoryCatalog(clock, HOME) };
    await stored(vault, lost.catalog, '2026-11-20T02:00:00Z');
    const { orphans, unknown } = await expire(job, lost);
    expect(orphans).toEqual([]);
    expect(unknown).toHaveLength(30);
    expect(await keysLeft(vault)).toEqual(expect.arrayContaining(whole));
    expect(await lost.catalog.openFindings('crm')).toEqual([
      expect.objectContaining({
        code: 'dumps-unknown',
        message: expect.stringContaining('holds 30 dumps of crm that the catalog does not know'),
      }),
    ]);
    // All are there again: that is taken back.
    for (const point of world_.points) await lost.catalog.adoptPoint(point);
    expect((await expire({ ...job, scheduledFor: '2026-11-20T05:30:00Z' }, lost)).unknown).toEqual([]);
    expect(await lost.catalog.openFindings('crm')).toEqual([]);
  });

  it('deletes no whole dump of a moment of which the catalog has none that is good', async () => {
    const made = await world(3, 'retention: { all: 35d }');
    const late = { ...made.deps.clock, now: () => new Date('2026-11-28T05:00:00Z') };
    const second = ['dump', 'roles.sql', 'manifest.json'].map(
      (what) => `crm/2026/11/19/20261119T010000Z-2.${what}`,
    );
    const third = 'crm/2026/11/19/20261119T010000Z-3.dump';
    for (const key of [...second, third])
      await made.vault.put(Buffer.from('x'), { key, contentType: 'x', tags: {} });
    const planned = async () => {
      const deps = { ...made.deps, clock: late, plan: patient(made.deps.plan) };
      const { orphans, unknown } = await expire({ ...made.job, dryRun: true }, deps);
      return { orphans, unknown };
    };
    // The first attempt of that moment is good: of what two others left nothing is missed.
    expect(await planned()).toEqual({ orphans: [...second, third].sort(), unknown: [] });
    await made.catalog.movePoint('crm', '20261119T010000Z-1', 'corrupt', { why: 'no' });
    expect(await planned()).toEqual({ orphans: [third], unknown: ['crm/2026/11/19/20261119T010000Z-2'] });
  });

  it('leaves what is no dump of anybody’s where it lies', async () => {
    const { vault, deps, job } = await world(3, 'retention: { all: 35d }');
    const late = { ...deps, clock: { ...deps.clock, now: () => new Date('2026-11-28T05:00:00Z') } };
    await vault.put(Buffer.from('x'), { key: 'crm/read-me.txt', contentType: 'x', tags: {} });
    await vault.put(Buffer.from('x'), { key: 'crm/20251119T010000Z-1.dump', contentType: 'x', tags: {} });
    const { orphans, unknown } = await expire(
      { ...job, dryRun: true },
      { ...late, plan: patient(deps.plan) },
    );
    expect({ orphans, unknown }).toEqual({ orphans: [], unknown: [] });
  });
});
