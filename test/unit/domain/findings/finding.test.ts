import { DEPLOYMENT, FINDINGS, type FindingCode, finding } from '../../../../lib/domain/findings/finding.ts';
import { SEVERITIES, worse } from '../../../../lib/domain/findings/severity.ts';
import { COMMANDS } from '../../../../scripts/cli/registry/commands.ts';
import { policy, target } from '../../../support/builders.ts';

const CODES = Object.keys(FINDINGS) as FindingCode[];
const COMMAND_NAMES = COMMANDS.map(({ name }) => name);
const found = (code: FindingCode, about = target()) =>
  finding(code, { target: about, subject: 's', message: 'm' });

test('FINDINGS has the codes that operators may rely on', () => {
  const promised = `artifact-missing artifact-size-mismatch checksum-mismatch archive-unreadable toc-mismatch
    manifest-invalid size-anomaly restore-failed proof-mismatch assertion-failed rpo-breached rto-breached
    job-failed job-silent rehearsal-overdue last-good-point-at-risk`;
  expect(CODES).toEqual(expect.arrayContaining(promised.split(/\s+/)));
});

test.each(CODES)('the code %s is kebab-case, and its meaning and next step are sentences', (code) => {
  expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
  expect(FINDINGS[code].means).toMatch(/^\S.*\.$/);
  expect(FINDINGS[code].next).toMatch(/^\S.*\.$/);
});

test.each(CODES)('the next step of %s has no gaps left, and only commands that exist', (code) => {
  const { next } = found(code, target({ id: 'crm-prod' }));
  expect(next).not.toMatch(/[{}]/);
  for (const [, command] of next.matchAll(/\.\/understudy (\S+?)[`\s]/g))
    expect(COMMAND_NAMES).toContain(command);
});

test('the next step of job-silent runs the job that is silent', () => {
  const silent = finding('job-silent', { target: target(), subject: 'x', job: 'rehearse', message: 'm' });
  expect(silent.next).toContain('`./understudy run rehearse crm`');
});

test.each(CODES)('%s has the severity of the table, but none above its target’s priority', (code) => {
  const usual = FINDINGS[code].severity;
  for (const priority of ['P0', 'P1', 'P2'] as const)
    expect(found(code, target({ priority })).severity).toBe(worse(usual, priority) ? priority : usual);
});

test('a severity that the policy gives a code is used as it is, above or below table and priority', () => {
  for (const severity of SEVERITIES) {
    const about = target({ priority: 'P2', policy: policy({ severities: { 'rpo-breached': severity } }) });
    expect(found('rpo-breached', about).severity).toBe(severity);
    expect(found('job-silent', about).severity).toBe('P2');
  }
});

test('a finding about the deployment or a target that left the plan has the severity of the table', () => {
  const severityFor = (code: FindingCode, about: { id: string }) =>
    finding(code, { target: about, subject: 's', message: 'm' });
  expect(severityFor('schedule-missing', DEPLOYMENT)).toMatchObject({ target: 'understudy', severity: 'P0' });
  expect(severityFor('job-failed', { id: 'gone' })).toMatchObject({ target: 'gone', severity: 'P1' });
});

test('a finding says what it means for the objectives only where that is known', () => {
  const about = { target: target(), subject: 'dump', message: 'm' };
  const objectives = 'RPO 26 h is breached by 1 h';
  expect(finding('rpo-breached', { ...about, objectives })).toMatchObject({ objectives });
  expect(finding('rpo-breached', about).objectives).toBeUndefined();
});
