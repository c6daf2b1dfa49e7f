import { InputError } from '../../../lib/domain/errors.ts';
import { type Finding, finding } from '../../../lib/domain/findings/finding.ts';
import type { Evidence } from '../../../lib/domain/proof/evidence.ts';
import type { Run } from '../../../lib/domain/runs/run.ts';
import { type OperatorRequest, operatorRequest } from '../../../lib/workflows/operator/operate.ts';
import type { RunOptions } from '../../../scripts/cli/asked-message.ts';
import { runCommand } from '../../../scripts/cli/commands/run-command.ts';
import { DONE, FAILED, FOUND_WRONG } from '../../../scripts/cli/exit-codes.ts';
import type { Session } from '../../../scripts/cli/session.ts';
import { evidence, run as runOf, target } from '../../support/builders.ts';
import { planOf } from '../../support/snapshots.ts';

/** What a pipeline blocks on: `run … --wait && ./migrate`. */

// Nothing here is shown.
jest.mock('../../../scripts/cli/show-progress.ts', () => ({
  showProgress: (_title: string, work: (show: object) => Promise<unknown>) =>
    work({ say: () => undefined, live: () => undefined }),
}));

const evidenceOf = (run: string, changes: Partial<Evidence> = {}): Evidence =>
  evidence('2026-11-20T06:00:00Z', { run, strength: 'bounded', ...changes });

type OnRecord = (asked: string) => Evidence[];
/** A deployment in which the run that was asked for has ended, with this evidence on record, newest first, and these open findings. */
function deployment(ended: Partial<Run>, onRecord: OnRecord = () => [], open: Finding[] = []) {
  const asked: OperatorRequest[] = [];
  let name = '';
  const session: Session = {
    options: { config: 'understudy.yml', stage: 'prod' },
    planText: () => '',
    written: () => ({ version: 1, policies: {}, targets: {} }),
    plan: () => planOf(),
    caller: 'anna',
    identity: async () => 'anna',
    start: async () => undefined,
    isLocal: false,
    bucket: async () => ({ read: async () => Promise.reject(new Error('no vault')) }),
    async invoke<T>(_name: string, event: unknown) {
      const request = operatorRequest.parse(event);
      asked.push(request);
      if (request.ask === 'estimate') return { said: 'about an hour, about 0.07 dollars' } as T;
      if (request.ask === 'evidence') return onRecord(name) as T;
      if (request.ask === 'status') return { targets: [{ open }] } as T;
      if (request.ask !== 'outcome') return {} as T;
      name = `${request.job}/crm/${request.scheduledFor}`;
      return runOf(request.job, request.scheduledFor, ended) as T;
    },
  };
  return {
    session,
    asked,
    wait: (job: string, options: RunOptions = {}) =>
      runCommand(session, job, 'crm', { wait: true, ...options }),
  };
}

let said: jest.SpyInstance;
beforeEach(() => {
  said = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => said.mockRestore());

test('run snapshot --wait ends with exit code 0 for a snapshot that is there, and says which', async () => {
  const { wait, asked } = deployment({ summary: '20261120T010000Z-snapshot@eu-central-1 verified' });
  const answer = await wait('snapshot', { label: 'release 4.2' });
  expect([answer.exit, answer.lines.join()]).toEqual([DONE, expect.stringContaining('verified')]);
  expect(asked[0]).toMatchObject({ ask: 'run', message: { job: 'snapshot', label: 'release 4.2' } });
});

test('run snapshot --wait ends with exit code 1 for a snapshot that failed, and says what to do', async () => {
  const error = { code: 'instance-stopped', message: 'crm-db is stopped', hint: 'start it' };
  const answer = await deployment({ state: 'failed', summary: 'crm-db is stopped', error }).wait('snapshot');
  expect(answer.exit).toBe(FAILED);
  expect(answer.lines.join('\n')).toMatch(/crm-db is stopped[\s\S]*next: start it/);
});

test('run rehearse --wait judges by the evidence of its own run, not of another one', async () => {
  const failed = (run: string) =>
    evidenceOf(run, { outcome: 'failed', strength: 'none', differenceCount: 1 });
  const { wait } = deployment({}, (run) => [evidenceOf('rehearse/crm/2026-11-20T07:00:00Z'), failed(run)]);
  const wrong = { exit: FOUND_WRONG, document: { outcome: 'failed' } };
  expect(await wait('rehearse', { from: 'moment' })).toMatchObject(wrong);
  const passed = deployment({}, (run) => [failed('rehearse/crm/2026-11-20T07:00:00Z'), evidenceOf(run)]);
  expect(await passed.wait('rehearse', { from: 'snapshot' })).toMatchObject({ exit: DONE });
});

test('run rehearse --wait fails where its run left no evidence', async () => {
  const { wait } = deployment({}, () => [evidenceOf('rehearse/crm/2026-11-20T07:00:00Z')]);
  await expect(wait('rehearse', { from: 'snapshot' })).rejects.toMatchObject({ code: 'evidence-missing' });
});

test('run rehearse --from snapshot says what it will take and cost before it begins', async () => {
  const { wait, asked } = deployment({}, (run) => [evidenceOf(run)]);
  await wait('rehearse', { from: 'snapshot' });
  expect(said).toHaveBeenCalledWith('about an hour, about 0.07 dollars\n');
  expect(asked.map(({ ask }) => ask).slice(0, 2)).toEqual(['estimate', 'run']);
});

test('run verify --wait is refused without --point, before any verification is asked for', async () => {
  const { wait, asked } = deployment({});
  await expect(wait('verify')).rejects.toThrow(InputError);
  expect(asked).toEqual([]);
});

describe('run preflight --wait', () => {
  const crm = target({ platform: { kind: 'aurora', id: 'crm-cluster' } });
  const found = (code: 'posture-public' | 'rpo-breached') =>
    finding(code, { target: crm, subject: 's', message: `${code} it is` });
  const waitWith = (...open: Finding[]) =>
    deployment({ summary: '12 questions answered' }, undefined, open).wait('preflight');

  test('says what it found, with the command for a cluster, and ends with exit code 3', async () => {
    const answer = await waitWith(found('posture-public'), found('rpo-breached'));
    expect(answer.exit).toBe(FOUND_WRONG);
    expect(answer.document).toMatchObject({ state: 'succeeded', findings: [{ code: 'posture-public' }] });
    const text = answer.lines.join('\n');
    for (const part of [
      '12 questions answered',
      'posture-public it is',
      '--db-cluster-identifier crm-cluster',
    ])
      expect(text).toContain(part);
  });

  test('says nothing of the findings of other jobs, and ends with exit code 0', async () => {
    const { exit, lines } = await waitWith(found('rpo-breached'));
    expect([exit, lines.join('\n')]).toEqual([DONE, expect.not.stringContaining('rpo-breached')]);
  });
});
