import { mkdtempSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApplicationAnswer } from '../../scripts/local/sample/application.ts';
import type { Sample } from '../../scripts/local/sample/sample-state.ts';
import { tool } from '../../scripts/local/tools.ts';
import { type Begun, begin, run, UNDERSTUDY, untilIt } from './support.ts';

/** Gives a program a terminal, and types into it what arrives on stdin. */
const TERMINAL = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';

/** The local cloud of `local up --rds`, as a person uses it: by its commands alone. */
export function localStage() {
  const home = mkdtempSync(join(tmpdir(), 'us-up-'));
  const own = { UNDERSTUDY_LOCAL: home };
  let production: NodeJS.ProcessEnv = {};
  symlinkSync(join(__dirname, 'aws.mjs'), join(home, 'aws'));
  const PATH = `${home}:${tool('PG_BIN')}:${process.env['PATH']}`;
  const environment = () => ({ ...production, ...own, PATH });
  const inHome = (line: string) => `set -o pipefail; cd ${home} && ${line}`;
  const understudy = (...args: string[]) => run(UNDERSTUDY, args, environment());
  const stage = {
    home,
    environment,
    understudy,
    local: (...args: string[]) => understudy('--local', ...args),
    sample: () => JSON.parse(readFileSync(join(home, 'rds.json'), 'utf8')) as Sample,
    /** `eval "$(./understudy local env)"` */
    useEnvironment(): void {
      const shown = understudy('local', 'env').stdout;
      production = Object.fromEntries(
        [...shown.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name, value]) => [name!, value!]),
      );
    },
    psql(text: string): string {
      const { stdout, stderr, status } = run('psql', ['-XAtc', text], environment());
      if (status !== 0) throw new Error(stderr);
      return stdout.trim();
    },
    /** Pastes a line into a shell; throws what it said unless it ends with one of these codes. */
    pasted(line: string, ends: readonly number[] = [0]): string {
      const { stdout, stderr, status } = run('bash', ['-c', inHome(line)], environment());
      if (ends.includes(status!)) return stdout;
      throw new Error(`${line} ended with ${status}:\n${stdout}${stderr}`);
    },
    /** Begins a restore at a terminal and types what it asks for: the target’s name. */
    async typed(line: string): Promise<Begun> {
      const begun = begin('python3', ['-c', TERMINAL, 'bash', '-c', inHome(line)], environment());
      const asked = () => /Type (\S+) to begin/.exec(begun.shown())?.[1];
      await untilIt(begun, () => asked() !== undefined);
      begun.child.stdin!.write(`${asked()}\n`);
      return begun;
    },
    application: (method: 'GET' | 'POST', path: string) =>
      answerOf(stage.sample().application!, method, path),
    load: () => startLoad(stage.sample().application!),
  };
  return stage;
}

async function answerOf(
  endpoint: string,
  method: string,
  path: string,
): Promise<ApplicationAnswer | undefined> {
  const answer = await fetch(`${endpoint}${path}`, { method });
  return answer.ok ? ((await answer.json()) as ApplicationAnswer) : undefined;
}

/** A write that the application acknowledged: by which database, and between which two moments. */
export type Written = { visit: number; port: number; sentAt: number; answeredAt: number };

/** Writes all the time, one after the other. */
function startLoad(endpoint: string) {
  const accepted: Written[] = [];
  let stopped = false;
  const writing = (async () => {
    while (!stopped) {
      const sentAt = Date.now();
      const answer = await answerOf(endpoint, 'POST', '/visits').catch(() => undefined);
      if (answer) accepted.push({ visit: answer.visit!, port: answer.port, sentAt, answeredAt: Date.now() });
      await sleep(10);
    }
  })();
  return {
    accepted,
    async stop() {
      stopped = true;
      await writing;
    },
  };
}
