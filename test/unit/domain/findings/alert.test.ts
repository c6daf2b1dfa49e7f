import {
  type Alert,
  alertJson,
  alertSubject,
  alertText,
  withOption,
} from '../../../../lib/domain/findings/alert.ts';
import { FINDINGS, type FindingCode, finding } from '../../../../lib/domain/findings/finding.ts';
import { target } from '../../../support/builders.ts';

const OCCASIONS = ['opened', 'worsened', 'reminder', 'resolved', 'dropped'] as const;
const CODES = Object.keys(FINDINGS) as FindingCode[];

function alert(changes: Partial<Alert> = {}, code: FindingCode = 'rpo-breached', id = 'crm-prod'): Alert {
  const message = 'the newest verified point 20261119T010000Z-1 of crm-prod is 28 h old';
  const objectives = 'RPO 26 h is breached by 2 h';
  return {
    occasion: 'opened',
    finding: finding(code, { target: target({ id }), subject: 'dump', message, objectives }),
    since: '2026-11-20T05:00:00Z',
    at: '2026-11-20T05:00:00Z',
    stage: 'prod',
    ...changes,
  };
}

test.each([
  ['opened', '[P0] crm-prod: rpo-breached (prod)'],
  ['worsened', '[P0] worse: crm-prod: rpo-breached (prod)'],
  ['reminder', '[P0] still: crm-prod: rpo-breached (prod)'],
  ['resolved', '[P0] resolved: crm-prod: rpo-breached (prod)'],
  ['dropped', '[P0] closed (removed): crm-prod: rpo-breached (prod)'],
] as const)('the subject of an alert on the occasion "%s" is: %s', (occasion, expected) => {
  expect(alertSubject(alert({ occasion }))).toBe(expected);
});

test('every alert’s subject is ASCII without control characters, has at most 100 of them, and names its target', () => {
  for (const code of CODES)
    for (const occasion of OCCASIONS)
      for (const stage of ['prod', 'prüfung\n☂', 's'.repeat(90)]) {
        const subject = alertSubject(alert({ occasion, stage }, code, 'c'.repeat(63)));
        expect(subject).toMatch(/^\[P[0-3]\] [\x20-\x7e]+$/);
        expect(subject.length).toBeLessThanOrEqual(100);
        expect(subject).toContain('c'.repeat(63));
      }
});

test('an alert’s text says what happened, to which target, since when, what it means and the next command', () => {
  const text = alertText(alert({ occasion: 'reminder', at: '2026-11-21T05:30:00Z' }));
  expect(text.split('\n')).toEqual([
    'P0 still: rpo-breached',
    '',
    'the newest verified point 20261119T010000Z-1 of crm-prod is 28 h old',
    '',
    'target:      crm-prod',
    'about:       dump',
    'since:       2026-11-20T05:00:00Z (24 h 30 min)',
    `means:       ${FINDINGS['rpo-breached'].means}`,
    'objectives:  RPO 26 h is breached by 2 h',
    'next:        Take one now: `./understudy --stage prod run dump crm-prod`.',
    'data lost?   docs/emergency.md',
    '',
    'understudy, stage prod, 2026-11-21T05:30:00Z',
  ]);
});

test('an alert’s text says no duration of a finding that has just opened', () => {
  expect(alertText(alert())).toMatch(/^since: {7}2026-11-20T05:00:00Z$/m);
});

test('only an alert about an open P0 names docs/emergency.md, and a closed one has no next step', () => {
  for (const format of [alertText, alertJson]) {
    expect(format(alert({}, 'job-failed'))).not.toContain('docs/emergency.md');
    for (const occasion of ['resolved', 'dropped'] as const)
      expect(format(alert({ occasion }))).not.toMatch(/docs\/emergency\.md|next:/);
  }
});

test.each(CODES)('the text of an alert about %s has its next step, with --stage in each command', (code) => {
  const about = alert({}, code);
  const next = withOption(about.finding.next, '--stage prod');
  expect(alertText(about)).toContain(`next:        ${next}`);
  expect(next.match(/understudy (?!--stage prod )(?=[a-z]+ )/g) ?? []).toEqual([]);
});

const LOCAL = './understudy --local status; ./understudy local down';
test.each([
  ['run `./understudy run dump crm`', 'run `./understudy --stage prod run dump crm`'],
  ['`./understudy status crm --stage prod` shows it', '`./understudy status crm --stage prod` shows it'],
  [LOCAL, LOCAL],
  [
    './understudy points crm lists them, or ./understudy run dump crm',
    './understudy --stage prod points crm lists them, or ./understudy --stage prod run dump crm',
  ],
])('withOption adds --stage once to each command that needs it: %s', (text, typed) => {
  expect(withOption(text, '--stage prod')).toBe(typed);
});

test('the JSON of an alert holds its finding, occasion, moments and stage', () => {
  const about = alert({ occasion: 'worsened' });
  expect(JSON.parse(alertJson(about))).toEqual({
    schemaVersion: 1,
    occasion: 'worsened',
    since: about.since,
    at: about.at,
    stage: 'prod',
    ...about.finding,
    next: 'Take one now: `./understudy --stage prod run dump crm-prod`.',
    emergency: 'docs/emergency.md',
  });
});
