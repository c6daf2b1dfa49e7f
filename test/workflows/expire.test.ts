import type { ExpireJob } from '../../lib/domain/job.ts';
import { vaultKeys } from '../../lib/domain/names.ts';
import type { Plan } from '../../lib/domain/policy.ts';
import type { RecoveryPoint } from '../../lib/domain/recovery-point.ts';
import { utc } from '../../lib/domain/time.ts';
import { expire } from '../../lib/workflows/expire.ts';
import { memoryAlerts } from '../support/doubles/alerts.ts';
import { memoryCatalog } from '../support/doubles/catalog/catalog.ts';
import { manualClock } from '../support/doubles/clock.ts';
import { memoryMessages } from '../support/doubles/job-messages.ts';
import { recordingLog } from '../support/doubles/log.ts';
import { recordingMetrics } from '../support/doubles/metrics.ts';
import { type MemoryVault, memoryVault } from '../support/doubles/vault.ts';
import { planWith } from '../support/plan.ts';

const NOW = '2026-11-20T05:00:00Z';
const DAY = 86_400_000;

/** A target with a verified dump of each of the last days, in a vault and catalog that count what is done to them. */
async function world(days: number, policy = 'retention: { all: 7d }') {
  const clock = manualClock(NOW);
  const vault = memoryVault(clock);
  const catalog = memoryCatalog(clock);
  const points: RecoveryPoint[] = [];
  for (let day = days; day >= 1; day--) {
    const scheduledFor = utc(new Date(new Date(NOW).getTime() - day * DAY - 4 * 3_600_000 + DAY));
    points.push(await stored(vault, catalog, scheduledFor));
  }
  const deps = {
    catalog,
    vault,
    clock,
    plan: planWith({ policy }),
    alerts: memoryAlerts(),
    metrics: recordingMetrics(),
    log: recordingLog(),
    messages: memoryMessages(),
    stage: 'test',
    secondsLeft: () => 900,
  };
  const job: ExpireJob = {
    job: 'expire',
    target: 'crm',
    scheduledFor: NOW,
    requestedBy: 'schedule',
    dryRun: false,
  };
  return { clock, vault, catalog, points, deps, job };
}

async function stored(
  vault: MemoryVault,
  catalog: ReturnType<typeof memoryCatalog>,
  scheduledFor: string,
): Promise<RecoveryPoint> {
  const keys = vaultKeys('crm', scheduledFor, 1);
  const put = (key: string) => vault.put(Buffer.from(key), { key, contentType: 'x', tags: {} });
  const claimed = await catalog.claim({
    job: 'dump',
    target: 'crm',
    scheduledFor,
    requestedBy: 'schedule',
    now: new Date(scheduledFor),
    leaseSeconds: 60,
  });
  if (claimed.outcome !== 'claimed') throw new Error(claimed.outcome);
  const point: RecoveryPoint = {
    id: `${scheduledFor.replace(/[-:]/g, '')}-1`,
    target: 'crm',
    kind: 'dump',
    place: 'vault',
    state: 'creating',
    scheduledFor,
    keys,
  };
  await catalog.putPoint(claimed.claim, point);
  const [dump, roles, manifest] = [await put(keys.dump), await put(keys.roles), await put(keys.manifest)];
  const available: RecoveryPoint = {
    ...point,
    state: 'available',
    snapshotAt: scheduledFor,
    availableAt: scheduledFor,
    dump,
    roles,
    manifest,
  };
  await catalog.putPoint(claimed.claim, available);
  await catalog.finish(claimed.claim, { state: 'succeeded', endedAt: scheduledFor, summary: 'dumped' });
  await catalog.movePoint('crm', point.id, 'verified', { verifiedAt: scheduledFor });
  return available;
}

/** The same plan with an RPO that the days of the test do not breach, which would freeze expiry. */
const patient = (plan: Plan): Plan => ({
  ...plan,
  targets: plan.targets.map((target) => ({
    ...target,
    policy: { ...target.policy, objectives: { ...target.policy.objectives, rpo: { dump: 30 * 86_400 } } },
  })),
});

const keysLeft = async (vault: MemoryVault) => {
  const keys: string[] = [];
  for await (const { key } of vault.list('crm/')) keys.push(key);
  return keys;
};

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
        expect(await keysLeft(vault)).toEqual(expect.arrayContaining(Object.values(point.keys)));
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
    const { finding } = await import('../../lib/domain/finding.ts');
    await catalog.openFinding(
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
});
