import { stripVTControlCharacters } from 'node:util';
import type { Found, StatusReport } from '../../../lib/workflows/operator/status.ts';
import { ackCommand, parseUntil } from '../../../scripts/cli/commands/ack-command.ts';
import { formatOpen } from '../../../scripts/cli/commands/status-command.ts';
import type { Session } from '../../../scripts/cli/session.ts';

const NOW = new Date('2026-11-20T12:00:00Z');

test.each([
  ['7d', '2026-11-27T12:00:00Z'],
  ['12h', '2026-11-21T00:00:00Z'],
  ['2026-12-01', '2026-12-01T00:00:00Z'],
  ['2026-12-01T06:00Z', '2026-12-01T06:00:00Z'],
  ['2026-12-01 06:00', '2026-12-01T06:00:00Z'],
  ['2026-12-01T06:00:30+01:00', '2026-12-01T05:00:30Z'],
])('until %s is until %s', (text, moment) => {
  expect(parseUntil(text, NOW)).toBe(moment);
});

test.each(['', 'tomorrow', '7', '2026-13-01', '2026-02-30', '2026-12-01T25:00Z', '1.5d'])(
  'until "%s" is a mistake',
  (text) => {
    expect(() => parseUntil(text, NOW)).toThrow('is no duration and no moment');
  },
);

describe('./understudy ack', () => {
  const asked: object[] = [];
  const session = (answer: unknown) =>
    ({
      caller: 'anna (./understudy)',
      invoke: async (_name: string, event: object) => {
        asked.push(event);
        return answer;
      },
    }) as unknown as Session;
  const acknowledgement = { target: 'crm', code: 'size-anomaly', until: '2026-11-27T12:00:00Z' };
  const lines = async (open: object[]) =>
    (
      await ackCommand(session({ acknowledgement, open }), 'crm', 'size-anomaly', {
        until: '7d',
        reason: 'a load',
      })
    ).lines.map(stripVTControlCharacters);

  it('asks under the caller’s name, and says whether it is open or expected', async () => {
    expect(await lines([{ severity: 'P2', message: 'much larger' }])).toEqual([
      'size-anomaly of crm is acknowledged until 2026-11-27 12:00 UTC; if it is still open then, you are alerted again',
      '  P2 much larger',
      'take it back: ./understudy ack crm size-anomaly --end',
    ]);
    expect(asked[0]).toMatchObject({ ask: 'acknowledge', by: 'anna (./understudy)', reason: 'a load' });
    expect((await lines([]))[0]).toBe(
      'size-anomaly of crm is expected until 2026-11-27 12:00 UTC: no alert of it until then',
    );
    expect(await lines([{ severity: 'P0', message: 'too old' }])).toContain(
      '  a P0 stays in status, and crm stays bad: only its reminders stop',
    );
  });

  it.each([
    ['size-anomalie', 'did you mean artifact-size-mismatch, size-anomaly?'],
    ['nonsense', 'docs/reference/findings.md lists them'],
    ['constructor', 'docs/reference/findings.md lists them'],
  ])('knows no %s, and says what there is', async (code, hint) => {
    await expect(ackCommand(session({}), 'crm', code, { until: '7d', reason: 'r' })).rejects.toMatchObject({
      hint,
    });
  });

  it('wants an end and a reason, both said at once; --end wants neither', async () => {
    await expect(ackCommand(session({}), 'crm', 'size-anomaly', {})).rejects.toMatchObject({
      mistakes: [expect.stringContaining('--until'), expect.stringContaining('--reason')],
    });
    await expect(ackCommand(session({}), 'crm', 'size-anomaly', { end: true, until: '7d' })).rejects.toThrow(
      '--end',
    );
  });
});

describe('status', () => {
  const acknowledged = { until: '2026-11-27T12:00:00Z', by: 'anna', reason: 'a load' };
  const found = (severity: string, more: object = {}) =>
    ({
      target: 'crm',
      code: 'size-anomaly',
      subject: 'x',
      severity,
      message: 'm',
      next: 'n',
      ...more,
    }) as Found;
  const said = (open: Found[], expected: object[] = []) =>
    formatOpen({
      targets: [{ open, acknowledged: expected }],
      deployment: [],
      acknowledged: [],
    } as unknown as StatusReport).map(stripVTControlCharacters);

  it('shows what is acknowledged apart from what is open, with who, why and until when', () => {
    expect(said([found('P2', { acknowledged })])).toEqual([
      'No open problems',
      'P2 size-anomaly  m  acknowledged until 2026-11-27 12:00 UTC by anna: a load',
    ]);
  });

  it('never says that nothing is open over a P0', () => {
    expect(said([found('P0', { acknowledged })])).toEqual([
      'P0 size-anomaly  m',
      '   next: n',
      '   no reminders until 2026-11-27 12:00 UTC by anna: a load',
      'data lost? docs/emergency.md',
    ]);
  });

  it('shows what is expected and not open', () => {
    const expected = { ...acknowledged, target: 'crm', code: 'size-anomaly' };
    expect(said([], [expected])).toEqual([
      'No open problems',
      'expected of crm: size-anomaly, not alerted until 2026-11-27 12:00 UTC by anna: a load',
    ]);
    expect(said([found('P2', { acknowledged })], [expected])).toHaveLength(2);
  });
});
