import {
  type EmergencyWorld,
  emergencyWorld,
  SECRETS,
  UNTOUCHED,
  UNTOUCHED_BESIDE,
} from '../../support/emergency-world.ts';
import { deathsOf } from '../../support/executions.ts';

const CASES = [
  ['rds', 'secret', 'moment'],
  ['rds', 'rename', 'snapshot'],
  ['aurora', 'secret', 'snapshot'],
  ['aurora', 'rename', 'moment'],
  ['rds', 'secret', 'dump'],
  ['beside', 'secret', 'dump'],
  ['beside', 'rename', 'dump'],
] as const;

/** A restore whose function dies at each of its operations, before, in and after it, and is replayed. */
describe.each(CASES)('a restore of %s by %s from a %s', (kind, cutover, way) => {
  const untouched = kind === 'beside' ? UNTOUCHED_BESIDE : UNTOUCHED;
  const worldOf = async () => {
    const world = await emergencyWorld({
      ...(kind === 'beside' ? { beside: true } : { kind }),
      way,
      restore: { cutover, ...(cutover === 'rename' ? { services: [] } : {}) },
    });
    world.approving();
    return world;
  };
  const stateOf = async ({ production, record, restored, applicationSecrets, open }: EmergencyWorld) => ({
    ...production(),
    record: (({ state, answer, error, undone, notPutBack }) => ({
      ...{ state, answer: answer?.answer, error, undone, notPutBack },
    }))(await record()),
    made: kind === 'beside' ? [...restored.names].filter(([, id]) => id !== '16384') : restored.made(),
    versions: SECRETS.map((secret) => applicationSecrets.versions.get(secret)!.length),
    open: await open(),
  });

  test('is done once, and production has one database, whenever its function dies', async () => {
    const first = await worldOf();
    const deaths = await deathsOf(first.execution(), first.bodyOf());
    const good = await stateOf(first);
    expect(good).toMatchObject({
      old: { closed: true },
      record: { state: 'done', undone: [], notPutBack: [] },
      open: [],
    });
    expect(good.made).toHaveLength(1);
    for (const death of deaths) {
      const world = await worldOf();
      const execution = world.execution();
      expect([death, await execution.run(world.bodyOf(), death)]).toEqual([death, { died: true }]);
      await world.clock.advance(60);
      await execution.run(world.bodyOf());
      expect([death, await stateOf(world)]).toEqual([death, good]);
    }
  });

  test('is undone wholly, whenever its function dies and a person aborts it then', async () => {
    const first = await worldOf();
    const deaths = await deathsOf(first.execution(), first.bodyOf());
    let undone = 0;
    for (const death of deaths) {
      const world = await worldOf();
      const execution = world.execution();
      await execution.run(world.bodyOf(), death);
      const began = await world.record();
      if (!began || began.phase === 'close') continue;
      await world.catalog.answerRestore({
        ...{ target: 'crm', restore: began.id, answer: 'abort', by: 'ben', at: '2026-11-20T13:00:00Z' },
      });
      const ending = await execution.run(world.bodyOf());
      if (ending.died || ending.result.outcome === 'done') continue;
      undone++;
      expect([death, world.production()]).toEqual([death, untouched]);
    }
    expect(undone).toBeGreaterThan(30);
  });

  test('leads back to the old database once, whenever the rollback’s function dies', async () => {
    const done = async () => {
      const world = await worldOf();
      await world.whole(world.bodyOf());
      return { world, id: (await world.record()).id };
    };
    const first = await done();
    const deaths = await deathsOf(first.world.execution(), first.world.rollbackOf(first.id));
    for (const death of deaths) {
      const { world, id } = await done();
      const execution = world.execution();
      await execution.run(world.rollbackOf(id), death);
      await execution.run(world.rollbackOf(id));
      expect([death, world.production()]).toEqual([death, untouched]);
      expect([death, world.databases.new.closed]).toEqual([death, true]);
      expect([death, (await world.record()).state]).toEqual([death, 'rolled-back']);
    }
  });
});
