import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { billed, lastPoint, lastRun } from '../support/night.ts';
import { planWith } from '../support/plan.ts';
import { programsWith } from '../support/programs.ts';
import { createStage } from '../support/stage.ts';
import { begin, configOf, run, UNDERSTUDY, untilIt } from './support.ts';

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

/** A pg_dump that writes 30 MB and then waits. */
const PAUSE = `require("fs").writeSync(1, require("crypto").randomBytes(3e7)); setInterval(() => 0, 1000)`;
const pausingDump = () =>
  programsWith(
    'pg_dump',
    `case "$*" in *--snapshot*) exec '${process.execPath}' -e '${PAUSE}' ;; esac; exec "$REAL" "$@"`,
  );
const uploading = async () => (await billed()).some((each) => each.includes('open upload'));

describe('a local command', () => {
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
    config = configOf(stage, { crm: 'crm' });
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
    const command = [UNDERSTUDY, '--local', '--config', config, ...args];
    const [program, ...rest] = how.terminal ? ['python3', '-c', TERMINAL, ...command] : command;
    const bin = how.bin ? { PG_BIN: how.bin } : {};
    const it = begin(program!, rest, { UNDERSTUDY_SCRATCH_DIRECTORY: base, ...bin });
    await untilIt(it, begun);
    if (!how.terminal) it.child.kill(how.by);
    else it.child.stdin!.write(how.by === 'SIGINT' ? '^C' : 'hang up');
    if (how.terminal && how.by === 'SIGINT') {
      // It asks; another ^C is the first answer.
      await untilIt(it, () => it.shown().includes('end it now, cleanly'));
      it.child.stdin!.write('^C');
    }
    const code = await it.ended;
    const shown = it.shown();
    return { code: how.terminal ? Number(/exit (\d+)\s*$/.exec(shown)?.[1]) : code, shown };
  }

  const restoring = async () =>
    existsSync(base) && readdirSync(base).some((name) => existsSync(join(base, name, 'data.list')));

  /** Processes that work in the scratch directory, which no other test has. */
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

  it('that is interrupted ends its rehearsal, server and copy on record, by each signal and on a terminal', async () => {
    const dumped = run(UNDERSTUDY, ['--local', '--config', config, 'run', 'dump', 'crm']);
    expect([dumped.status, dumped.status === 0 ? '' : dumped.stderr]).toEqual([0, '']);
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

  it('that is interrupted ends its dump, and leaves no open upload and no point that is being created', async () => {
    const before = await billed();
    const bin = pausingDump();
    const ending = await interrupting(['run', 'dump', 'crm'], { by: 'SIGINT', bin }, uploading);
    expect([ending.code, await billed()]).toEqual([130, before]);
    expect(await lastRun('dump')).toMatchObject({ state: 'failed', error: { code: 'interrupted' } });
    expect((await lastPoint())?.state).not.toBe('creating');
  });

  it('is ended by cancel from another terminal, on record with who did it, and without an alert', async () => {
    const before = await billed();
    const here = ['--local', '--config', config];
    const dumping = begin(UNDERSTUDY, [...here, 'run', 'dump', 'crm'], { PG_BIN: pausingDump() });
    await untilIt(dumping, uploading);
    const cancelled = run(UNDERSTUDY, [...here, 'cancel', 'dump', 'crm']);
    expect([cancelled.status, cancelled.stderr]).toEqual([0, '']);
    expect(await dumping.ended).toBe(143);
    expect(await billed()).toEqual(before);
    expect(await lastRun('dump')).toMatchObject({
      state: 'failed',
      error: { code: 'cancelled', message: expect.stringContaining('understudy') },
    });
    expect((await lastPoint())?.state).toBe('failed');
  });
});
