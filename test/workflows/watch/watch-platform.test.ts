import { UnderstudyError } from '../../../lib/domain/errors.ts';
import type { Policy, Target } from '../../../lib/domain/plan/policy.ts';
import type { Platform } from '../../../lib/ports/platform.ts';
import { DAY, HOME, HOUR, platformSource, policy, target, throttled } from '../../support/builders.ts';
import { claimRun } from '../../support/records.ts';
import { scratchOrder, scratchRecord } from '../../support/scratches.ts';
import { putGood, snapshotOptions } from '../../support/snapshots.ts';
import { watchWorld } from '../../support/watching.ts';

const START = '2026-11-20T12:00:00Z';
const source = (id: string) =>
  platformSource({
    id,
    resourceId: `db-${id}`,
    pitr: { earliest: '2026-11-01T00:00:00Z', latest: '2026-11-20T11:56:00Z' },
  });
const ABROAD = snapshotOptions({ copies: [{ region: 'eu-west-1' }] });
/** A policy that promises nothing, so that no objective is breached. */
const UNPROMISED: Partial<Policy> = { objectives: { rpo: {}, rto: HOUR } };

/** Targets of one policy, each with an instance; nothing is scheduled, so that nothing is owed. */
function world(changes: Partial<Policy> = {}, targets: Partial<Target>[] = [{ id: 'crm' }]) {
  const objectives = { rpo: { pitr: 900 }, rto: HOUR };
  const made = policy({ objectives, schedules: {}, ...changes });
  const all = targets.map((each) => {
    const secret = `understudy/${each.id}`;
    const platform = { kind: 'rds', id: `${each.id}-db` } as const;
    return target({ policy: made, platform, connection: { secret }, ...each });
  });
  const plan = { schemaVersion: 1 as const, policies: [made], targets: all };
  const watched = watchWorld(
    plan,
    all.map(({ id }) => source(`${id}-db`)),
  );
  const { clock, platform, catalog } = watched;
  return {
    ...watched,
    /** A look every five minutes. */
    async looks(times: number) {
      for (let look = 0; look < times; look++) {
        await watched.look();
        await clock.advance(300);
      }
    },
    /** The platform, which does not answer about one source. */
    without(id: string): Platform {
      const no = () => Promise.reject(throttled);
      return {
        ...platform,
        source: (ref) => (ref.id === id ? no() : platform.source(ref)),
        snapshots: (ref, place) => (ref.id === id ? no() : platform.snapshots(ref, place)),
      };
    },
    good: (at: string) => putGood({ platform, catalog }, at),
  };
}
const two = (changes: Partial<Policy> = {}) => world(changes, [{ id: 'crm' }, { id: 'erp' }]);

describe('the watch of instances', () => {
  it('finds nothing while the latest restorable moment is fresh and no snapshot is gone', async () => {
    const { look, told, completed } = two();
    await look();
    expect(told()).toEqual([]);
    expect(completed()).toBe(1);
  });

  it('alerts when the latest restorable moment is older than the RPO, and resolves it when it is younger', async () => {
    const { look, told, platform, clock } = world();
    await look();
    clock.set('2026-11-20T12:11:00Z');
    await look();
    expect(told()).toEqual([]);
    clock.set('2026-11-20T12:12:00Z');
    await look();
    expect(told()).toEqual(['opened P0 rpo-breached crm pitr']);
    await look();
    expect(told()).toEqual([]);
    platform.putSource({ ...source('crm-db'), pitr: { latest: '2026-11-20T12:10:00Z' } });
    await look();
    expect(told()).toEqual(['resolved P0 rpo-breached crm pitr']);
  });

  it('judges by the last restorable moment that it read when RDS does not answer', async () => {
    const { look, told, deps, without, clock } = two();
    await look();
    deps.platform = without('crm-db');
    clock.set('2026-11-20T12:20:00Z');
    await look();
    expect(told()).toContain('opened P0 rpo-breached crm pitr');
  });

  it('alerts about a missing source while a copy’s place does not answer, and resolves nothing then', async () => {
    const { look, told, platform, deps, completed } = world({ ...UNPROMISED, ...ABROAD });
    const silent = (changes: Partial<Platform> = {}): Platform => ({
      ...platform,
      snapshots: (ref, place) =>
        place.region === 'eu-west-1' ? Promise.reject(throttled) : platform.snapshots(ref, place),
      ...changes,
    });
    deps.platform = silent({ source: async () => undefined });
    await look();
    expect(told()).toEqual(['opened P0 source-missing crm crm-db']);
    deps.platform = silent();
    await look();
    expect([told(), completed()]).toEqual([[], 0]);
    deps.platform = platform;
    await look();
    expect([told(), completed()]).toEqual([['resolved P0 source-missing crm crm-db'], 1]);
  });

  it.each([
    ['that backups are off', { backups: { retention: 0 } }, 'backups-disabled'],
    ['that storage is full', { status: 'storage-full' }, 'storage-full'],
  ])('alerts once %s, and resolves it when the source is well', async (_what, changes, code) => {
    const { looks, told, platform } = world();
    platform.putSource({ ...source('crm-db'), ...changes });
    await looks(2);
    expect(told()).toEqual([expect.stringContaining(`${code} crm crm-db`)]);
    platform.putSource(source('crm-db'));
    await looks(1);
    expect(told()).toEqual([expect.stringMatching(new RegExp(`^resolved .* ${code} crm crm-db$`))]);
  });

  it('alerts once about a deleted snapshot, which a newer one does not resolve, and closes it after a day', async () => {
    const { look, looks, told, platform, good, clock, open } = world(UNPROMISED);
    const gone = await good('2026-11-20T01:00:00Z');
    await look();
    await platform.deleteSnapshot('rds', gone.snapshot.id, { name: HOME, region: HOME });
    await looks(5);
    expect(told()).toEqual([`opened P0 snapshot-deleted crm ${gone.id}`]);
    await good('2026-11-20T12:00:00Z');
    await looks(2);
    expect([told(), await open()]).toEqual([[], [`snapshot-deleted crm ${gone.id}`]]);
    await clock.advance(DAY);
    await look();
    expect([told(), await open()]).toEqual([[], []]);
  });

  it('alerts about a deleted snapshot although it dies as soon as it has marked the point', async () => {
    const { look, told, platform, good, deps, catalog } = world(UNPROMISED);
    const gone = await good('2026-11-20T01:00:00Z');
    await good('2026-11-20T02:00:00Z');
    await platform.deleteSnapshot('rds', gone.snapshot.id, { name: HOME, region: HOME });
    deps.catalog = {
      ...catalog,
      async movePoint(...args) {
        await catalog.movePoint(...args);
        throw new Error('Task timed out');
      },
    };
    await look().catch(() => undefined);
    deps.catalog = catalog;
    await look();
    expect(told().join()).toContain(`snapshot-deleted crm ${gone.id}`);
  });

  it('judges every target although it cannot find out how another one stands', async () => {
    const schedules = { dump: { cron: '0 1 * * *', timezone: 'UTC' } };
    const { clock, deps, look, catalog, told, open } = two({ schedules });
    await look();
    await clock.advance(3 * DAY);
    const { refreshStatus } = catalog;
    deps.catalog.refreshStatus = (id) =>
      id === 'erp' ? Promise.reject(new UnderstudyError('unreadable', 'item of erp')) : refreshStatus(id);
    expect((await look()).unjudged).toEqual(['how erp stands: item of erp']);
    expect(told()).toContain('opened P0 job-silent crm dump');
    expect((await open()).join()).not.toContain('job-silent erp');
  });

  it('judges every other target when RDS does not answer about one, whose findings and snapshots stay as they are', async () => {
    const { look, told, deps, without, platform, open, completed, good, catalog } = two();
    const kept = await good('2026-11-20T01:00:00Z');
    for (const id of ['crm-db', 'erp-db']) platform.putSource({ ...source(id), status: 'storage-full' });
    await look();
    told();
    for (const id of ['crm-db', 'erp-db']) platform.putSource(source(id));
    deps.platform = without('crm-db');
    expect((await look()).unjudged).toEqual([expect.stringContaining('crm')]);
    expect(told()).toEqual([expect.stringMatching(/^resolved .* storage-full erp erp-db$/)]);
    expect(await open()).toEqual(['storage-full crm crm-db']);
    expect(completed()).toBe(1);
    platform.putSource({ ...source('erp-db'), status: 'storage-full' });
    await look();
    expect(told()).toEqual([expect.stringMatching(/^opened .* storage-full erp erp-db$/)]);
    expect(await catalog.point('crm', kept.id)).toMatchObject({ state: 'verified' });
    platform.putSource(source('erp-db'));
    deps.platform = platform;
    await look();
    expect(await open()).toEqual([]);
  });

  it('ends a dead copy’s run with a finding about its place, which the copy’s success can resolve', async () => {
    const { clock, look, catalog } = world(ABROAD);
    const run = { job: 'copy', target: 'crm', scheduledFor: '20261120T010000Z-snapshot@eu-west-1' };
    await claimRun(catalog, run, START, { leaseSeconds: 60 });
    await clock.advance(HOUR);
    await look();
    const next = expect.stringContaining('The watch asks for the copy again');
    const failed = (await catalog.openFindings('crm')).filter(({ code }) => code === 'job-failed');
    expect(failed).toMatchObject([{ subject: 'copy to eu-west-1', next }]);
  });

  it('ends a dead run with the label that it had', async () => {
    const { clock, look, catalog } = world();
    const run = { job: 'snapshot', target: 'crm', scheduledFor: '2026-11-20T11:00:00Z' };
    await claimRun(catalog, run, START, { label: 'release', leaseSeconds: 60 });
    await clock.advance(HOUR);
    await look();
    expect(await catalog.run(run)).toMatchObject({ state: 'failed', label: 'release' });
  });
});

describe('the watch of scratch instances', () => {
  it('alerts once about a foreign one, and resolves it when the instance is gone', async () => {
    const { looks, told, scratch } = two();
    scratch.putStray(scratchOrder({ name: 'understudy-scratch-mine' }));
    await looks(3);
    expect(told()).toEqual([expect.stringContaining('scratch-foreign understudy understudy-scratch-mine')]);
    while ((await scratch.remove('rds', 'understudy-scratch-mine')) !== 'gone');
    await looks(1);
    expect(told()).toContainEqual(expect.stringMatching(/^resolved .* scratch-foreign/));
  });

  it('alerts about one that it cannot delete, and about the others', async () => {
    const { looks, told, scratch, deps } = two();
    scratch.putStray(scratchOrder());
    scratch.putStray(scratchOrder({ name: 'understudy-scratch-mine' }));
    const refused = new UnderstudyError('platform-refused', 'deletion protection');
    deps.scratch = { ...scratch, remove: () => Promise.reject(refused) };
    await looks(2);
    const lines = told().join();
    expect(lines).toContain('scratch-left-over crm');
    expect(lines).toContain('scratch-foreign understudy understudy-scratch-mine');
  });

  it('deletes one also when the last target with an instance has left the plan', async () => {
    const { looks, scratch, catalog, deps } = world();
    scratch.putStray(scratchOrder());
    await catalog.beginScratch(scratchRecord());
    deps.plan = { ...deps.plan, targets: [target({ id: 'neon', policy: deps.plan.policies[0]! })] };
    await looks(4);
    expect(scratch.left()).toEqual([]);
    expect(await catalog.openScratches()).toEqual([]);
  });

  it('alerts about a foreign one here although it cannot find out what stands in another place', async () => {
    const { look, told, scratch, catalog } = two();
    scratch.putStray(scratchOrder({ name: 'understudy-scratch-mine' }));
    await catalog.beginScratch(scratchRecord({ name: 'understudy-scratch-abroad', place: 'eu-west-1' }));
    expect((await look()).unjudged.join()).toContain('understudy-scratch-abroad');
    expect(told().join()).toContain('scratch-foreign understudy understudy-scratch-mine');
  });

  it('lists none where only caches are backed up', async () => {
    const platform = { kind: 'elasticache', id: 'crm-db' } as const;
    const { look, scratch } = world({}, [{ id: 'crm', engine: 'cache', platform }]);
    await look();
    expect(scratch.callsOf('list')).toEqual([]);
  });
});
