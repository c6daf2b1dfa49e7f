import { stripVTControlCharacters } from 'node:util';
import type { ShownFinding, StatusReport, TargetReport } from '../../../../lib/workflows/operator/status.ts';
import { formatOpen, formatPlatform } from '../../../../scripts/cli/commands/status-command.ts';
import { DAY } from '../../../support/builders.ts';

describe('what status says of a target’s platform', () => {
  const platform = {
    readAt: '2026-11-20T12:00:00Z',
    status: 'available',
    retention: 7 * DAY,
    earliest: '2026-11-13T12:00:00Z',
    latest: '2026-11-20T11:55:00Z',
  };
  const said = (changes: Partial<TargetReport>) =>
    formatPlatform({ target: 'crm', ...changes } as TargetReport).map(stripVTControlCharacters);

  test('is how far back it can be restored, and how far the policy wants', () => {
    expect(said({ platform, pitrWindow: 14 * DAY })).toEqual([
      'crm on AWS is available and can be restored to any second from 2026-11-13 12:00 to 2026-11-20 11:55, 14 d back are wanted',
    ]);
  });

  test('is that it cannot be restored to a point in time, where it has none', () => {
    const { latest: _latest, earliest: _earliest, ...without } = platform;
    expect(said({ platform: without, pitrWindow: 7 * DAY })).toEqual([
      'crm on AWS is available and cannot be restored to a point in time, 7 d back are wanted',
    ]);
  });

  test('names the Regions of replicated backups, and the copies', () => {
    const replicatedTo = ['arn:aws:rds:eu-west-1:111122223333:auto-backup:ab-1'];
    const copy = { id: 'x', snapshotAt: '2026-11-20T01:00:00Z', availableAt: '', state: 'verified' };
    expect(said({ platform: { ...platform, replicatedTo }, copies: { 'snapshot@eu-west-1': copy } })).toEqual(
      [
        expect.stringMatching(/; automated backups are replicated to eu-west-1$/),
        'crm has copies: snapshot@eu-west-1 2026-11-20 01:00',
      ],
    );
  });

  test('is nothing for a target that has only dumps', () => expect(said({})).toEqual([]));
});

describe('what status says of open findings', () => {
  const LOST = 'data lost? docs/emergency.md';
  const acknowledged = { until: '2026-11-27T12:00:00Z', by: 'anna', reason: 'a load' };
  const found = (severity: string, more: object = {}) =>
    ({ target: 'crm', severity, code: 'size-anomaly', message: 'm', next: 'n', ...more }) as ShownFinding;
  const said = (open: ShownFinding[], expected: object[] = []) => {
    const targets = [{ open, acknowledged: expected }];
    return formatOpen({ targets, deployment: [], acknowledged: [] } as unknown as StatusReport).map(
      stripVTControlCharacters,
    );
  };

  test('keeps an acknowledged one apart, with who acknowledged it, why and until when', () => {
    expect(said([found('P2', { acknowledged })])).toEqual([
      'No open problems',
      'P2 size-anomaly  m  acknowledged until 2026-11-27 12:00 UTC by anna: a load',
      LOST,
    ]);
  });

  test('shows an acknowledged P0 as open, with its next step', () => {
    expect(said([found('P0', { acknowledged })])).toEqual([
      'P0 size-anomaly  m',
      '   next: n',
      '   no reminders until 2026-11-27 12:00 UTC by anna: a load',
      LOST,
    ]);
  });

  test('ends with where to look when data is lost, also when nothing is open', () => {
    for (const open of [[], [found('P1')], [found('P0')]]) expect(said(open).at(-1)).toBe(LOST);
  });

  test('shows one that is expected and not open', () => {
    const expected = { ...acknowledged, target: 'crm', code: 'size-anomaly' };
    expect(said([], [expected])).toEqual([
      'No open problems',
      'expected of crm: size-anomaly, not alerted until 2026-11-27 12:00 UTC by anna: a load',
      LOST,
    ]);
    expect(said([found('P2', { acknowledged })], [expected])).toHaveLength(3);
  });
});
