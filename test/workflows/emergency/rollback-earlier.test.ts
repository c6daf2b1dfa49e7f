import type { RestoreRecord } from '../../../lib/domain/incidents/restore-record.ts';
import { type EmergencyWorld, emergencyWorld, UNTOUCHED } from '../../support/emergency-world.ts';
import { restoreRecord } from '../../support/restore-records.ts';

const LATER = { id: '20261120T180000Z', startedAt: '2026-11-20T18:00:00Z', token: 'later' };
const SWITCHED = { at: '2026-11-20T18:30:00Z', secrets: [] };

/** Production on a new database, and after that another restore that ended like this. */
async function twice(ended: Partial<RestoreRecord>): Promise<{ world: EmergencyWorld; id: string }> {
  const world = await emergencyWorld();
  world.approving();
  await world.whole(world.bodyOf());
  const { id } = await world.record();
  await world.catalog.beginRestore(restoreRecord(LATER));
  await world.catalog.putRestore(restoreRecord({ ...LATER, ...ended }));
  return { world, id };
}

test.each([
  ['was rejected', { state: 'not-done' }],
  ['is rolled back', { state: 'rolled-back', switched: SWITCHED }],
  ['gave an address only', { state: 'done' }],
] as const)('a restore is rolled back although a later one %s', async (_, ended) => {
  const { world, id } = await twice({ ...ended });
  expect(await world.whole(world.rollbackOf(id))).toMatchObject({ outcome: 'done', restore: id });
  expect(world.production()).toEqual(UNTOUCHED);
  // Who asks for the restore of the target sees the one that was last worked on.
  expect(await world.record()).toMatchObject({ id, state: 'rolled-back' });
});

test.each([
  ['has production', { state: 'done', switched: SWITCHED }, 'production has its database'],
  ['left something', { state: 'not-done', notPutBack: ['the freeze'] }, 'something of it is left'],
] as const)('a later restore that %s goes back first', async (_, ended, why) => {
  const { world, id } = await twice({
    ...ended,
    notPutBack: [...('notPutBack' in ended ? ended.notPutBack : [])],
  });
  const before = world.production();
  expect(await world.whole(world.rollbackOf(id))).toMatchObject({
    outcome: 'refused',
    summary: `the restore ${LATER.id} of crm came after ${id}, and ${why}: it goes back first`,
    hint: `./understudy restore rollback crm --restore ${LATER.id}`,
  });
  expect(world.production()).toEqual(before);
});

test('no restore of the target, nor of its instance, begins while an earlier one is rolled back', async () => {
  const { world, id } = await twice({ state: 'not-done' });
  world.plan.targets.push({ ...world.plan.targets[0]!, id: 'billing' });
  const begun: unknown[] = [];
  const { putBack } = world.applicationSecrets;
  world.deps.applicationSecrets.putBack = async (...given) => {
    const next = restoreRecord({ id: '20261120T190000Z', token: 'next' });
    begun.push((await world.catalog.beginRestore(next)).id);
    begun.push(await world.whole(world.rollbackOf(LATER.id)));
    return putBack(...given);
  };
  expect(await world.whole(world.rollbackOf(id))).toMatchObject({ outcome: 'done' });
  expect(begun.slice(0, 2)).toEqual([id, expect.objectContaining({ outcome: 'refused' })]);
});

test('a restore that begins after one was chosen keeps the rollback from it', async () => {
  const { world, id } = await twice({ state: 'not-done' });
  const { takeRestore } = world.catalog;
  world.catalog.takeRestore = async (...given) => {
    world.catalog.takeRestore = takeRestore;
    const next = { id: '20261120T190000Z', startedAt: '2026-11-20T19:00:00Z', token: 'next' };
    await world.catalog.beginRestore(restoreRecord(next));
    await world.catalog.putRestore(restoreRecord({ ...next, state: 'done', switched: SWITCHED }));
    return takeRestore(...given);
  };
  const before = world.production();
  expect(await world.whole(world.rollbackOf(id))).toMatchObject({ outcome: 'refused' });
  expect(world.production()).toEqual(before);
});

test('what an earlier restore left is known to the next but one, where the next froze nothing', async () => {
  const world = await emergencyWorld();
  world.databases.old.frozen = true;
  const first = restoreRecord({ held: { crm: {} } });
  await world.catalog.beginRestore(first);
  await world.catalog.putRestore({ ...first, state: 'not-done', notPutBack: ['the freeze'] });
  for (const scheduledFor of ['2026-11-20T12:00:01Z', '2026-11-20T12:00:02Z']) {
    world.databases.refuses.may = { code: 'login-refused', message: 'no' };
    await world.whole(world.bodyOf({ scheduledFor }));
    expect(await world.record()).toMatchObject({ state: 'not-done', leftBy: { restore: first.id } });
  }
});
