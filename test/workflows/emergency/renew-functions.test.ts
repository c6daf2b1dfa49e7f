import { UnderstudyError } from '../../../lib/domain/errors.ts';
import { emergencyWorld, UNTOUCHED } from '../../support/emergency-world.ts';
import { deathsOf } from '../../support/executions.ts';

const ID = '20261120T120000Z';
const worldOf = async () => {
  const functions = [{ function: 'crm-api', alias: 'live' }, { function: 'crm-mail' }];
  const world = await emergencyWorld({ restore: { functions } });
  world.approving();
  return world;
};

test('functions start anew when the secrets lead to the new database, and once more when they lead back', async () => {
  const world = await worldOf();
  const secretsThen: string[][] = [];
  const { renew } = world.deps.functions;
  world.deps.functions.renew = (ref, token) => {
    secretsThen.push(world.production().secrets);
    return renew(ref, token);
  };
  await world.whole(world.bodyOf());
  const switched = world.production().secrets;
  expect(secretsThen.every((seen) => seen.join() === switched.join())).toBe(true);
  expect(Object.fromEntries(world.functions.renewed)).toEqual({ 'crm-api': [ID], 'crm-mail': [ID] });
  secretsThen.length = 0;
  await world.whole(world.rollbackOf(ID));
  expect(world.production()).toEqual(UNTOUCHED);
  expect(secretsThen.every((seen) => seen.join() === UNTOUCHED.secrets.join())).toBe(true);
  const { takenBy } = await world.record();
  const back = `${ID}-${takenBy!.slice(0, 8)}`;
  expect(Object.fromEntries(world.functions.renewed)).toEqual({
    ...{ 'crm-api': [ID, back], 'crm-mail': [ID, back] },
  });
});

test('one that cannot start anew takes nothing back: it is told, and the other starts', async () => {
  const world = await worldOf();
  const { renew } = world.deps.functions;
  world.deps.functions.renew = async (ref, token) => {
    if (ref.alias)
      throw new UnderstudyError('function-unlike', 'the alias live of crm-api is version 3, and …');
    return renew(ref, token);
  };
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
  expect((await world.record()).error).toMatchObject({
    ...{ code: 'restore-unsettled', message: expect.stringContaining('the alias live of crm-api') },
  });
  expect(world.functions.renewed.get('crm-mail')).toEqual([ID]);
});

test('one that never gets there is told with what it waits for', async () => {
  const world = await worldOf();
  world.deps.functions.renew = async () => 'crm-api is being updated';
  await world.whole(world.bodyOf());
  expect((await world.record()).error?.message).toContain(
    'crm-api:live has not started anew after 15 min: crm-api is being updated',
  );
});

test('one that could not start anew ends the restore before anything begins', async () => {
  const world = await worldOf();
  world.deps.functions.check = async () => {
    throw new UnderstudyError('function-unlike', 'no');
  };
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'refused', code: 'function-unlike' });
  expect(await world.catalog.restore('crm')).toBeUndefined();
});

test('each starts anew once, whenever the function of the restore dies', async () => {
  const first = await worldOf();
  const deaths = await deathsOf(first.execution(), first.bodyOf());
  const among = deaths.filter(({ at }) => /start anew/.test(at));
  expect(among.length).toBeGreaterThan(10);
  for (const death of among) {
    const world = await worldOf();
    const execution = world.execution();
    await execution.run(world.bodyOf(), death);
    await execution.run(world.bodyOf());
    expect([death, Object.fromEntries(world.functions.renewed)]).toEqual([
      death,
      { 'crm-api': [ID], 'crm-mail': [ID] },
    ]);
    expect([death, (await world.record()).error]).toEqual([death, undefined]);
  }
});
