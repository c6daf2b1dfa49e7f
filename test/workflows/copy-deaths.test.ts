import { UnderstudyError } from '../../lib/domain/errors.ts';
import type { Durable } from '../../lib/ports/durable.ts';
import { copy } from '../../lib/workflows/copy.ts';
import { HOME } from '../support/builders.ts';
import type { Death } from '../support/doubles/durable.ts';
import {
  copiesTo,
  copyTo,
  deathsOf,
  NAME,
  type SnapshotWorld,
  snapshotWorld,
  VAULTED,
} from '../support/snapshots.ts';

const PLACE = `${HOME}/444455556666`;
const COPY = `20261120T010000Z-snapshot@${PLACE}`;

/** A copy that is shared, waits for its turn and takes a while: every operation there is. */
async function eventful(): Promise<SnapshotWorld> {
  const made = snapshotWorld({ looks: 2, policy: copiesTo({ ...VAULTED, region: HOME }) });
  await made.take();
  made.messages.take('copy');
  made.platform.calls.splice(0);
  made.platform.fail('copySnapshot', new UnderstudyError('copy-quota', '20 copies are in flight'));
  made.whilePaused(() => made.platform.heal());
  return made;
}

const bodyOf =
  ({ deps }: SnapshotWorld) =>
  (durable: Durable) =>
    copy(copyTo(PLACE), durable, deps);

async function allDeaths(): Promise<Death[]> {
  const made = await eventful();
  return deathsOf((execution) => execution.run(bodyOf(made)), made.execution());
}

async function stateOf({ platform, point, run, open, told, catalog }: SnapshotWorld) {
  const copied = await point(COPY);
  return {
    home: platform.ids(),
    there: platform.ids(PLACE),
    state: copied?.state,
    arn: copied?.snapshot.arn !== '',
    aged: copied?.snapshotAt === (await point())?.snapshotAt,
    original: (await point())?.state,
    run: (await run('copy', COPY))?.state,
    points: (await catalog.points('crm')).length,
    open: await open(),
    told: told(),
    running: (await catalog.openRuns()).length,
  };
}

const GOOD = {
  home: [NAME],
  there: [NAME],
  state: 'verified',
  arn: true,
  aged: true,
  original: 'verified',
  run: 'succeeded',
  points: 2,
  open: [],
  told: [],
  running: 0,
};

describe('a copy whose function is killed', () => {
  it('has operations to be killed at, both waits among them', async () => {
    const names = (await allDeaths()).map(({ at }) => at);
    expect(names).toEqual(
      expect.arrayContaining([
        'plan the copy',
        'put the copy on record',
        'share the snapshot',
        'wait for our turn: pause 1',
        'wait for our turn: look 2',
        'wait for the snapshot: pause 1',
        'judge it',
        'say what it is worth',
        'finish the run',
      ]),
    );
  });

  it('at any operation and replayed makes exactly one, and ends the run', async () => {
    for (const death of await allDeaths()) {
      const made = await eventful();
      const execution = made.execution();
      expect([death, await execution.run(bodyOf(made), death)]).toEqual([death, { died: true }]);
      await made.clock.advance(60);
      const ending = await execution.run(bodyOf(made));
      expect([death, ending]).toEqual([
        death,
        { died: false, result: expect.objectContaining({ outcome: 'done', point: COPY }) },
      ]);
      expect([death, await stateOf(made)]).toEqual([death, GOOD]);
    }
  });

  it('and never comes back is done by whoever is asked once its lease is over', async () => {
    for (const death of await allDeaths()) {
      const made = await eventful();
      await made.execution().run(bodyOf(made), death);
      await made.clock.advance(26 * 3600);
      await made.execution().run(bodyOf(made));
      expect([death, await stateOf(made)]).toEqual([death, GOOD]);
    }
  });
});
