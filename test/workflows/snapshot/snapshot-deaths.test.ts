import type { Durable } from '../../../lib/ports/durable.ts';
import { snapshot } from '../../../lib/workflows/snapshot/snapshot.ts';
import { takeInventory } from '../../../lib/workflows/watch/inventory.ts';
import { platformSource } from '../../support/builders.ts';
import type { Death } from '../../support/doubles/durable.ts';
import { deathsOf } from '../../support/executions.ts';
import {
  ABROAD,
  copiesTo,
  ID,
  NAME,
  SNAPSHOT,
  type SnapshotWorld,
  snapshotWorld,
} from '../../support/snapshots.ts';

/** A source that is busy at first, a snapshot that takes a while, a copy to ask for: every operation there is. */
function eventful() {
  const made = snapshotWorld({ source: { status: 'modifying' }, looks: 2, policy: copiesTo(ABROAD) });
  made.whilePaused((pause) => {
    if (pause.startsWith('begin the snapshot')) made.platform.putSource(platformSource());
  });
  const body = (durable: Durable) => snapshot(SNAPSHOT, durable, made.deps);
  return { ...made, body };
}

/** What is so in the end, in one piece. */
async function stateOf({ platform, point, run, messages, open, told, catalog }: SnapshotWorld) {
  const { state, snapshotAt, snapshot } = (await point())!;
  return {
    snapshots: platform.ids(),
    begun: platform.callsOf('takeSnapshot').length,
    points: (await catalog.points('crm')).map(({ id }) => id),
    point: { state, id: snapshot.id, arn: snapshot.arn !== '', aged: snapshotAt !== undefined },
    run: (await run())?.state,
    attempt: (await run())?.attempt,
    copies: [...new Set(messages.take('copy').map(({ to }) => to))],
    open: await open(),
    told: told(),
    running: await catalog.openRuns(),
    status: (await catalog.statuses(['crm'])).get('crm')?.snapshots?.newestVerified?.id,
  };
}

const GOOD = {
  snapshots: [NAME],
  begun: 1,
  points: [ID],
  point: { state: 'verified', id: NAME, arn: true, aged: true },
  run: 'succeeded',
  attempt: 1,
  copies: ['eu-west-1'],
  open: [],
  told: [],
  running: [],
  status: ID,
};

describe('a snapshot job whose function is killed', () => {
  let deaths: Death[];
  beforeAll(async () => {
    const { execution, body } = eventful();
    deaths = await deathsOf(execution(), body);
  });

  it('can be killed at every step and every wait', () => {
    const ends = ['draw a claim token', 'finish the run'];
    const waits = ['begin the snapshot: pause 1', 'wait for the snapshot: pause 1'];
    expect(deaths.map(({ at }) => at)).toEqual(expect.arrayContaining([...ends, ...waits]));
  });

  it('takes exactly one snapshot and ends its run when it is replayed after any death', async () => {
    for (const death of deaths) {
      const made = eventful();
      const execution = made.execution();
      expect([death, await execution.run(made.body, death)]).toEqual([death, { died: true }]);
      await made.clock.advance(60);
      expect([death, await execution.run(made.body)]).toEqual([
        death,
        { died: false, result: expect.objectContaining({ outcome: 'done', point: ID }) },
      ]);
      expect([death, await stateOf(made)]).toEqual([death, GOOD]);
    }
  });

  it('comes to the same end when it is killed at any two operations in turn', async () => {
    for (const [index, death] of deaths.entries())
      for (const then of deaths.slice(index).filter(({ when }) => when === 'done')) {
        const made = eventful();
        const execution = made.execution();
        for (const each of [death, then, undefined]) await execution.run(made.body, each);
        expect([death, then, await stateOf(made)]).toEqual([death, then, GOOD]);
      }
  });

  it('leaves a snapshot that the watch adopts once the lease is over, when the job never comes back', async () => {
    for (const death of deaths) {
      const made = eventful();
      await made.execution().run(made.body, death);
      const begun = made.platform.callsOf('takeSnapshot').length;
      made.platform.putSource(platformSource());
      for (const name of made.platform.ids()) made.platform.setStatus(name, 'available');
      await made.clock.advance(15 * 3600);
      const [target] = made.deps.plan.targets;
      await takeInventory(target!, target!.platform!, made.deps, made.clock.now());
      expect([death, made.platform.callsOf('takeSnapshot').length]).toEqual([death, begun]);
      const state = (await made.point())?.state;
      expect([death, begun > 0 ? ['verified'] : ['creating', undefined]]).toEqual([
        death,
        expect.arrayContaining([state]),
      ]);
    }
  });

  it('goes on with what the first delivery began when a second one comes after the lease', async () => {
    for (const death of deaths) {
      const made = eventful();
      await made.execution().run(made.body, death);
      await made.clock.advance(15 * 3600);
      const ending = await made.execution().run(made.body);
      const outcome = expect.stringMatching(/^done(-before)?$/);
      expect([death, ending]).toMatchObject([death, { died: false, result: { outcome } }]);
      expect([death, made.platform.callsOf('takeSnapshot')]).toEqual([death, [expect.anything()]]);
      expect([death, (await made.point())?.state]).toEqual([death, 'verified']);
      expect([death, (await made.run())?.state]).toEqual([death, 'succeeded']);
    }
  });

  it('writes nothing when it comes back after another worker has taken its run over', async () => {
    const made = eventful();
    const execution = made.execution();
    await execution.run(made.body, { at: 'begin the snapshot: look 2', when: 'before' });
    await made.clock.advance(15 * 3600);
    await made.execution().run(made.body);
    const before = await stateOf(made);
    const late = await execution.run(made.body);
    expect(late).toMatchObject({ died: false, result: { outcome: 'held' } });
    expect({ ...(await stateOf(made)), copies: before.copies }).toEqual(before);
  });
});
