import { finding } from '../../../lib/domain/findings/finding.ts';
import { operatorRequest } from '../../../lib/workflows/operator/operate.ts';
import { runCommand } from '../../../scripts/cli/commands/run-command.ts';
import { DONE, FOUND_WRONG } from '../../../scripts/cli/exit-codes.ts';
import type { Session } from '../../../scripts/cli/session.ts';
import { run as runOf, target } from '../../support/builders.ts';

const crm = target({ platform: { kind: 'aurora', id: 'crm-cluster' } });
const about = (code: 'posture-public' | 'rpo-breached') =>
  finding(code, { target: crm, subject: 's', message: `${code} it is` });

// Nothing here is shown.
jest.mock('../../../scripts/cli/show-progress.ts', () => ({
  showProgress: (_title: string, work: (show: object) => Promise<unknown>) =>
    work({ say: () => undefined, live: () => undefined }),
}));

/** A deployment in which the preflight has ended and this is open. */
const deployment = (open: ReturnType<typeof about>[]): Session => ({
  options: { config: 'understudy.yml', stage: 'prod' },
  planText: () => '',
  plan: () => ({ schemaVersion: 1, policies: [crm.policy], targets: [crm] }),
  caller: 'anna',
  isLocal: false,
  async invoke<T>(_name: string, event: unknown) {
    const asked = operatorRequest.parse(event);
    const answers: Record<string, unknown> = {
      outcome: runOf('preflight', '2026-11-20T06:00:00Z', { summary: '12 questions answered' }),
      status: { targets: [{ open }] },
    };
    return (answers[asked.ask] ?? {}) as T;
  },
});
const preflight = (open: ReturnType<typeof about>[]) =>
  runCommand(deployment(open), 'preflight', 'crm', { wait: true });

test('run preflight --wait says what it found, with the command for a cluster, and ends with exit code 3', async () => {
  const answer = await preflight([about('posture-public'), about('rpo-breached')]);
  expect(answer.exit).toBe(FOUND_WRONG);
  expect(answer.document).toMatchObject({ state: 'succeeded', findings: [{ code: 'posture-public' }] });
  const text = answer.lines.join('\n');
  expect(text).toContain('12 questions answered');
  expect(text).toContain('posture-public it is');
  expect(text).toContain('--db-cluster-identifier crm-cluster');
});

test('run preflight --wait says nothing of the findings of other jobs, and ends with exit code 0', async () => {
  const answer = await preflight([about('rpo-breached')]);
  expect([answer.exit, answer.lines.join('\n')]).toEqual([DONE, expect.not.stringContaining('rpo-breached')]);
});
