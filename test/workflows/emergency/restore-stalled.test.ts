import { UnderstudyError } from '../../../lib/domain/errors.ts';
import { RESTORE_LEASE } from '../../../lib/domain/incidents/restore-record.ts';
import { secondsBetween, utc } from '../../../lib/domain/time.ts';
import { lookAtRestores } from '../../../lib/workflows/watch/restores.ts';
import {
  type EmergencyWorld,
  emergencyWorld,
  OLD,
  UNTOUCHED,
  UNTOUCHED_BESIDE,
} from '../../support/emergency-world.ts';
import { deathsOf } from '../../support/executions.ts';

const worldOf = async (cutover: 'secret' | 'rename', beside = false) => {
  const world = await emergencyWorld({
    ...(beside ? { beside, way: 'dump' as const } : {}),
    restore: { cutover, ...(cutover === 'rename' ? { services: [] } : {}) },
  });
  world.approving();
  return world;
};

const watched = async ({ deps, plan, clock }: EmergencyWorld) => {
  const { findings, failures } = await lookAtRestores({ ...deps, plan }, clock.now());
  expect(failures).toEqual([]);
  return findings.map(({ code, subject }) => `${code} ${subject}`);
};

describe.each([
  ['secret', 'onto an instance', false],
  ['rename', 'onto an instance', false],
  ['secret', 'beside the living database', true],
  ['rename', 'beside the living database', true],
] as const)('a restore by %s %s whose execution is stopped for good', (cutover, _, beside) => {
  const untouched = beside ? UNTOUCHED_BESIDE : UNTOUCHED;
  test('is found when its lease is over, is put back by a rollback, and changes nothing when it comes back', async () => {
    const first = await worldOf(cutover, beside);
    const deaths = (await deathsOf(first.execution(), first.bodyOf())).filter(({ when }) => when === 'kept');
    let stalled = 0;
    for (const death of deaths) {
      const world = await worldOf(cutover, beside);
      const dead = world.execution();
      await dead.run(world.bodyOf(), death);
      const began = await world.record();
      if (began?.state !== 'running') continue;
      stalled++;
      const rollback = world.rollbackOf(began.id);
      await world.clock.advance(secondsBetween(world.clock.now(), began.aliveUntil) - 60);
      expect([death, await watched(world)]).toEqual([death, []]);
      expect(await world.whole(rollback)).toMatchObject({ outcome: 'refused' });

      await world.clock.advance(120);
      expect([death, await watched(world)]).toEqual([death, ['restore-stalled crm']]);
      await expect(world.answer('abort')).rejects.toMatchObject({ code: 'restore-stalled' });
      expect([death, await world.whole(rollback)]).toMatchObject([death, { outcome: 'done' }]);
      expect([death, world.production()]).toEqual([death, untouched]);

      const [made, closed] = [() => world.restored.made(), () => world.databases.new.closed];
      const record = await world.record();
      const rest = [made(), closed()];
      const back = await dead.run(world.bodyOf()).catch((error) => error);
      expect([death, back]).toMatchObject([death, { died: false, result: { outcome: 'not-done' } }]);
      expect([death, world.production()]).toEqual([death, untouched]);
      const { aliveUntil: _alive, ...before } = record;
      expect([death, await world.record(), made(), closed()]).toEqual([
        death,
        expect.objectContaining(before),
        ...rest,
      ]);
    }
    expect(stalled).toBeGreaterThan(30);
  });
});

test('a rollback whose execution is stopped for good is taken over by another', async () => {
  const world = await worldOf('secret');
  await world.whole(world.bodyOf());
  const { id } = await world.record();
  const dead = world.execution();
  await dead.run(world.rollbackOf(id), { at: 'close the new one', when: 'kept' });
  await world.clock.advance(RESTORE_LEASE + 1);
  expect(await world.whole(world.rollbackOf(id))).toMatchObject({ outcome: 'done' });
  expect(world.production()).toEqual(UNTOUCHED);
});

test('a stopped restore of a database that is gone ends, so that another may begin', async () => {
  const world = await worldOf('secret');
  await world.execution().run(world.bodyOf(), { at: 'freeze', when: 'kept' });
  const { id } = await world.record();
  await world.clock.advance(RESTORE_LEASE + 1);
  world.platform.removeSource(OLD.name);
  expect(await world.whole(world.rollbackOf(id))).toMatchObject({ outcome: 'not-done' });
  expect(await world.record()).toMatchObject({ state: 'not-done', error: { code: 'source-not-found' } });
  expect(await watched(world)).toEqual([]);
  expect(await world.open()).toEqual([]);
});

test('a stopped restore that has touched nothing ends although its old database cannot be reached', async () => {
  const world = await worldOf('secret');
  await world.execution().run(world.bodyOf(), { at: 'put it on record', when: 'kept' });
  world.databases.refuses.may = { code: 'source-unreachable', message: 'it does not answer' };
  await world.clock.advance(RESTORE_LEASE + 1);
  const { id } = await world.record();
  expect(await world.whole(world.rollbackOf(id))).toMatchObject({ outcome: 'done' });
  expect(await world.record()).toMatchObject({ state: 'rolled-back', notPutBack: [] });
});

test('an execution lives as long as it looks, however long a phase takes', async () => {
  const world = await emergencyWorld({ restore: { approveWithin: 10 * RESTORE_LEASE } });
  let pauses = 0;
  world.whilePaused(async (pause) => {
    expect(await watched(world)).toEqual([]);
    if (pause.startsWith('wait for approval') && ++pauses > 50) await world.answer('approve');
  });
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
  expect(pauses).toBeGreaterThan(50);
});

test('production is put back although the catalog does not say whether the restore is still held', async () => {
  const world = await worldOf('secret');
  world.databases.refuses.admit = { code: 'role-missing', message: 'no such role' };
  world.catalog.renewRestore = async () => {
    throw new Error('throttled');
  };
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'not-done' });
  expect(world.production()).toEqual(UNTOUCHED);
});

test.each(['secret', 'rename'] as const)(
  'production is put back from the middle of a cutover by %s although the catalog takes no writes any more',
  async (cutover) => {
    const world = await worldOf(cutover);
    const put = world.catalog.putRestore.bind(world.catalog);
    let isDown = false;
    const fails = async () => {
      isDown = true;
      throw new UnderstudyError('platform-refused', 'no');
    };
    world.catalog.putRestore = async (record) =>
      isDown ? Promise.reject(new Error('throttled')) : put(record);
    if (cutover === 'secret') {
      const redirect = world.deps.applicationSecrets.redirect;
      world.deps.applicationSecrets.redirect = async (...given) =>
        given[0] === 'crm/jobs' ? fails() : redirect(...given);
    } else {
      const rename = world.deps.restored.rename;
      // The old one has its other name; the new one gets no name.
      world.deps.restored.rename = async (...given) => (given[4] && !isDown ? fails() : rename(...given));
    }
    await world.whole(world.bodyOf()).catch(() => undefined);
    expect([isDown, world.production()]).toEqual([true, UNTOUCHED]);
  },
);

describe('an abort after the application has begun to be switched', () => {
  test.each(['secret', 'rename'] as const)('in the cutover by %s undoes it', async (cutover) => {
    const world = await worldOf(cutover);
    world.abortingIn('cut-over');
    const { outcome } = await world.whole(world.bodyOf());
    // By secret nothing is waited for: it is closing by then, and goes back from there.
    expect(outcome).toBe(cutover === 'rename' ? 'not-done' : 'done');
    expect(world.production()).toEqual(UNTOUCHED);
    expect((await world.record()).state).toBe(cutover === 'rename' ? 'not-done' : 'rolled-back');
    expect(await world.open()).toEqual(cutover === 'rename' ? ['restore-not-done crm'] : []);
  });

  test.each(['secret', 'rename'] as const)('goes back while it closes by %s', async (cutover) => {
    const world = await worldOf(cutover);
    world.abortingIn('close');
    expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
    expect(world.production()).toEqual(UNTOUCHED);
    const undone = expect.arrayContaining([expect.stringContaining('ben aborted the restore of crm, at ')]);
    expect(await world.record()).toMatchObject({ state: 'rolled-back', undone, notPutBack: [] });
    expect(world.databases.new.closed).toBe(true);
  });

  test('keeps the new database when the old one is gone, and says so', async () => {
    const world = await worldOf('secret');
    world.abortingIn('close');
    const put = world.catalog.putRestore.bind(world.catalog);
    world.catalog.putRestore = async (record) => {
      if (record.phase === 'close') world.platform.removeSource(OLD.name);
      return put(record);
    };
    expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
    const message = expect.stringContaining('ben aborted the restore of crm, but the old database');
    expect(await world.record()).toMatchObject({ state: 'done', error: { message } });
    expect(world.production().secrets[0]).not.toBe(OLD.host);
  });

  test('ends the waiting for a login that never works', async () => {
    const world = await worldOf('secret');
    world.databases.refuses['log-in'] = { code: 'login-refused', message: 'no' };
    world.abortingIn('close');
    await world.whole(world.bodyOf());
    expect(world.databases.asked.filter((ask) => ask === 'log-in')).toHaveLength(1);
    expect(world.production()).toEqual(UNTOUCHED);
  });
});

describe('a database that a restore has left', () => {
  test('is named by the watch until it is deleted', async () => {
    const world = await worldOf('secret');
    await world.whole(world.bodyOf());
    expect((await world.record()).kept).toEqual([{ name: OLD.name, resourceId: OLD.id }]);
    expect(await watched(world)).toEqual([`database-kept ${OLD.name}`]);
    world.platform.removeSource(OLD.name);
    expect(await watched(world)).toEqual([]);
    expect(await world.catalog.standingRestores()).toEqual([]);
  });

  test('is told with what it costs, where the policy has a price', async () => {
    const world = await emergencyWorld({ restore: { pricePerHour: 0.5 } });
    world.approving();
    await world.whole(world.bodyOf());
    const { findings } = await lookAtRestores({ ...world.deps, plan: world.plan }, world.clock.now());
    expect(findings[0]!.message).toContain('costs about $365 a month, and its storage');
  });

  test('is the new one after a rollback, and none when nothing was switched', async () => {
    const world = await worldOf('secret');
    await world.whole(world.bodyOf());
    const { id, made } = await world.record();
    await world.whole(world.rollbackOf(id));
    expect((await world.record()).kept).toEqual([{ name: made!.name, resourceId: made!.resourceId }]);
    const other = await emergencyWorld({ restore: { cutover: 'none' } });
    other.approving();
    await other.whole(other.bodyOf());
    expect((await other.record()).kept).toEqual([]);
  });

  test('is not another one that has its name', async () => {
    const world = await worldOf('secret');
    await world.whole(world.bodyOf());
    const record = await world.record();
    await world.catalog.putRestore({ ...record, kept: [{ name: OLD.name, resourceId: 'db-OTHER' }] });
    expect(await watched(world)).toEqual([]);
    expect(utc(world.clock.now()) > record.startedAt).toBe(true);
  });
});
