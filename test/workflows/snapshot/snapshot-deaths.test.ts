import type { Durable } from '../../../lib/ports/durable.ts';
import { snapshot } from '../../../lib/workflows/snapshot/snapshot.ts';
import { takeInventory } from '../../../lib/workflows/watch/inventory.ts';
import { platformSource } from '../../support/builders.ts';
import type { Death } from '../../support/doubles/durable.ts';
import {
  ABROAD,
  AT,
  copiesTo,
  deathsOf,
  ID,
  NAME,
  SNAPSHOT,
  type SnapshotWorld,
  snapshotWorld,
} from '../../support/snapshots.ts';

/** A source that is busy at first, a snapshot that takes a while, a copy to ask for: every operation there is. */
function eventful(): SnapshotWorld {
  const made = snapshotWorld({ source: { status: 'modifying' }, looks: 2, policy: copiesTo(ABROAD) });
  made.whilePaused((pause) => {
    if (pause.startsWith('begin the snapshot')) made.platform.putSource(platformSource());
  });
  return made;
}

const bodyOf =
  ({ deps }: SnapshotWorld) =>
  (durable: Durable) =>
    snapshot(SNAPSHOT, durable, deps);

async function allDeaths(): Promise<Death[]> {
  const made = eventful();
  return deathsOf((execution) => execution.run(bodyOf(made)), made.execution());
}

/** What is so in the end, in one piece. */
async function stateOf(made: SnapshotWorld) {
  const { platform, point, run, messages, open, told, catalog } = made;
  const { state, takeSeconds, snapshotAt, ...rest } = (await point())!;
  const copies = messages.take('copy').map(({ to }) => to);
  return {
    snapshots: platform.ids(),
    begun: platform.callsOf('takeSnapshot').length,
    points: (await catalog.points('crm')).map(({ id }) => id),
    point: { state, id: rest.snapshot.id, arn: rest.snapshot.arn !== '', aged: snapshotAt !== undefined },
    run: (await run())?.state,
    attempt: (await run())?.attempt,
    copies: [...new Set(copies)],
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

describe('a snapshot whose function is killed', () => {
  it('has operations to be killed at, waits among them', async () => {
    const names = (await allDeaths()).map(({ at }) => at);
    expect(names).toEqual(
      expect.arrayContaining([
        'draw a claim token',
        'claim the run',
        'put the point on record',
        'begin the snapshot: look 1',
        'begin the snapshot: pause 1',
        'begin the snapshot: look 2',
        'wait for the snapshot: pause 1',
        'judge it',
        'record that it is available',
        'say what it is worth',
        'ask for copies',
        'finish the run',
      ]),
    );
    expect(await stateOf((await dying(undefined)).made)).toEqual(GOOD);
  });

  async function dying(death: Death | undefined, then?: Death) {
    const made = eventful();
    const execution = made.execution();
    const first = await execution.run(bodyOf(made), death);
    if (death) {
      expect([death, first.died]).toEqual([death, true]);
      await made.clock.advance(60);
    }
    if (then) await execution.run(bodyOf(made), then);
    const ending = await execution.run(bodyOf(made));
    return { made, ending };
  }

  it('at any operation, before, after or in the middle of it, takes exactly one and ends the run', async () => {
    for (const death of await allDeaths()) {
      const { made, ending } = await dying(death);
      expect([death, ending]).toEqual([
        death,
        { died: false, result: expect.objectContaining({ outcome: 'done', point: ID }) },
      ]);
      expect([death, await stateOf(made)]).toEqual([death, GOOD]);
    }
  });

  it('twice, at any two operations in turn, is no worse', async () => {
    const deaths = await allDeaths();
    for (const [index, death] of deaths.entries())
      for (const then of deaths.slice(index).filter(({ when }) => when === 'done')) {
        const { made } = await dying(death, then);
        expect([death, then, await stateOf(made)]).toEqual([death, then, GOOD]);
      }
  });

  it('and never comes back is found by the watch once its lease is over: nothing is taken twice or forgotten', async () => {
    for (const death of await allDeaths()) {
      const made = eventful();
      await made.execution().run(bodyOf(made), death);
      const { begun } = await stateOf(made).catch(() => ({ begun: 0 }));
      made.platform.putSource(platformSource());
      for (const name of made.platform.ids()) made.platform.setStatus(name, 'available');
      await made.clock.advance(15 * 3600);
      await takeInventory(
        made.deps.plan.targets[0]!,
        { kind: 'rds', id: 'crm-db' },
        made.deps,
        made.clock.now(),
      );
      expect([death, made.platform.callsOf('takeSnapshot').length]).toEqual([death, begun]);
      const point = await made.point();
      if (begun > 0) expect([death, point?.state]).toEqual([death, 'verified']);
      else expect([death, ['creating', undefined].includes(point?.state)]).toEqual([death, true]);
    }
  });

  it('and is delivered again once its lease is over goes on with what the first one began', async () => {
    for (const death of await allDeaths()) {
      const made = eventful();
      await made.execution().run(bodyOf(made), death);
      await made.clock.advance(15 * 3600);
      const ending = await made.execution().run(bodyOf(made));
      if (ending.died) throw new Error('nobody told it to die');
      expect([death, ['done', 'done-before'].includes(ending.result.outcome)]).toEqual([death, true]);
      expect([death, made.platform.callsOf('takeSnapshot').length, (await made.point())?.state]).toEqual([
        death,
        1,
        'verified',
      ]);
      expect([death, (await made.run('snapshot', AT))?.state]).toEqual([death, 'succeeded']);
    }
  });

  it('and comes back when another has taken the run over writes nothing any more', async () => {
    const made = eventful();
    const execution = made.execution();
    await execution.run(bodyOf(made), { at: 'begin the snapshot: look 2', when: 'before' });
    await made.clock.advance(15 * 3600);
    await made.execution().run(bodyOf(made));
    const before = await stateOf(made);
    const late = await execution.run(bodyOf(made));
    expect(late).toMatchObject({ died: false, result: { outcome: 'held' } });
    const after = await stateOf(made);
    expect({ ...after, copies: before.copies }).toEqual(before);
  });
});
