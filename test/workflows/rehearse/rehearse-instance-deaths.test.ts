import { runName } from '../../../lib/domain/names.ts';
import { rehearsalRun } from '../../../lib/domain/runs/job.ts';
import type { Death } from '../../support/doubles/durable.ts';
import { deathsOf } from '../../support/executions.ts';
import {
  instanceOf,
  jobOf,
  NOW,
  nameOf,
  type RehearsalWorld,
  rehearsalWorld,
  SNAPSHOT_ID,
} from '../../support/rehearsals.ts';

const CASES = [
  ['rds', 'snapshot'],
  ['rds', 'moment'],
  ['aurora', 'snapshot'],
  ['aurora', 'moment'],
] as const;

/** Proven in two slices, brought up in three looks: every operation there is. */
async function eventful(kind: 'rds' | 'aurora', hoursAMonth = 24): Promise<RehearsalWorld> {
  const made = await rehearsalWorld({ kind, policy: instanceOf({ hoursAMonth }) });
  const { prove } = made.world;
  made.world.prove = async (request) => ({
    ...(await prove(request)),
    ...(request.from === 0 ? { next: 4 } : {}),
  });
  return made;
}

describe.each(CASES)('a rehearsal on an %s instance from a %s whose function is killed', (kind, from) => {
  const job = jobOf(from);
  const name = nameOf(job);
  let deaths: Death[];
  beforeAll(async () => {
    const made = await eventful(kind);
    deaths = await deathsOf(made.execution(), made.bodyOf(job));
  });

  const stateOf = async ({ left, catalog, told, open, run, point }: RehearsalWorld) => ({
    left: await left(),
    evidence: (await catalog.evidence('crm', 10)).map(({ run, outcome, strength }) => ({
      run,
      outcome,
      strength,
    })),
    told: told(),
    open: await open(),
    run: (await run(job))?.state,
    attempt: (await run(job))?.attempt,
    point: (await point(SNAPSHOT_ID))?.state,
  });
  const good = {
    left: [],
    evidence: [{ run: runName(rehearsalRun(job)), outcome: 'passed', strength: 'bounded' }],
    told: [],
    open: [],
    run: 'succeeded',
    attempt: 1,
    point: from === 'snapshot' ? 'rehearsed' : 'verified',
  };

  it('can be killed at every step and every wait', () => {
    const names = deaths.map(({ at }) => at);
    const steps = ['put the scratch instance on record', 'prove, part 1', 'prove, part 2', 'finish the run'];
    const pauses = [
      'let the parameters settle',
      'wait for the restore: pause 1',
      'wait until it is gone: pause 1',
    ];
    expect(names).toEqual(expect.arrayContaining([...steps, ...pauses]));
    expect(names.includes('add its instance')).toBe(kind === 'aurora');
  });

  it('passes once, accounts once for its hours and leaves nothing when it is replayed after any death', async () => {
    for (const death of deaths) {
      const made = await eventful(kind);
      const execution = made.execution();
      expect([death, await execution.run(made.bodyOf(job), death)]).toEqual([death, { died: true }]);
      await made.clock.advance(120);
      await execution.run(made.bodyOf(job));
      expect([death, await stateOf(made)]).toEqual([death, good]);
      const seconds = await made.catalog.scratchSeconds('production', '2026-11');
      const passed = (made.clock.now().getTime() - Date.parse(NOW)) / 1000;
      expect([death, seconds > 60 && seconds <= passed]).toEqual([death, true]);
      const orders = made.scratch.callsOf('begin').map(([order]) => (order as { name: string }).name);
      expect([death, [...new Set(orders)]]).toEqual([death, [name]]);
    }
  });

  it('passes once and leaves nothing when it is killed at two operations close to one another', async () => {
    const done = deaths.filter(({ when }) => when === 'done');
    for (const [index, death] of done.entries())
      for (const then of done.slice(index, index + 4)) {
        const made = await eventful(kind);
        const execution = made.execution();
        await execution.run(made.bodyOf(job), death);
        await execution.run(made.bodyOf(job), then);
        await execution.run(made.bodyOf(job));
        expect([death.at, then.at, await stateOf(made)]).toEqual([death.at, then.at, good]);
      }
  });

  it('leaves what the watch sweeps away once it expires, and no sooner, when it never comes back', async () => {
    for (const death of deaths) {
      const made = await eventful(kind);
      await made.execution().run(made.bodyOf(job), death);
      const before = await made.left();
      const expires = before.length > 0 ? (await made.catalog.openScratches())[0]?.expiresAt : undefined;
      // What is made is on record: there is always something that says when it may go.
      expect([death, before.length > 0, expires !== undefined]).toEqual([
        death,
        before.length > 0,
        before.length > 0,
      ]);
      if (!expires) continue;

      made.clock.set(new Date(Date.parse(expires) - 1000));
      for (let look = 0; look < 3; look++) expect([death, await made.sweep()]).toEqual([death, []]);
      expect([death, await made.left()]).toEqual([death, before]);

      made.clock.set(expires);
      for (let look = 0; look < 12; look++) {
        await made.sweep();
        await made.clock.advance(300);
      }
      expect([death, await made.left()]).toEqual([death, []]);
    }
  });

  it('clears away what the first delivery left when a second one comes after the lease, and passes', async () => {
    for (const death of deaths) {
      const made = await eventful(kind, 1000);
      await made.execution().run(made.bodyOf(job), death);
      const stood = made.scratch.left().some((thing) => thing.startsWith('instance'));
      await made.clock.advance(36 * 3600);
      made.scratch.calls.splice(0);
      await made.execution().run(made.bodyOf(job));
      const { left, evidence, run, open } = await stateOf(made);
      expect([death, left, open, run]).toEqual([death, [], [], 'succeeded']);
      // One that died behind its evidence has rehearsed twice.
      expect([death, evidence.slice(0, 1)]).toEqual([death, good.evidence]);
      const calls = made.scratch.calls.map(({ method }) => method);
      if (stood) expect([death, calls[0], calls[1]]).toEqual([death, 'look', 'remove']);
    }
  });

  it('ends and leaves nothing when it comes back after the watch swept its instance away', async () => {
    for (const death of deaths) {
      const made = await eventful(kind);
      const execution = made.execution();
      await execution.run(made.bodyOf(job), death);
      await made.clock.advance(30 * 3600);
      for (let look = 0; look < 12; look++) {
        await made.sweep();
        await made.clock.advance(300);
      }
      await execution.run(made.bodyOf(job));
      expect([death, await made.left()]).toEqual([death, []]);
      expect([death, await made.catalog.openRuns()]).toEqual([death, []]);
    }
  });
});
