import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engine, forget } from '../../../lib/runtime/compose.ts';
import { target } from '../../support/builders.ts';

const ENGINES = ['postgres', 'mysql', 'mariadb', 'cache'] as const;
const directory = mkdtempSync(join(tmpdir(), 'compose-'));

beforeAll(() => {
  const file = join(directory, 'plan.json');
  const targets = [
    ...ENGINES.map((name) => target({ id: `a-${name}`, engine: name })),
    target({ id: 'another-postgres' }),
  ];
  writeFileSync(file, JSON.stringify({ schemaVersion: 1, policies: [], targets }));
  process.env['UNDERSTUDY_PLAN'] = file;
  forget();
});
afterAll(() => {
  delete process.env['UNDERSTUDY_PLAN'];
  forget();
  rmSync(directory, { recursive: true });
});

test.each(['mysql', 'mariadb', 'cache'] as const)(
  'a target that is %s has no engine: it is refused with its id and another question',
  (name) => {
    expect(() => engine(`a-${name}`)).toThrow(
      expect.objectContaining({
        name: 'InputError',
        hint: `./understudy run preflight a-${name} asks about an instance or a cluster`,
        message: `a-${name} is ${name}: Understudy can take snapshots of it and no more`,
      }),
    );
  },
);

test('PostgreSQL targets share one engine', () => {
  // Compared here: a failing matcher would print the engine, whose properties load it.
  expect(engine('a-postgres') === engine('another-postgres')).toBe(true);
});
