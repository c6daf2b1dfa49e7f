import { COPY, STARTER } from '../../support/doubles/hooks.ts';
import { emergencyWorld, SMOKE, UNTOUCHED } from '../../support/emergency-world.ts';
import { deathsOf } from '../../support/executions.ts';

const ALWAYS = Number.POSITIVE_INFINITY;
type World = Awaited<ReturnType<typeof emergencyWorld>>;
const failing = async (names: Record<string, number>, options: Parameters<typeof emergencyWorld>[0] = {}) => {
  const world = await emergencyWorld(options);
  Object.assign(world.databases.failing, names);
  world.approving();
  return world;
};
/** What the person who approves reads. */
const asked = (world: World) => world.alerts.taken.find(({ text }) => text.includes('decide by'))!.text;

test('the new database is asked before approval, and production after the cutover', async () => {
  const world = await failing({});
  await world.whole(world.bodyOf());
  const record = await world.record();
  expect(record.smoke).toEqual([
    { step: 'leads are there', priority: 'P0', ok: true, at: 'copy' },
    { step: 'invoices are there', priority: 'P1', ok: true, at: 'copy' },
    { step: 'log in', priority: 'P0', ok: true, at: 'production' },
    { step: 'search', priority: 'P2', ok: true, at: 'production' },
  ]);
  expect(record.notes).toContain(
    'smoke steps not run before approval, because no application runs against the new database: log in (P0), search (P2)',
  );
  expect(record.error).toBeUndefined();
  expect(world.databases.sent).toEqual([{ target: 'crm', only: 'http' }]);
  expect(world.databases.asked.indexOf('smoke')).toBeGreaterThan(world.databases.asked.indexOf('admit'));
  expect(world.databases.asked.indexOf('smoke')).toBeLessThan(world.databases.asked.indexOf('fence'));
});

test('a P0 that fails ends the restore before anybody is asked, and everything is undone', async () => {
  const world = await failing({ 'leads are there': ALWAYS });
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'not-done' });
  expect(world.production()).toEqual(UNTOUCHED);
  expect(world.databases.asked).not.toContain('fence');
  expect(await world.record()).toMatchObject({
    phase: 'smoke',
    error: { code: 'smoke-failed', message: 'smoke step "leads are there" (P0) failed: answered 500' },
    smoke: [
      { step: 'leads are there', ok: false },
      { step: 'invoices are there', ok: true },
    ],
    undone: ['crm-db takes writes again'],
  });
  expect(await world.open()).toEqual(['restore-not-done crm']);
});

test('a P1 that fails is in the question to the person who approves', async () => {
  const world = await failing({ 'invoices are there': ALWAYS });
  await world.whole(world.bodyOf());
  expect(await world.record()).toMatchObject({
    state: 'done',
    notes: expect.arrayContaining(['smoke step "invoices are there" (P1) failed: answered 500']),
  });
  expect(asked(world)).toContain('1 P1 smoke step failed: "invoices are there"');
});

test('a P2 that fails is noted and no more', async () => {
  const steps = SMOKE.steps.map((each) => ({ ...each, priority: 'P2' as const }));
  const world = await failing({ 'leads are there': ALWAYS, search: ALWAYS }, { smoke: { ...SMOKE, steps } });
  await world.whole(world.bodyOf());
  const { notes, error } = await world.record();
  expect(error).toBeUndefined();
  expect(notes).toEqual(
    expect.arrayContaining([
      'smoke step "leads are there" (P2) failed: answered 500',
      'smoke step "search" (P2) failed: answered 500',
    ]),
  );
  expect(asked(world)).not.toContain('smoke step failed');
  expect(await world.open()).toEqual([]);
});

test('steps that could not be asked end nothing, and the person who approves is told', async () => {
  const world = await failing({});
  world.databases.refuses.smoke = { code: 'source-unreachable', message: 'it cannot be reached' };
  await world.whole(world.bodyOf());
  expect(await world.record()).toMatchObject({
    state: 'done',
    notes: expect.arrayContaining([
      'smoke steps not run before approval, because it cannot be reached: leads are there (P0), invoices are there (P1)',
    ]),
  });
  expect(asked(world)).toContain('smoke steps did not run');
});

test('production that fails a P0 after the cutover is told, and nothing is taken back', async () => {
  const world = await failing({ 'log in': ALWAYS });
  const outcome = await world.whole(world.bodyOf());
  expect(outcome).toMatchObject({ outcome: 'done' });
  expect(await world.record()).toMatchObject({
    state: 'done',
    undone: [],
    error: { code: 'restore-unsettled', message: 'smoke step "log in" (P0) failed: answered 500' },
  });
  expect(world.production().old.closed).toBe(true);
  expect(await world.open()).toEqual(['restore-unsettled crm']);
});

test('production gets time to find its new database', async () => {
  const world = await failing({ 'log in': 2 });
  await world.whole(world.bodyOf());
  expect((await world.record()).error).toBeUndefined();
  expect(world.databases.sent).toHaveLength(3);
});

test.each([
  ['refused', 'no secret'],
  ['dead', 'out of memory'],
] as const)('a function of smoke steps that is %s after the cutover is told', async (smokes, why) => {
  const world = await failing({});
  world.databases.smokes = smokes;
  await world.whole(world.bodyOf());
  expect(await world.record()).toMatchObject({
    state: 'done',
    error: { message: `the smoke steps could not be run: ${why}` },
  });
  expect(world.databases.sent).toHaveLength(1);
});

test('without a cutover production is not asked: it has its old database', async () => {
  const world = await failing({}, { restore: { cutover: 'none', services: [] } });
  await world.whole(world.bodyOf());
  expect(world.databases.sent).toEqual([]);
});

test('a target without smoke steps has no such phase', async () => {
  const world = await failing({}, { smoke: { steps: [] } });
  await world.whole(world.bodyOf());
  expect((await world.record()).phases.map(({ name }) => name)).not.toContain('smoke');
});

test('a P0 that fails undoes everything, whenever the function dies', async () => {
  const first = await failing({ 'leads are there': ALWAYS });
  const deaths = await deathsOf(first.execution(), first.bodyOf());
  for (const death of deaths) {
    const world = await failing({ 'leads are there': ALWAYS });
    const execution = world.execution();
    await execution.run(world.bodyOf(), death);
    await execution.run(world.bodyOf());
    expect([death, world.production(), (await world.record()).state]).toEqual([death, UNTOUCHED, 'not-done']);
  }
});

describe('an application that a hook starts against the new database', () => {
  const hooks = { cutover: [], application: STARTER };

  test('is asked before approval, and stopped', async () => {
    const world = await failing({}, { restore: { hooks } });
    await world.whole(world.bodyOf());
    const { smoke, notes, hooked } = await world.record();
    expect(smoke!.map(({ step, at }) => `${step} ${at}`)).toEqual([
      ...['leads are there copy', 'invoices are there copy', 'log in copy', 'search copy'],
      ...['log in production', 'search production'],
    ]);
    expect(world.databases.sent[0]).toEqual({ target: 'crm', only: 'http', url: COPY });
    expect(notes.filter((note) => note.startsWith('smoke steps not run'))).toEqual([]);
    expect([world.hooks.called, hooked]).toEqual([[`${STARTER} start`, `${STARTER} stop`], {}]);
    expect(world.hooks.payloads[0]).toMatchObject({ hook: 'start', new: { port: 5432 } });
  });

  test('ends the restore when a P0 of it fails, and is stopped all the same', async () => {
    const world = await failing({ 'log in': ALWAYS }, { restore: { hooks } });
    expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'not-done' });
    expect(world.hooks.application.copy).toBeUndefined();
    expect(world.production()).toEqual(UNTOUCHED);
  });

  test.each([
    ['that does not start', () => Promise.reject(new Error('no capacity')), 'failed at start'],
    ['that says no address', () => ({ message: 'up' }), 'something else than { url }'],
    ['that says another kind of address', () => ({ url: 'ftp://copy' }), 'something else than { url }'],
  ])('%s ends nothing: the approver reads that its steps did not run', async (_what, start, why) => {
    const world = await failing({}, { restore: { hooks } });
    world.hooks.instead[`${STARTER} start`] = start;
    expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
    const { notes } = await world.record();
    expect(notes).toEqual(
      expect.arrayContaining([expect.stringMatching(/^smoke steps not run before approval/)]),
    );
    expect(notes.join()).toContain(why);
    expect(world.hooks.called.at(-1)).toBe(`${STARTER} stop`);
  });

  test('is stopped whenever the function dies and a person aborts the restore then', async () => {
    const first = await failing({}, { restore: { hooks } });
    const deaths = await deathsOf(first.execution(), first.bodyOf());
    const near = deaths.filter(({ at }) => at.includes(STARTER) || at.includes('to the copy'));
    expect(near.length).toBeGreaterThan(8);
    for (const death of near) {
      const world = await failing({}, { restore: { hooks } });
      const execution = world.execution();
      await execution.run(world.bodyOf(), death);
      const { id } = await world.record();
      const at = '2026-11-20T13:00:00Z';
      await world.catalog.answerRestore({ target: 'crm', restore: id, answer: 'abort', by: 'ben', at });
      await execution.run(world.bodyOf());
      expect([death, world.hooks.application.copy, (await world.record()).state]).toEqual([
        death,
        undefined,
        'not-done',
      ]);
    }
  });
});
