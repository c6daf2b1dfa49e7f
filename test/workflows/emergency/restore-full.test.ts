import { type EmergencyWorld, emergencyWorld, OLD, UNTOUCHED } from '../../support/emergency-world.ts';

const NEW = 'crm-db-restored-20261120t120000z';
const NO_ROOM = { code: 'restore-refused', message: 'no space left on device' };

/** An old database whose storage is full: it takes no writes, those of a freeze and a closing neither. */
async function fullWorld(restore = {}): Promise<EmergencyWorld> {
  const world = await emergencyWorld({ restore: { services: [], ...restore } });
  await fill(world);
  Object.assign(world.databases.refuses, { freeze: NO_ROOM, fence: NO_ROOM });
  return world;
}

async function fill({ platform }: EmergencyWorld, status = 'storage-full'): Promise<void> {
  const source = (await platform.source({ kind: 'rds', id: OLD.name }))!;
  platform.putSource({ ...source, status });
}

test('production leaves an old database whose storage is full, and the approver has read that it stays open', async () => {
  const world = await fullWorld();
  let notes: string[] = [];
  world.whilePaused(async (pause) => {
    if (!pause.startsWith('wait for approval')) return;
    ({ notes } = await world.record());
    await world.answer('approve').catch(() => undefined);
  });
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
  expect(notes.join('\n')).toContain('crm-db may not be closed: its storage is full (storage-full)');
  expect(notes.join('\n')).toContain('the old database was not frozen');
  expect(world.production().secrets[0]).toContain(NEW);
  const record = await world.record();
  expect(record).toMatchObject({
    state: 'done',
    lastWriteBefore: expect.any(String),
    error: {
      code: 'restore-unsettled',
      message: expect.stringContaining('crm-db is not closed, because its storage is full'),
    },
  });
  expect(record.held).toBeUndefined();
  expect(await world.open()).toEqual(['restore-unsettled crm']);
  // Nothing to go back to before its storage grows.
  expect(await world.whole(world.rollbackOf(record.id))).toMatchObject({ outcome: 'refused' });
  await fill(world, 'available');
  world.databases.refuses.fence = undefined;
  expect(await world.whole(world.rollbackOf(record.id))).toMatchObject({ outcome: 'done' });
  expect(world.production()).toEqual(UNTOUCHED);
});

test('one that is full and can be closed all the same is closed, and nothing is left to say', async () => {
  const world = await fullWorld();
  world.approving();
  world.databases.refuses.fence = undefined;
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
  expect(world.production().old.closed).toBe(true);
  const { error, notClosed } = await world.record();
  expect([error, notClosed]).toEqual([undefined, undefined]);
});

test('one whose storage grew before the fence must be closed, or the restore ends', async () => {
  const world = await fullWorld();
  world.whilePaused(async (pause) => {
    if (!pause.startsWith('wait for approval')) return;
    await fill(world, 'available');
    await world.answer('approve').catch(() => undefined);
  });
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'not-done' });
  expect(world.production()).toEqual(UNTOUCHED);
});

test('one that is full gives nobody its name', async () => {
  const world = await fullWorld({ cutover: 'rename' });
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'refused' });
  expect(world.restored.made()).toEqual([]);
});

test('one that runs and does not answer is named before anybody approves', async () => {
  const world = await emergencyWorld({ restore: { freeze: 'none', services: [] } });
  world.databases.refuses.may = { code: 'source-unreachable', message: 'no answer in 15 s' };
  let notes: string[] = [];
  world.whilePaused(async (pause) => {
    if (!pause.startsWith('wait for approval')) return;
    ({ notes } = await world.record());
    await world.answer('reject').catch(() => undefined);
  });
  await world.whole(world.bodyOf());
  expect(notes).toContain(
    'crm-db runs and cannot be closed now (no answer in 15 s): stop it or mend that, or an approval ends the restore',
  );
});
