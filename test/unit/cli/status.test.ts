import type { TargetReport } from '../../../lib/workflows/operator/status.ts';
import { formatOpen, formatPlatform } from '../../../scripts/cli/commands/status-command.ts';
import { DAY } from '../../support/builders.ts';

const report = (changes: Partial<TargetReport>): TargetReport => ({
  target: 'crm',
  policy: 'production',
  priority: 'P0',
  state: 'good',
  rpo: {},
  rto: { promised: 3600 },
  lastRun: {},
  next: {},
  open: [],
  acknowledged: [],
  ...changes,
});
const platform = {
  readAt: '2026-11-20T12:00:00Z',
  status: 'available',
  retention: 7 * DAY,
  earliest: '2026-11-13T12:00:00Z',
  latest: '2026-11-20T11:55:00Z',
};
const plain = (changes: Partial<TargetReport>) => formatPlatform(report(changes)).map(withoutColour);
const withoutColour = (text: string) =>
  text.replace(new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g'), '');

test('of an instance says how far back it can be wound, and how far the policy wants', () => {
  expect(plain({ platform, pitrWindow: 14 * DAY })).toEqual([
    'crm on AWS is available and can be restored to any second from 2026-11-13 12:00 to 2026-11-20 11:55, 14 d back are wanted',
  ]);
});

test('of one without moments says that there are none', () => {
  const { latest: _latest, earliest: _earliest, ...without } = platform;
  expect(plain({ platform: without, pitrWindow: 7 * DAY })).toEqual([
    'crm on AWS is available and cannot be restored to a point in time, 7 d back are wanted',
  ]);
});

test('names the Regions that its automated backups are replicated to, and its own copies', () => {
  const replicatedTo = ['arn:aws:rds:eu-west-1:111122223333:auto-backup:ab-1'];
  const copy = { id: 'x', snapshotAt: '2026-11-20T01:00:00Z', availableAt: '', state: 'verified' };
  const said = plain({ platform: { ...platform, replicatedTo }, copies: { 'snapshot@eu-west-1': copy } });
  expect(said[0]).toMatch(/; automated backups are replicated to eu-west-1$/);
  expect(said[1]).toBe('crm has copies: snapshot@eu-west-1 2026-11-20 01:00');
});

test('says nothing of a target that has only dumps', () => {
  expect(plain({})).toEqual([]);
});

test.each([
  ['an open P0 names the page for an emergency', 'P0', undefined, true],
  ['an acknowledged P0 does too, because it stays bad', 'P0', true, true],
  ['a milder finding does not', 'P1', undefined, false],
] as const)('%s', (_, severity, acknowledged, named) => {
  const about = {
    until: '2026-11-21T12:00:00Z',
    by: 'anna',
    reason: 'known',
    at: '',
    target: 'crm',
    code: 'x',
  };
  const found = { code: 'x', subject: 's', severity, message: 'm', next: 'n', target: 'crm' };
  const open = [{ ...found, ...(acknowledged ? { acknowledged: about } : {}) }] as never;
  const said = formatOpen({ targets: [report({ open })], deployment: [], acknowledged: [] } as never).map(
    withoutColour,
  );
  expect(said.includes('data lost? docs/emergency.md')).toBe(named);
});
