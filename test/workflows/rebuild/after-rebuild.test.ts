import { placedId, REPLICA, VAULT } from '../../../lib/domain/names.ts';
import type { DumpPoint } from '../../../lib/domain/points/recovery-point.ts';
import { expire } from '../../../lib/workflows/expire/expire.ts';
import { rebuild } from '../../../lib/workflows/rebuild/rebuild.ts';
import { verify } from '../../../lib/workflows/verify/verify.ts';
import { watch } from '../../../lib/workflows/watch/watch.ts';
import { HOME, platformSource } from '../../support/builders.ts';
import { dumpWorld } from '../../support/dumps.ts';
import { planWith } from '../../support/plan.ts';
import { ownSnapshot } from '../../support/snapshots.ts';
import { watchWorld } from '../../support/watching.ts';

const REBUILT_AT = '2026-11-20T12:00:00Z';
/** What the deployment does by itself, in the hours after. */
const HOURS = ['12:05', '12:30', '13:00', '14:00', '18:00', '23:00'];

/** Twelve dumps and a snapshot that the lost catalog knew; the new one has them again, and the watch goes on. */
async function rebuilt() {
  const plan = planWith();
  plan.targets[0]!.platform = { kind: 'rds', id: 'crm-db' };
  const dumping = dumpWorld();
  const made: DumpPoint[] = [];
  for (let day = 9; day <= 20; day++) {
    const at = `2026-11-${String(day).padStart(2, '0')}T01:00:00Z`;
    dumping.clock.set(at);
    made.push(await dumping.dumped(at));
  }
  const world = watchWorld(plan, [platformSource()]);
  world.platform.putSnapshot(ownSnapshot());
  const deps = { ...dumping.deps, ...world.deps, vault: dumping.vault, secondsLeft: () => 900 };
  const all = { ...deps, dumps: { vault: dumping.vault, place: VAULT } as const };
  const report = await rebuild({ dryRun: false }, all);
  return { ...world, deps, report, made, look: () => watch(deps) };
}

test('the watch accuses nobody of what was before, and judges the snapshots by itself', async () => {
  const { look, clock, catalog, report, told } = await rebuilt();
  expect(report.targets.map(({ added }) => added.length)).toEqual([13]);
  for (const hour of HOURS) {
    clock.set(`2026-11-20T${hour}:00Z`);
    const { findings } = await look();
    expect(findings.filter(({ code }) => !code.startsWith('posture-'))).toEqual([]);
  }
  expect(told().filter((each) => /P0|P1/.test(String(each)))).toEqual([]);
  expect(await catalog.point('crm', '20261120T010000Z-snapshot@eu-central-1')).toMatchObject({
    state: 'verified',
  });
  // What has been owed since the first look is: tonight's dump.
  clock.set('2026-11-21T01:35:00Z');
  const codes = (await look()).findings.map(({ code, subject }) => `${code} ${subject}`);
  expect(codes).toContain('job-silent dump');
});

test('a verification takes on the ten newest of a rebuilt catalog, and the next one the others', async () => {
  const { deps, catalog, made } = await rebuilt();
  const job = { job: 'verify', target: 'crm', requestedBy: 'schedule', again: false } as const;
  await verify({ ...job, scheduledFor: REBUILT_AT }, deps);
  const verified = async () =>
    (await catalog.points('crm', { states: ['verified'] })).map(({ id }) => id).reverse();
  expect(await verified()).toEqual(made.slice(2).map(({ id }) => id));
  await verify({ ...job, scheduledFor: REBUILT_AT }, deps);
  expect(await verified()).toEqual(made.map(({ id }) => id));
});

test('one message asks for ten replicas of a rebuilt catalog, not for thousands', async () => {
  const { deps, catalog, made } = await rebuilt();
  for (const point of made)
    await catalog.adoptPoint({
      ...point,
      id: placedId(point.id, REPLICA),
      place: REPLICA,
      rebuiltAt: REBUILT_AT,
    });
  const job = { job: 'verify', target: 'crm', requestedBy: 'schedule', again: false } as const;
  const replica = deps.vault;
  const outcomes = await verify({ ...job, scheduledFor: REBUILT_AT }, { ...deps, replica });
  expect(outcomes.filter(({ outcome }) => outcome === 'postponed')).toHaveLength(10);
});

test('retention deletes nothing of it before a dump of it is verified', async () => {
  const { deps, catalog, clock } = await rebuilt();
  clock.set('2026-12-30T05:00:00Z');
  const job = { job: 'expire', target: 'crm', requestedBy: 'schedule', dryRun: false } as const;
  const outcome = await expire({ ...job, scheduledFor: '2026-12-30T05:00:00Z' }, { ...deps, home: HOME });
  expect(outcome).toMatchObject({ frozen: 'no point is verified', unknown: [], orphans: [] });
  expect((await catalog.points('crm', { states: ['expired', 'expiring'] })).map(({ kind }) => kind)).toEqual(
    [],
  );
});
