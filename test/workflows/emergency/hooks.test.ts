import { UnderstudyError } from '../../../lib/domain/errors.ts';
import type { HookCall } from '../../../lib/domain/incidents/hook-call.ts';
import { RESTORE_LEASE } from '../../../lib/domain/incidents/restore-record.ts';
import { FOLLOWERS, FREEZER } from '../../support/doubles/hooks.ts';
import { type EmergencyWorld, emergencyWorld, OLD, UNTOUCHED } from '../../support/emergency-world.ts';
import { deathsOf } from '../../support/executions.ts';

const NEW = { host: 'crm-db-restored-20261120t120000z.example.internal', port: 5432 };
const HOOKED = { freeze: 'hook', hooks: { freeze: FREEZER, cutover: FOLLOWERS } } as const;
const worldOf = async (restore: object = {}) => {
  const world = await emergencyWorld({ restore: { ...HOOKED, ...restore } });
  world.approving();
  return world;
};
const withoutCutover = { cutover: 'none', services: [], hooks: { freeze: FREEZER, cutover: [] } };
const AS_BEFORE = { frozen: false, follows: 'old' };

test('a restore freezes by a hook, calls those of the cutover when services have started anew, then thaws', async () => {
  const world = await worldOf();
  const startAnew = world.deps.services.startAnew;
  world.deps.services.startAnew = async (ref) => {
    world.hooks.called.push('services');
    return startAnew(ref);
  };
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
  expect(world.hooks.called).toEqual([
    ...[`${FREEZER} freeze`, 'services'],
    ...FOLLOWERS.map((hook) => `${hook} cut-over`),
    `${FREEZER} thaw`,
  ]);
  expect(world.hooks.application).toEqual({ frozen: false, follows: 'new' });
  // Instead of the database’s own freeze.
  expect(world.databases.asked).not.toContain('freeze');
  const { frozenAt, phases, error } = await world.record();
  expect([frozenAt, phases.map(({ name }) => name)]).toEqual([
    expect.anything(),
    expect.arrayContaining(['freeze']),
  ]);
  expect(error).toBeUndefined();
});

test('the payload says who asks for what, and where the databases are as far as they exist', async () => {
  const world = await worldOf();
  await world.whole(world.bodyOf());
  const at = expect.stringMatching(/^2026-11-20T/);
  const ours = {
    schemaVersion: 1,
    target: 'crm',
    restore: '20261120T120000Z',
    rehearsal: null,
    by: 'anna',
    notAfter: at,
  };
  const old = { host: OLD.host, port: 5432 };
  expect(world.hooks.payloads).toEqual([
    { ...ours, hook: 'freeze', at, old, new: null },
    ...FOLLOWERS.map(() => ({ ...ours, hook: 'cut-over', at, old, new: NEW })),
    { ...ours, hook: 'thaw', at, old, new: NEW },
  ]);
});

test('what a hook says is a note of the restore', async () => {
  const world = await worldOf();
  world.hooks.instead[`${FREEZER} freeze`] = () => ({ message: 'maintenance page is up' });
  await world.whole(world.bodyOf());
  expect((await world.record()).notes).toContain(`${FREEZER}, freeze: maintenance page is up`);
});

test('without a cutover the hook thaws at the end, and needs no database', async () => {
  const world = await worldOf(withoutCutover);
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
  expect(world.hooks.called).toEqual([`${FREEZER} freeze`, `${FREEZER} thaw`]);
  expect(world.databases.asked).not.toContain('may');
});

const SECRET = 'hunter2';
test.each<[string, string, (call: HookCall) => unknown]>([
  [
    'throws',
    'hook-failed',
    () => {
      throw new Error(`no connection to postgres://crm:${SECRET}@db`);
    },
  ],
  ['answers an error', 'hook-answer', () => ({ statusCode: 500, body: SECRET })],
  ['answers nonsense', 'hook-answer', () => [SECRET]],
  ['says no text', 'hook-answer', () => ({ message: { SECRET } })],
])(
  'a freeze by a hook that %s ends the restore, thaws, and repeats nothing of it',
  async (_, code, answer) => {
    const world = await worldOf();
    world.hooks.instead[`${FREEZER} freeze`] = answer;
    expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'not-done' });
    expect(world.restored.made()).toEqual([]);
    expect(world.hooks.application).toEqual(AS_BEFORE);
    const record = await world.record();
    expect(record).toMatchObject({
      ...{ error: { code, message: expect.stringContaining(`the hook ${FREEZER}`) }, notPutBack: [] },
      undone: [`the application writes again, by the hook ${FREEZER}`],
    });
    expect(record.error!.hint).toContain(`/aws/lambda/${FREEZER}`);
    expect(JSON.stringify([record, world.alerts])).not.toContain(SECRET);
  },
);

test('a hook that fails once is called again', async () => {
  const world = await worldOf();
  let failures = 1;
  world.hooks.instead[`${FREEZER} freeze`] = () => {
    if (failures-- > 0) throw new Error('a cold start');
    return null;
  };
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
  expect(world.hooks.called.slice(0, 2)).toEqual([`${FREEZER} freeze`, `${FREEZER} freeze`]);
});

const fails = () => {
  throw new Error('no');
};

test('a hook of the cutover that fails takes nothing back: it is told, and the others are called', async () => {
  const world = await worldOf();
  world.hooks.instead[`${FOLLOWERS[0]!} cut-over`] = fails;
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
  expect(await world.record()).toMatchObject({
    ...{ state: 'done', undone: [] },
    error: {
      code: 'restore-unsettled',
      message: `the hook ${FOLLOWERS[0]} failed at cut-over, 3 times`,
    },
  });
  expect(await world.open()).toEqual(['restore-unsettled crm']);
  expect(world.hooks.called).toEqual(expect.arrayContaining([`${FOLLOWERS[1]} cut-over`, `${FREEZER} thaw`]));
});

test('a hook that cannot thaw is told after a cutover, and is not put back after a failure', async () => {
  const done = await worldOf();
  done.hooks.instead[`${FREEZER} thaw`] = fails;
  await done.whole(done.bodyOf());
  expect((await done.record()).error?.message).toContain(`the hook ${FREEZER} failed at thaw`);
  expect(await done.open()).toEqual(['restore-unsettled crm']);

  const failed = await worldOf();
  failed.hooks.instead[`${FREEZER} thaw`] = fails;
  failed.abortingIn('proof');
  await failed.whole(failed.bodyOf());
  expect((await failed.record()).notPutBack).toEqual([
    expect.stringContaining(`by the hook ${FREEZER}: the hook ${FREEZER} failed at thaw`),
  ]);
  expect(await failed.open()).toEqual(['restore-not-done crm', 'restore-not-undone crm']);
  // A rollback tries it again.
  delete failed.hooks.instead[`${FREEZER} thaw`];
  await failed.whole(failed.rollbackOf('20261120T120000Z'));
  expect(failed.hooks.application).toEqual(AS_BEFORE);
  expect(await failed.record()).toMatchObject({ state: 'rolled-back', notPutBack: [] });
});

test('a hook that is not there ends the restore before anything begins', async () => {
  const world = await worldOf();
  world.deps.hooks.check = async (hook) => {
    if (hook === FOLLOWERS[1]) throw new UnderstudyError('hook-missing', `there is no ${hook}`);
  };
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'refused', code: 'hook-missing' });
  expect(await world.catalog.restore('crm')).toBeUndefined();
  expect(world.hooks.called).toEqual([]);
});

test.each(['freeze', 'prepare', 'proof', 'approve', 'fence', 'release'] as const)(
  'an abort in the phase %s thaws exactly what was frozen, and calls no hook of the cutover',
  async (phase) => {
    const world = await worldOf();
    world.abortingIn(phase);
    const { outcome } = await world.whole(world.bodyOf());
    expect(outcome).toBe('not-done');
    expect(world.production()).toEqual(UNTOUCHED);
    expect(world.hooks.application).toEqual(AS_BEFORE);
    expect(world.hooks.called.at(-1)).toBe(`${FREEZER} thaw`);
    expect(world.hooks.called.filter((each) => /cut/.test(each))).toEqual([]);
  },
);

test('a rollback calls those of the cutover back, in reverse, when services lead to the old database again', async () => {
  const world = await worldOf();
  await world.whole(world.bodyOf());
  world.hooks.called.length = 0;
  expect(await world.whole(world.rollbackOf('20261120T120000Z'))).toMatchObject({ outcome: 'done' });
  expect(world.hooks.called).toEqual([
    ...[...FOLLOWERS].reverse().map((hook) => `${hook} cut-back`),
    `${FREEZER} thaw`,
  ]);
  expect(world.hooks.application).toEqual(AS_BEFORE);
  expect(world.production()).toEqual(UNTOUCHED);
});

/** A restore whose function dies at each of its operations, before, in and after it, and is replayed. */
describe('hooks of a restore whose function dies anywhere', () => {
  const stateOf = async ({ production, record, hooks, open }: EmergencyWorld) => ({
    ...production(),
    ...hooks.application,
    state: (await record()).state,
    open: await open(),
  });

  test('have the application where it belongs at the end', async () => {
    const first = await worldOf();
    const deaths = await deathsOf(first.execution(), first.bodyOf());
    const good = await stateOf(first);
    expect(good).toMatchObject({ frozen: false, follows: 'new', state: 'done', open: [] });
    for (const death of deaths.filter(({ at }) => /by crm-|hook|freeze/.test(at))) {
      const world = await worldOf();
      const execution = world.execution();
      expect([death, await execution.run(world.bodyOf(), death)]).toEqual([death, { died: true }]);
      await execution.run(world.bodyOf());
      expect([death, await stateOf(world)]).toEqual([death, good]);
    }
  });

  test('are taken back by a rollback of what is left of it', async () => {
    const first = await worldOf();
    const deaths = await deathsOf(first.execution(), first.bodyOf());
    const among = deaths.filter(({ at }) => /by crm-/.test(at));
    expect(among.length).toBeGreaterThan(15);
    for (const death of among) {
      const world = await worldOf();
      await world.execution().run(world.bodyOf(), death);
      await world.clock.advance(4 * 86_400);
      const { id } = await world.record();
      expect([death, await world.whole(world.rollbackOf(id))]).toMatchObject([death, { outcome: 'done' }]);
      expect([death, world.hooks.application, world.production()]).toEqual([death, AS_BEFORE, UNTOUCHED]);
    }
  });
});

test('after a renaming a hook is told where each database answers then, and on the way back where it did', async () => {
  const world = await worldOf({ cutover: 'rename', services: [] });
  await world.whole(world.bodyOf());
  const { id, switched } = await world.record();
  const old = { host: `${switched!.oldIs}.example.internal`, port: 5432 };
  const [cutOver, ...rest] = world.hooks.payloads.filter(({ hook }) => hook !== 'freeze');
  expect([cutOver!.hook, cutOver!.old, cutOver!.new]).toEqual([
    'cut-over',
    old,
    { host: OLD.host, port: 5432 },
  ]);
  expect(rest.at(-1)).toMatchObject({ hook: 'thaw', new: { host: OLD.host } });
  await world.whole(world.rollbackOf(id));
  const back = world.hooks.payloads.find(({ hook }) => hook === 'cut-back');
  expect(back).toMatchObject({ old: { host: OLD.host }, new: NEW });
});

test('a stopped restore whose old database is gone lets the application go on', async () => {
  const world = await worldOf(withoutCutover);
  await world.execution().run(world.bodyOf(), { at: `freeze by ${FREEZER}`, when: 'kept' });
  const { id } = await world.record();
  await world.clock.advance(RESTORE_LEASE + 1);
  world.platform.removeSource(OLD.name);
  await world.whole(world.rollbackOf(id));
  expect([world.hooks.called.at(-1), world.hooks.application.frozen]).toEqual([`${FREEZER} thaw`, false]);
  expect(await world.record()).toMatchObject({ state: 'rolled-back', notPutBack: [] });
});
