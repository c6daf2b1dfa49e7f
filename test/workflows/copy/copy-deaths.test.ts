import { UnderstudyError } from '../../../lib/domain/errors.ts';
import type { Durable } from '../../../lib/ports/durable.ts';
import { copy } from '../../../lib/workflows/copy/copy.ts';
import type { Death } from '../../support/doubles/durable.ts';
import { deathsOf } from '../../support/executions.ts';
import {
  ABROAD,
  copiesTo,
  copyTo,
  NAME,
  ownSnapshot,
  type SnapshotWorld,
  snapshotWorld,
  VAULTED,
  VAULTED_PLACE,
} from '../../support/snapshots.ts';

const REGIONS = '20261120T010000Z-snapshot@eu-west-1';
const COPY = `20261120T010000Z-snapshot@${VAULTED_PLACE}`;

/** A copy that waits for the Region’s, which is shared, then for its turn, and takes a while: every operation there is. */
async function eventful() {
  const made = snapshotWorld({ looks: 2, policy: copiesTo(ABROAD, VAULTED) });
  await made.take();
  made.messages.take('copy');
  made.platform.calls.splice(0);
  made.platform.fail('copySnapshot', new UnderstudyError('copy-quota', '20 copies are in flight'));
  made.whilePaused(async (pause) => {
    if (pause.startsWith('plan the copy')) await copyInRegion(made);
    if (pause.startsWith('wait for our turn')) made.platform.heal();
  });
  const body = (durable: Durable) => copy(copyTo(VAULTED_PLACE), durable, made.deps);
  return { ...made, body };
}

/** What another run makes meanwhile. */
async function copyInRegion({ platform, catalog, point }: SnapshotWorld): Promise<void> {
  if (await point(REGIONS)) return;
  const arn = `arn:aws:rds:eu-west-1:111122223333:snapshot:${NAME}`;
  const original = (await point())!;
  platform.putSnapshot(ownSnapshot({ arn }), 'eu-west-1');
  const snapshot = { ...original.snapshot, arn };
  await catalog.adoptPoint({ ...original, id: REGIONS, place: 'eu-west-1', snapshot });
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

describe('a copy job whose function is killed', () => {
  let deaths: Death[];
  beforeAll(async () => {
    const { execution, body } = await eventful();
    deaths = await deathsOf(execution(), body);
  });

  it('can be killed at every step and every wait', () => {
    const steps = ['share the snapshot', 'finish the run'];
    const waits = ['plan the copy: pause 1', 'wait for our turn: pause 1', 'wait for the snapshot: pause 1'];
    expect(deaths.map(({ at }) => at)).toEqual(expect.arrayContaining([...steps, ...waits]));
  });

  it('makes exactly one copy and ends its run when it is replayed after any death', async () => {
    for (const death of deaths) {
      const made = await eventful();
      const execution = made.execution();
      expect([death, await execution.run(made.body, death)]).toEqual([death, { died: true }]);
      await made.clock.advance(60);
      expect([death, await execution.run(made.body)]).toEqual([
        death,
        { died: false, result: expect.objectContaining({ outcome: 'done', point: COPY }) },
      ]);
      expect([death, await stateOf(made)]).toEqual([death, GOOD]);
    }
  });

  it('leaves a copy that a second delivery finishes once the lease is over', async () => {
    for (const death of deaths) {
      const made = await eventful();
      await made.execution().run(made.body, death);
      // Three deadlines of twelve hours, and one more.
      await made.clock.advance(37 * 3600 + 60);
      await made.execution().run(made.body);
      expect([death, await stateOf(made)]).toEqual([death, GOOD]);
    }
  });
});
