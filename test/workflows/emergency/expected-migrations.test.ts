import { KNOWER } from '../../support/doubles/hooks.ts';
import { emergencyWorld } from '../../support/emergency-world.ts';

const EXPECTED = ['20260101_init', '20261101_leads'];
const worldOf = async (answer: () => unknown, options: Parameters<typeof emergencyWorld>[0] = {}) => {
  const world = await emergencyWorld({ restore: { hooks: { cutover: [], migrations: KNOWER } }, ...options });
  world.hooks.instead[`${KNOWER} migrations`] = answer;
  world.approving();
  return world;
};

test('what the application expects is asked of its hook once, and compared before anybody approves', async () => {
  const world = await worldOf(() => ({ expected: EXPECTED }));
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
  expect(world.hooks.called).toEqual([`${KNOWER} migrations`]);
  expect(world.hooks.payloads[0]).toMatchObject({ restore: '20261120T120000Z', new: { port: 5432 } });
  expect((await world.record()).notes).toContain(`compared with ${EXPECTED.join()}`);
  const { asked } = world.databases;
  expect(asked.indexOf('expected-migrations')).toBeGreaterThan(-1);
  expect(asked.indexOf('expected-migrations')).toBeLessThan(asked.indexOf('fence'));
  expect(world.deps.hooks.callsOf('check')).toEqual([[KNOWER]]);
});

test.each<[string, () => unknown, string]>([
  ['fails', () => Promise.reject(new Error('hunter2')), `the hook ${KNOWER} failed at migrations, 3 times`],
  [
    'answers nothing',
    () => null,
    `the hook ${KNOWER} answered migrations with something else than { expected }`,
  ],
  ['names none', () => ({ expected: [] }), 'something else than { expected }'],
  ['answers an error', () => ({ statusCode: 500, body: 'hunter2' }), 'something else than { expected }'],
])(
  'a hook that %s ends nothing: the person who approves reads that nothing was compared',
  async (_, answer, why) => {
    const world = await worldOf(answer);
    expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
    const { notes } = await world.record();
    expect(notes.filter((note) => note.includes('that the application expects were not compared'))).toEqual([
      expect.stringContaining(why),
    ]);
    expect(world.databases.asked).not.toContain('expected-migrations');
    expect(JSON.stringify(notes)).not.toContain('hunter2');
  },
);

test('a new database that cannot be asked is a note, too', async () => {
  const world = await worldOf(() => ({ expected: EXPECTED }));
  const code = 'source-unreachable';
  world.databases.refuses['expected-migrations'] = { code, message: 'it does not answer' };
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
  expect((await world.record()).notes).toContain(
    'the migrations that the application expects were not compared: it does not answer',
  );
});

test('without such a hook nothing is asked', async () => {
  const world = await emergencyWorld();
  world.approving();
  await world.whole(world.bodyOf());
  expect(world.databases.asked).not.toContain('expected-migrations');
});
