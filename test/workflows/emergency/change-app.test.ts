import { UnderstudyError } from '../../../lib/domain/errors.ts';
import type { AppChange, AppJobName, AppPlan } from '../../../lib/domain/incidents/app-change.ts';
import type { AppJob } from '../../../lib/domain/runs/job.ts';
import { utc } from '../../../lib/domain/time.ts';
import type { Durable } from '../../../lib/ports/durable.ts';
import { planAppChange } from '../../../lib/restore/application/plan-app-change.ts';
import { changeApplication } from '../../../lib/workflows/emergency/change-app.ts';
import { policy } from '../../support/builders.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { memoryDeps } from '../../support/doubles/deps.ts';
import { definition, memoryServices } from '../../support/doubles/services.ts';
import { deathsOf, executions } from '../../support/executions.ts';
import { openIn } from '../../support/records.ts';
import { restoreRecord } from '../../support/restore-records.ts';
import { planOf } from '../../support/snapshots.ts';

const NOW = '2026-11-20T12:00:00Z';
const SERVICES = ['web', 'jobs'].map((service) => ({ cluster: 'main', service }));

/** An application of two services, a bad release of both, and the release before. */
async function worldOf(services = SERVICES) {
  const clock = manualClock(NOW);
  const base = memoryDeps(clock);
  const plan = planOf({ policy: { restore: { ...policy().restore, services } } });
  const ecs = memoryServices({ web: 'crm:42', jobs: 'crm-jobs:8' });
  ecs.earlierOf.set('web', { taskDefinition: definition('crm:40'), from: 'history' });
  ecs.earlierOf.set('jobs', { taskDefinition: definition('crm-jobs:7'), from: 'revision' });
  const deps = { ...base, plan, services: ecs, pace: { first: 30, most: 300 } };
  const { execution, whole } = executions(clock);
  const planned = (job: AppJobName, to?: string): Promise<AppPlan> =>
    planAppChange({ job, to }, plan.targets[0]!, utc(clock.now()), ecs);
  const jobOf = async (job: AppJobName, to = 'PREVIOUS', changes: Partial<AppJob> = {}): Promise<AppJob> => {
    const { confirm } = await planned(job, to);
    const asked = { target: 'crm', scheduledFor: utc(clock.now()), requestedBy: 'anna', confirm, ...changes };
    return (job === 'restart-app' ? { job, ...asked } : { job, to, ...asked }) as AppJob;
  };
  const bodyOf = (job: AppJob) => (durable: Durable) => changeApplication(job, durable, deps);
  const record = async () => (await base.catalog.appChange('crm')) as AppChange;
  const timeline = async () => (await base.catalog.timeline('crm', 10)).map(({ message }) => message);
  return {
    ...{ clock, deps, ecs, plan, catalog: base.catalog, execution, whole, planned, jobOf, bodyOf },
    ...{ record, timeline, open: () => openIn(base.catalog), runs: () => Object.fromEntries(ecs.runs) },
  };
}

const AFTER = { web: definition('crm:40'), jobs: definition('crm-jobs:7') };
const BEFORE = { web: definition('crm:42'), jobs: definition('crm-jobs:8') };

test('a rollback gives each service what it ran before, waits for it, and keeps the way back', async () => {
  const world = await worldOf();
  const job = await world.jobOf('rollback-app', 'PREVIOUS', { reason: 'errors at login' });
  expect(await world.whole(world.bodyOf(job))).toMatchObject({ outcome: 'done' });
  expect(world.runs()).toEqual(AFTER);
  expect(await world.record()).toMatchObject({
    ...{ state: 'done', by: 'anna', job: 'rollback-app', reason: 'errors at login', id: '20261120T120000Z' },
    services: [
      { service: 'web', from: BEFORE.web, to: AFTER.web, state: 'steady', seen: '2 of 2 tasks' },
      { service: 'jobs', from: BEFORE.jobs, to: AFTER.jobs, state: 'steady' },
    ],
  });
  expect(await world.timeline()).toEqual([
    'rollback-app by anna is done (errors at login): web crm:42 → crm:40, jobs crm-jobs:8 → crm-jobs:7',
    'rollback-app by anna begins (errors at login): web crm:42 → crm:40, jobs crm-jobs:8 → crm-jobs:7',
  ]);
  expect(await world.open()).toEqual([]);
});

test('what is chosen is said with its reason, before anything changes', async () => {
  const world = await worldOf();
  const { services } = await world.planned('rollback-app');
  expect(services.map(({ to, why }) => [to, why])).toEqual([
    [AFTER.web, 'the last deployment of another one that was completed'],
    [AFTER.jobs, expect.stringContaining('the revision before it; ECS knows of no deployment')],
  ]);
  expect(world.ecs.callsOf('use')).toEqual([]);
});

test('a revision that is named goes to the services of its family alone', async () => {
  const world = await worldOf();
  await world.whole(world.bodyOf(await world.jobOf('rollback-app', 'crm:39')));
  expect(world.runs()).toEqual({ ...BEFORE, web: definition('crm:39') });
});

test('a restart lets every task start anew, with the task definition that it has', async () => {
  const world = await worldOf();
  expect(await world.whole(world.bodyOf(await world.jobOf('restart-app')))).toMatchObject({
    outcome: 'done',
  });
  expect(world.ecs.callsOf('startAnew').map(([ref]) => (ref as { service: string }).service)).toEqual([
    'web',
    'jobs',
  ]);
  expect(world.runs()).toEqual(BEFORE);
});

test.each([
  ['there is no previous one', 'no-previous', (w: World) => w.ecs.earlierOf.clear(), 'PREVIOUS'],
  ['it runs already', 'nothing-to-change', () => undefined, 'crm:42'],
  ['it does not exist', 'task-definition-missing', () => undefined, 'crm'],
  ['no service runs its family', 'input-invalid', () => undefined, 'shop:1'],
])('a rollback of which %s is not planned', async (_, code, change, to) => {
  const world = await worldOf(SERVICES.slice(0, 1));
  change(world);
  await expect(world.planned('rollback-app', to)).rejects.toMatchObject({ code });
});
type World = Awaited<ReturnType<typeof worldOf>>;

test('two services that cannot go back are both named, and none goes alone', async () => {
  const world = await worldOf();
  world.ecs.earlierOf.clear();
  await expect(world.planned('rollback-app')).rejects.toThrow(/web in main.*; .*jobs in main/);
});

test('a target without services has nothing to restart', async () => {
  const world = await worldOf([]);
  await expect(world.planned('restart-app')).rejects.toThrow('crm has no services');
});

test('nothing begins when a service is not what it was when somebody confirmed it, and that is told', async () => {
  const refusal = async (change: (world: World) => unknown, given: Partial<AppJob> = {}) => {
    const world = await worldOf();
    const job = await world.jobOf('rollback-app', 'PREVIOUS', given);
    await change(world);
    const outcome = await world.whole(world.bodyOf({ ...job, scheduledFor: utc(world.clock.now()) }));
    expect(world.ecs.callsOf('use')).toEqual([]);
    expect(await world.catalog.appChange('crm')).toBeUndefined();
    expect(await world.open()).toEqual(['app-not-changed crm']);
    return (outcome as { code?: string }).code;
  };
  expect(await refusal((world) => world.ecs.runs.set('web', definition('crm:43')))).toBe('plan-overtaken');
  expect(await refusal((world) => world.clock.advance(3700))).toBe('plan-too-old');
  expect(await refusal((world) => world.catalog.beginRestore(restoreRecord()))).toBe('restore-under-way');
});

test('during a restore it is refused with who holds the target since when', async () => {
  const world = await worldOf();
  await world.catalog.beginRestore(restoreRecord());
  const outcome = await world.whole(world.bodyOf(await world.jobOf('restart-app')));
  expect(outcome).toMatchObject({
    ...{ outcome: 'refused', code: 'restore-under-way' },
    summary: 'anna has been restoring crm since 2026-11-20 12:00 UTC: nothing else is done to it meanwhile',
    hint: './understudy restore status crm',
  });
});

test('one at a time: a second is told who works on it, and the same message twice is one', async () => {
  const world = await worldOf();
  const job = await world.jobOf('restart-app');
  const later = { ...job, scheduledFor: '2026-11-20T12:00:05Z', requestedBy: 'ben' };
  const endings = await Promise.all(
    [job, job, later].map((each) => world.execution().run(world.bodyOf(each))),
  );
  const outcomes = endings.map((ending) => (ending.died ? undefined : ending.result));
  expect(outcomes.map((each) => each?.outcome).sort()).toEqual(['done', 'held', 'refused']);
  expect(outcomes.find((each) => each?.outcome === 'refused')).toMatchObject({
    ...{ code: 'app-changing' },
    summary: 'anna began restart-app of crm at 2026-11-20 12:00 UTC (20261120T120000Z)',
  });
  expect(Object.fromEntries(world.ecs.deployments)).toEqual({ web: 1, jobs: 1 });
  // It arrives once more, when the first has ended.
  expect(await world.whole(world.bodyOf(job))).toMatchObject({ outcome: 'held' });
  expect(Object.fromEntries(world.ecs.deployments)).toEqual({ web: 1, jobs: 1 });
});

test('a rollback whose message arrives once more, when it has ended, is nothing to be told of', async () => {
  const world = await worldOf();
  const job = await world.jobOf('rollback-app');
  await world.whole(world.bodyOf(job));
  expect(await world.whole(world.bodyOf(job))).toMatchObject({ outcome: 'held' });
  expect(world.runs()).toEqual(AFTER);
  expect(await world.open()).toEqual([]);
});

test.each([
  ['fails', 'failed', 'the deployment of web in main failed: 1 of 2 tasks'],
  ['is never steady', 'rolling', 'web in main is not steady after 30 min: 1 of 2 tasks'],
] as const)(
  'a service that %s is told with the way back, and the other is waited for',
  async (_, fate, why) => {
    const world = await worldOf();
    world.ecs.fate.set('web', fate);
    const outcome = await world.whole(world.bodyOf(await world.jobOf('rollback-app')));
    expect(outcome).toMatchObject({ outcome: 'not-done', summary: `web in main: ${why}` });
    expect(await world.record()).toMatchObject({
      state: 'not-done',
      error: {
        code: 'service-failed',
        hint: './understudy rollback-app crm --to crm:42, ./understudy rollback-app crm --to crm-jobs:8',
      },
      services: [
        { service: 'web', state: 'failed', seen: why },
        { service: 'jobs', state: 'steady' },
      ],
    });
    expect(await world.open()).toEqual(['app-not-changed crm']);
    // The next one that ends well closes it.
    world.ecs.fate.clear();
    await world.clock.advance(60);
    await world.whole(world.bodyOf(await world.jobOf('restart-app')));
    expect(await world.open()).toEqual([]);
  },
);

test('a denied update of one service is told, and leaves the other to its end', async () => {
  const world = await worldOf();
  world.ecs.fail('startAnew', new UnderstudyError('platform-denied', 'denied'), { times: 1 });
  await world.whole(world.bodyOf(await world.jobOf('restart-app')));
  expect((await world.record()).services).toMatchObject([
    { state: 'failed', seen: 'denied' },
    { state: 'steady' },
  ]);
});

/** Its function dies at each of its operations, before, in and after it, and is replayed. */
test.each(['restart-app', 'rollback-app'] as const)(
  '%s ends well once, whenever its function dies',
  async (name) => {
    const first = await worldOf();
    const body = first.bodyOf(await first.jobOf(name));
    const deaths = await deathsOf(first.execution(), body);
    expect(deaths.length).toBeGreaterThan(30);
    for (const death of deaths) {
      const world = await worldOf();
      const execution = world.execution();
      const again = world.bodyOf(await world.jobOf(name));
      expect([death, await execution.run(again, death)]).toEqual([death, { died: true }]);
      await world.clock.advance(60);
      expect([death, await execution.run(again)]).toMatchObject([death, { result: { outcome: 'done' } }]);
      expect([death, world.runs()]).toEqual([death, name === 'restart-app' ? BEFORE : AFTER]);
      const { state, services } = await world.record();
      expect([death, state, services.map((each) => each.state)]).toEqual([
        death,
        'done',
        ['steady', 'steady'],
      ]);
      expect([death, await world.open()]).toEqual([death, []]);
      expect([death, (await world.timeline()).length]).toEqual([death, 2]);
    }
  },
);
