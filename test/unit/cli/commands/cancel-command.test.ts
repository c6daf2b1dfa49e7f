import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

jest.mock('../../../../scripts/local/tools.ts', () => ({
  ...jest.requireActual('../../../../scripts/local/tools.ts'),
  STATE: mkdtempSync(join(tmpdir(), 'us-state-')),
}));

import { cancelCommand } from '../../../../scripts/cli/commands/cancel-command.ts';
import type { Session } from '../../../../scripts/cli/session.ts';
import { STATE } from '../../../../scripts/local/tools.ts';
import { run } from '../../../support/builders.ts';

const AT = '2026-11-20T01:00:00Z';
const LATER = '2026-11-20T02:00:00Z';
const JOBS = join(STATE, 'local', 'jobs');

const standing: ChildProcess[] = [];

beforeEach(() => mkdirSync(JOBS, { recursive: true }));
afterEach(() => {
  for (const each of standing.splice(0)) each.kill('SIGKILL');
  rmSync(STATE, { recursive: true });
});

/** What cancel asks, says and signals when these runs of the job are running. */
async function cancelling(job: string, isLocal: boolean, ...scheduledFor: string[]) {
  const asked: unknown[] = [];
  const session = {
    caller: 'anna (./understudy)',
    isLocal,
    invoke: async (...request: unknown[]) => {
      asked.push(request);
      return { cancelled: scheduledFor.map((at) => run(job, at)) };
    },
  } as unknown as Session;
  const kill = jest.spyOn(process, 'kill');
  try {
    const result = await cancelCommand(session, job, 'crm');
    const signals = kill.mock.calls.filter(([, signal]) => signal !== 0);
    return { ...result, asked, signals, lines: result.lines.map(stripVTControlCharacters) };
  } finally {
    kill.mockRestore();
  }
}

test('a drill is aborted, as the restore that it is', async () => {
  const asked: unknown[] = [];
  const invoke = async (...request: unknown[]) => asked.push(request);
  const session = { isLocal: false, identity: async () => 'anna', invoke } as unknown as Session;
  const { lines } = await cancelCommand(session, 'drill', 'crm-staging');
  expect(asked).toEqual([['approve', { ask: 'abort', target: 'crm-staging', by: 'anna' }]]);
  expect(lines[0]).toContain('what it changed is undone');
});

test.each(['dump', 'verify', 'expire', 'preflight'])(
  'cancel says that the worker of a deployed %s ends it within half a minute',
  async (job) => {
    expect((await cancelling(job, false, AT)).lines).toEqual([
      `${job}/crm/${AT} will be cancelled`,
      'its worker ends it within half a minute, and clears away what it made',
    ]);
  },
);

test.each(['snapshot', 'copy', 'rehearse-snapshot', 'rehearse-moment'])(
  'cancel says that the function of a deployed %s ends it within 5 minutes',
  async (job) => {
    expect((await cancelling(job, false, AT)).lines).toEqual([
      `${job}/crm/${AT} will be cancelled`,
      'its function ends it at its next look, within 5 minutes, and clears away what it made',
    ]);
  },
);

test('cancel says of a local job without a process here that its worker stops within half a minute', async () => {
  expect((await cancelling('dump', true, AT)).lines).toEqual([
    `dump/crm/${AT} is cancelled, on record as failed`,
    'its worker stops within half a minute, and writes nothing more',
  ]);
});

test('cancel ends the local process of the job and of no other, and says so', async () => {
  const [dumping] = [processOf('dump'), processOf('verify'), processOf('dump', 'mini')];
  const ended = once(dumping, 'exit');
  const { lines, signals } = await cancelling('dump', true, AT);
  expect(signals).toEqual([[dumping.pid, 'SIGTERM']]);
  expect(await ended).toEqual([null, 'SIGTERM']);
  expect(lines).toEqual([
    `dump/crm/${AT} is cancelled, on record as failed`,
    'its process cleans up and ends now',
  ]);
});

test('cancel ends no local process when the job runs in a deployed stage', async () => {
  processOf('dump');
  expect((await cancelling('dump', false, AT)).signals).toEqual([]);
});

test('cancel asks the operator under the caller’s name, and names every run that it ends', async () => {
  const { asked, lines, document, exit } = await cancelling('dump', false, AT, LATER);
  const request = { ask: 'cancel', target: 'crm', job: 'dump', by: 'anna (./understudy)', local: false };
  expect(asked).toEqual([['operator', request]]);
  expect(lines.slice(0, 2)).toEqual([AT, LATER].map((at) => `dump/crm/${at} will be cancelled`));
  expect(document).toEqual({ cancelled: [`dump/crm/${AT}`, `dump/crm/${LATER}`] });
  expect(exit).toBe(0);
});

test('cancel refuses a misspelt job before it asks for anything', async () => {
  const invoke = jest.fn();
  const session = { isLocal: true, invoke } as unknown as Session;
  const misspelt = { code: 'input-invalid', hint: 'did you mean dump?' };
  await expect(cancelCommand(session, 'dmup', 'crm')).rejects.toMatchObject(misspelt);
  expect(invoke).not.toHaveBeenCalled();
});

/** A process that is on record with a job, until the test ends. */
function processOf(job: string, target = 'crm') {
  const started = spawn('sleep', ['300'], { stdio: 'ignore' });
  standing.push(started);
  writeFileSync(join(JOBS, `${started.pid}.json`), JSON.stringify({ pid: started.pid, job, target }));
  return started;
}
