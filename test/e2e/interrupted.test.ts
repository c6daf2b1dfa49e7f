import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../../scripts/local/tools.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { billed, lastPoint, lastRun } from '../support/night.ts';
import { planWith } from '../support/plan.ts';
import { programsWith } from '../support/programs.ts';
import { createStage } from '../support/stage.ts';

/** Holds a command's terminal: prints what it shows, types ^C or hangs up as it is told, and says its exit code. */
const TERMINAL = `
import os, pty, select, signal, sys
pid, terminal = pty.fork()
if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
inputs = [terminal, 0]
while True:
    ready, _, _ = select.select(inputs, [], [])
    if 0 in ready:
        order = os.read(0, 100)
        if b'hang up' in order: os.kill(pid, signal.SIGHUP)
        elif order: os.write(terminal, b'\\x03')
        else: inputs.remove(0)
    if terminal in ready:
        try: shown = os.read(terminal, 65536)
        except OSError: break
        if not shown: break
        os.write(1, shown)
print('exit', os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
`;

describe('a local command that is interrupted', () => {
  let database: TestDatabase;
  let config: string;
  let base: string;

  beforeAll(async () => {
    database = await createDatabase(
      `create function slowly(int) returns boolean language sql as 'select true';
      create table leads (id int primary key check (public.slowly(id)));
      insert into leads select generate_series(1, 3000);
      create or replace function slowly(int) returns boolean language sql as 'select pg_sleep(0.1) is not null';`,
    );
    const stage = await createStage(planWith());
    await stage.secret('crm', database.credentials);
    const home = mkdtempSync(join(tmpdir(), 'us-cli-'));
    config = join(home, 'understudy.yml');
    const [policies] = readFileSync(join(ROOT, 'understudy.yml'), 'utf8').split('\ntargets:');
    writeFileSync(
      config,
      `${policies}\ntargets:\n  crm: { policy: production, connection: { secret: ${stage.name}/crm } }\n`,
    );
  });
  afterAll(() => database.drop());
  beforeEach(() => {
    base = join(tmpdir(), `us-base-${randomBytes(4).toString('hex')}`);
    mkdirSync(base, { mode: 0o711 });
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  /** Runs a command until `begun`, interrupts it, and gives its exit code and what it showed. */
  async function interrupting(
    args: string[],
    how: { by: NodeJS.Signals; terminal?: boolean; bin?: string },
    begun: () => Promise<boolean>,
  ): Promise<{ code: number; shown: string }> {
    const command = [join(ROOT, 'understudy'), '--local', '--config', config, ...args];
    const [program, ...rest] = how.terminal ? ['python3', '-c', TERMINAL, ...command] : command;
    const child = spawn(program!, rest, {
      cwd: ROOT,
      env: {
        ...process.env,
        UNDERSTUDY_SCRATCH_DIRECTORY: base,
        ...(how.bin ? { PG_BIN: how.bin } : {}),
      },
    });
    let shown = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (shown += text));
    const ended = once(child, 'close');
    while (!(await begun())) {
      if (child.exitCode !== null) throw new Error(`it ended before it was interrupted: ${shown}`);
      await sleep(50);
    }
    if (!how.terminal) child.kill(how.by);
    else child.stdin.write(how.by === 'SIGINT' ? '^C' : 'hang up');
    if (how.terminal && how.by === 'SIGINT') {
      // It asks; another ^C is the first answer.
      while (!shown.includes('end it now, cleanly')) await sleep(50);
      child.stdin.write('^C');
    }
    const [code] = (await ended) as [number];
    return { code: how.terminal ? Number(/exit (\d+)\s*$/.exec(shown)?.[1]) : code, shown };
  }

  const restoring = async () =>
    existsSync(base) && readdirSync(base).some((name) => existsSync(join(base, name, 'data.list')));

  /** Processes that work in the scratch directory, or use a program of the test's own. */
  const left = () =>
    readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid))
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(base);
        } catch {
          return false;
        }
      });

  it('ends a rehearsal, its server and its copy, on record, by each signal and on a terminal too', async () => {
    const dumped = spawnSync(
      join(ROOT, 'understudy'),
      ['--local', '--config', config, 'run', 'dump', 'crm'],
      { cwd: ROOT, encoding: 'utf8', env: process.env },
    );
    expect([dumped.status, dumped.stdout, dumped.stderr]).toEqual([0, expect.anything(), expect.anything()]);
    for (const [by, terminal, code] of [
      ['SIGTERM', false, 143],
      ['SIGINT', false, 130],
      ['SIGHUP', true, 129],
      ['SIGINT', true, 130],
    ] as const) {
      const ending = await interrupting(['rehearse', 'crm'], { by, terminal }, restoring);
      expect([by, terminal, ending.code]).toEqual([by, terminal, code]);
      expect(ending.shown).toContain('understudy: interrupted; rehearse of crm was ended');
      expect([readdirSync(base), left()]).toEqual([[], []]);
      expect(await lastRun('rehearse')).toMatchObject({ state: 'failed' });
    }
    expect(await lastPoint()).toMatchObject({ state: 'verified' });
  });

  it('ends a dump: no upload stays open, no point is being created, no program runs', async () => {
    const before = await billed();
    const pause = `require("fs").writeSync(1, require("crypto").randomBytes(3e7)); setInterval(() => 0, 1000)`;
    const bin = programsWith(
      'pg_dump',
      `case "$*" in *--snapshot*) exec '${process.execPath}' -e '${pause}' ;; esac; exec "$REAL" "$@"`,
    );
    const ending = await interrupting(['run', 'dump', 'crm'], { by: 'SIGINT', bin }, async () =>
      (await billed()).some((each) => each.includes('open upload')),
    );
    expect([ending.code, await billed()]).toEqual([130, before]);
    expect(await lastRun('dump')).toMatchObject({ state: 'failed', error: { code: 'interrupted' } });
    expect((await lastPoint())?.state).not.toBe('creating');
  });

  it('is ended by `cancel` from another terminal, on record with who did it, and without an alert', async () => {
    const before = await billed();
    const pause = `require("fs").writeSync(1, require("crypto").randomBytes(3e7)); setInterval(() => 0, 1000)`;
    const bin = programsWith(
      'pg_dump',
      `case "$*" in *--snapshot*) exec '${process.execPath}' -e '${pause}' ;; esac; exec "$REAL" "$@"`,
    );
    const command = ['--local', '--config', config];
    const dumping = spawn(join(ROOT, 'understudy'), [...command, 'run', 'dump', 'crm'], {
      cwd: ROOT,
      env: { ...process.env, PG_BIN: bin },
    });
    const ended = once(dumping, 'close');
    while (!(await billed()).some((each) => each.includes('open upload'))) await sleep(50);
    const cancelled = spawnSync(join(ROOT, 'understudy'), [...command, 'cancel', 'dump', 'crm'], {
      cwd: ROOT,
      encoding: 'utf8',
      env: process.env,
    });
    expect([cancelled.status, cancelled.stderr]).toEqual([0, '']);
    expect(await ended).toEqual([143, null]);
    expect(await billed()).toEqual(before);
    expect(await lastRun('dump')).toMatchObject({
      state: 'failed',
      error: { code: 'cancelled', message: expect.stringContaining('understudy') },
    });
    expect((await lastPoint())?.state).toBe('failed');
  });
});
