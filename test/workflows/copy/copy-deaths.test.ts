import { UnderstudyError } from '../../../lib/domain/errors.ts';
import type { Durable } from '../../../lib/ports/durable.ts';
import { copy } from '../../../lib/workflows/copy/copy.ts';
import { platformSnapshot } from '../../support/builders.ts';
import type { Death } from '../../support/doubles/durable.ts';
import {
  ABROAD,
  copiesTo,
  copyTo,
  deathsOf,
  NAME,
  OURS,
  type SnapshotWorld,
  snapshotWorld,
  VAULTED,
  VAULTED_PLACE,
} from '../../support/snapshots.ts';

const REGIONS = '20261120T010000Z-snapshot@eu-west-1';
const COPY = `20261120T010000Z-snapshot@${VAULTED_PLACE}`;

/** A copy that waits for the Region’s, which is shared, then for its turn, and takes a while: every operation there is. */
async function eventful(): Promise<SnapshotWorld> {
  const made = snapshotWorld({ looks: 2, policy: copiesTo(ABROAD, VAULTED) });
  await made.take();
  made.messages.take('copy');
  made.platform.calls.splice(0);
  made.platform.fail('copySnapshot', new UnderstudyError('copy-quota', '20 copies are in flight'));
  made.whilePaused(async (pause) => {
    if (pause.startsWith('plan the copy')) await copyInRegion(made);
    if (pause.startsWith('wait for our turn')) made.platform.heal();
  });
  return made;
}

/** What another run makes meanwhile. */
async function copyInRegion({ platform, catalog, point }: SnapshotWorld): Promise<void> {
  if (await point(REGIONS)) return;
  const arn = `arn:aws:rds:eu-west-1:111122223333:snapshot:${NAME}`;
  const original = (await point())!;
  platform.putSnapshot(platformSnapshot({ id: NAME, arn, tags: OURS }), 'eu-west-1');
  const snapshot = { ...original.snapshot, arn };
  await catalog.adoptPoint({ ...original, id: REGIONS, place: 'eu-west-1', snapshot });
}

const bodyOf =
  ({ deps }: SnapshotWorld) =>
  (durable: Durable) =>
    copy(copyTo(VAULTED_PLACE), durable, deps);

async function allDeaths(): Promise<Death[]> {
  const made = await eventful();
  return deathsOf((execution) => execution.run(bodyOf(made)), made.execution());
}

async function stateOf({ platform, point, run, open, told, catalog }: SnapshotWorld) {
  const copied = await point(COPY);
  return {
    home: platform.ids(),
    there: platform.ids(VAULTED_PLACE),
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
  points: 3,
  open: [],
  told: [],
  running: 0,
};

describe('a copy whose function is killed', () => {
  it('has operations to be killed at, all its waits among them', async () => {
    const names = (await allDeaths()).map(({ at }) => at);
    expect(names).toEqual(
      expect.arrayContaining([
        'plan the copy: look 1',
        'plan the copy: pause 1',
        'plan the copy: look 2',
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
      // Three deadlines of twelve hours, and one more.
      await made.clock.advance(37 * 3600 + 60);
      await made.execution().run(bodyOf(made));
      expect([death, await stateOf(made)]).toEqual([death, GOOD]);
    }
  });
});
