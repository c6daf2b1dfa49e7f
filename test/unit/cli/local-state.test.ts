import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, openSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

jest.mock('../../../scripts/local/tools.ts', () => ({
  ...jest.requireActual('../../../scripts/local/tools.ts'),
  STATE: mkdtempSync(join(tmpdir(), 'us-state-')),
}));

import { localDown, localEnv, localUp } from '../../../scripts/cli/commands/local-command.ts';
import type { Session } from '../../../scripts/cli/session.ts';
import { MOTO_LOG, readState, writeState } from '../../../scripts/local/local-state.ts';
import { STATE } from '../../../scripts/local/tools.ts';
import { withLock } from '../../../scripts/local/with-lock.ts';
import { planOf } from '../../support/snapshots.ts';

const home = STATE;
const FILE = join(home, 'local', 'state.json');
beforeAll(() => {
  mkdirSync(dirname(FILE), { recursive: true });
  process.env['UNDERSTUDY_SCRATCH_DIRECTORY'] = join(home, 'scratch');
});

test.each(['', '{"pid": 12', '[]', '{}'])(
  'local env refuses a state file with %j in it, and local down removes it',
  async (text) => {
    writeFileSync(FILE, text);
    const damaged = { code: 'state-damaged', hint: expect.stringContaining('local down') };
    await expect(localEnv()).rejects.toMatchObject(damaged);
    await localDown();
    expect(existsSync(FILE)).toBe(false);
    expect(readState()).toBeUndefined();
  },
);

test('local down stops moto although the state file is damaged', async () => {
  writeFileSync(FILE, '{');
  const moto = spawn('sleep', ['300'], { stdio: ['ignore', openSync(MOTO_LOG, 'a'), 'ignore'] });
  const ended = once(moto, 'close');
  expect(await localDown()).toMatchObject({ exit: 0, document: { stopped: true } });
  expect((await ended)[1]).toBe('SIGTERM');
});

test('readState reads what writeState wrote', () => {
  const state = { pid: 1, endpoint: 'http://127.0.0.1:1', environment: { A: 'b' } } as never;
  writeState(state);
  expect(readState()).toEqual(state);
});

test('withLock refuses a second process while the first one runs, and takes over the lock of a dead one', async () => {
  const lock = join(home, 'lock');
  const second = () => withLock(lock, 'it', async () => 'second');
  await withLock(lock, 'it', async () => {
    await expect(second()).rejects.toMatchObject({
      code: 'already-running',
      message: expect.stringContaining(String(process.pid)),
    });
  });
  const dead = spawn('true');
  await once(dead, 'close');
  writeFileSync(lock, String(dead.pid));
  expect(await second()).toBe('second');
});

test.each([
  ['hello', 'postgres://USER:PASSWORD@HOST'],
  ['postgres://u@host:port/db', 'DATABASE_URL'],
])('local up refuses DATABASE_URL=%s and says what it expects', async (url, said) => {
  process.env['DATABASE_URL'] = url;
  const session = { options: { config: 'understudy.yml' }, plan: () => planOf({}) } as unknown as Session;
  try {
    const refused = localUp(session, {});
    await expect(refused).rejects.toMatchObject({ code: 'input-invalid' });
    const { message, hint } = (await refused.catch((error) => error)) as { message: string; hint: string };
    expect(`${message} ${hint}`).toContain(said);
  } finally {
    delete process.env['DATABASE_URL'];
  }
});
