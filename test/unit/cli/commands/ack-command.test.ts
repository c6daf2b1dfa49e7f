import { stripVTControlCharacters } from 'node:util';
import { ackCommand, parseUntil } from '../../../../scripts/cli/commands/ack-command.ts';
import type { Session } from '../../../../scripts/cli/session.ts';

const NOW = new Date('2026-11-20T12:00:00Z');

test.each([
  ['7d', '2026-11-27T12:00:00Z'],
  ['12h', '2026-11-21T00:00:00Z'],
  ['2026-12-01', '2026-12-01T00:00:00Z'],
  ['2026-12-01T06:00Z', '2026-12-01T06:00:00Z'],
  ['2026-12-01 06:00', '2026-12-01T06:00:00Z'],
  ['2026-12-01T06:00:30+01:00', '2026-12-01T05:00:30Z'],
])('ack --until %s means until %s', (text, moment) => {
  expect(parseUntil(text, NOW)).toBe(moment);
});

test.each(['', 'tomorrow', '7', '2026-13-01', '2026-02-30', '2026-12-01T25:00Z', '1.5d'])(
  'ack refuses --until "%s"',
  (text) => expect(() => parseUntil(text, NOW)).toThrow('is no duration and no moment'),
);

const asked: object[] = [];
const answering = (answer: unknown) =>
  ({
    caller: 'anna (./understudy)',
    invoke: async (_name: string, event: object) => {
      asked.push(event);
      return answer;
    },
  }) as unknown as Session;
const OPTIONS = { until: '7d', reason: 'a load' };

/** What ack says when these findings of the code are open. */
async function acknowledging(...open: object[]) {
  const acknowledgement = { target: 'crm', code: 'size-anomaly', until: '2026-11-27T12:00:00Z' };
  const session = answering({ acknowledgement, open });
  const { lines } = await ackCommand(session, 'crm', 'size-anomaly', OPTIONS);
  return lines.map(stripVTControlCharacters);
}

test('ack acknowledges under the caller’s name, and says whether the finding is open or expected', async () => {
  expect(await acknowledging({ severity: 'P2', message: 'much larger' })).toEqual([
    'size-anomaly of crm is acknowledged until 2026-11-27 12:00 UTC; if it is still open then, you are alerted again',
    '  P2 much larger',
    'take it back: ./understudy ack crm size-anomaly --end',
  ]);
  expect(asked[0]).toMatchObject({ ask: 'acknowledge', by: 'anna (./understudy)', reason: 'a load' });
  expect((await acknowledging())[0]).toBe(
    'size-anomaly of crm is expected until 2026-11-27 12:00 UTC: no alert of it until then',
  );
});

test('ack says that an acknowledged P0 stays bad', async () => {
  const only = '  a P0 stays in status, and crm stays bad: only its reminders stop';
  expect(await acknowledging({ severity: 'P0', message: 'too old' })).toContain(only);
});

test.each([
  ['size-anomalie', 'did you mean artifact-size-mismatch, size-anomaly?'],
  ['nonsense', 'docs/reference/findings.md lists them'],
  ['constructor', 'docs/reference/findings.md lists them'],
])('ack refuses the unknown code %s with the hint: %s', async (code, hint) => {
  await expect(ackCommand(answering({}), 'crm', code, OPTIONS)).rejects.toMatchObject({ hint });
});

test('ack wants --until and --reason, and names both at once; --end takes neither', async () => {
  const ack = (options: object) => ackCommand(answering({}), 'crm', 'size-anomaly', options);
  await expect(ack({})).rejects.toMatchObject({
    mistakes: [expect.stringContaining('--until'), expect.stringContaining('--reason')],
  });
  await expect(ack({ end: true, until: '7d' })).rejects.toThrow('--end');
});
