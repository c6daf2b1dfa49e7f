import { DEPLOYMENT, FINDINGS, type FindingCode, finding } from '../../../../lib/domain/findings/finding.ts';
import { SEVERITIES, worse } from '../../../../lib/domain/findings/severity.ts';
import { COMMANDS } from '../../../../scripts/cli/registry/commands.ts';
import { policy, target } from '../../../support/builders.ts';

const CODES = Object.keys(FINDINGS) as FindingCode[];
/** Those that ./understudy has. */
const NAMES = COMMANDS.map(({ name }) => name);
const found = (code: FindingCode, about = target()) =>
  finding(code, { target: about, subject: 's', message: 'm' });

test('the codes that DESIGN.md promises exist', () => {
  const promised = [
    ...[
      'artifact-missing',
      'artifact-size-mismatch',
      'checksum-mismatch',
      'archive-unreadable',
      'toc-mismatch',
    ],
    ...[
      'manifest-invalid',
      'size-anomaly',
      'restore-failed',
      'proof-mismatch',
      'assertion-failed',
      'rpo-breached',
    ],
    ...['rto-breached', 'job-failed', 'job-silent', 'rehearsal-overdue', 'last-good-point-at-risk'],
  ];
  expect(CODES).toEqual(expect.arrayContaining(promised));
});

test.each(CODES)('%s is kebab-case and says what it means and what to do', (code) => {
  expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
  expect(FINDINGS[code].means).toMatch(/^\S.*\.$/);
  expect(FINDINGS[code].next).toMatch(/^\S.*\.$/);
});

test.each(CODES)('the next step of %s names its target, and no command that does not exist', (code) => {
  const { next } = found(code, target({ id: 'crm-prod' }));
  expect(next).not.toMatch(/[{}]/);
  for (const [, command] of next.matchAll(/\.\/understudy (\S+?)[`\s]/g)) expect(NAMES).toContain(command);
});

test('a silent job is run by its own name', () => {
  const silent = finding('job-silent', {
    target: target(),
    subject: 'rehearse',
    job: 'rehearse',
    message: 'm',
  });
  expect(silent.next).toContain('`./understudy run rehearse crm`');
});

test.each(CODES)('%s is as bad as the table says, but not above its target’s priority', (code) => {
  const usual = FINDINGS[code].severity;
  for (const priority of ['P0', 'P1', 'P2'] as const) {
    const { severity } = found(code, target({ priority }));
    expect(worse(severity, priority)).toBe(false);
    expect(severity).toBe(worse(usual, priority) ? priority : usual);
  }
});

test('a policy’s own severity counts before both, upwards and downwards', () => {
  for (const severity of SEVERITIES) {
    const ours = target({ priority: 'P2', policy: policy({ severities: { 'rpo-breached': severity } }) });
    expect(found('rpo-breached', ours).severity).toBe(severity);
    expect(found('job-silent', ours).severity).toBe('P2');
  }
});

test('a finding about the deployment, or about a target that is gone, is as bad as the table says', () => {
  expect(finding('schedule-missing', { target: DEPLOYMENT, subject: 's', message: 'm' })).toMatchObject({
    target: 'understudy',
    severity: 'P0',
  });
  expect(finding('job-failed', { target: { id: 'gone' }, subject: 'dump', message: 'm' }).severity).toBe(
    'P1',
  );
});

test('what it means for the objectives is there when it is known', () => {
  const about = { target: target(), subject: 'dump', message: 'm' };
  expect(
    finding('rpo-breached', { ...about, objectives: 'RPO 26 h is breached by 1 h' }).objectives,
  ).toContain('RPO');
  expect(finding('rpo-breached', about)).not.toHaveProperty('objectives');
});
