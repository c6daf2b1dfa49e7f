import { stripVTControlCharacters } from 'node:util';
import { DONE, FAILED, FOUND_WRONG } from '../../../scripts/cli/exit-codes.ts';
import {
  exitCodeOf,
  formatDelivery,
  formatDeliveryLine,
  isGood,
} from '../../../scripts/cli/format-delivery.ts';
import type { Delivery } from '../../../scripts/local/drain-queues.ts';

const delivered = (rest: Partial<Delivery>): Delivery => ({ function: 'snapshot', message: {}, ...rest });

test.each([
  ['was refused', delivered({ result: undefined }), FAILED, 'refused the message'],
  ['could not be done', delivered({ error: new Error('no room') }), FAILED, 'no room'],
  ['failed', delivered({ result: { outcome: 'failed', summary: 'late' } }), FAILED, '✖ snapshot  late'],
  [
    'found something',
    delivered({ result: { findings: [{ code: 'c', severity: 'P0', message: 'm', next: 'n' }] } }),
    FOUND_WRONG,
    'next: n',
  ],
  [
    'another command works on',
    delivered({ message: { target: 'crm' }, result: { outcome: 'held', summary: 'already running' } }),
    FAILED,
    '✖ snapshot of crm  already running',
  ],
  ['was done', delivered({ result: { outcome: 'done', summary: 'taken' } }), DONE, '✔ snapshot  taken'],
  ['had nothing to do', delivered({ result: [] }), DONE, 'nothing waits'],
])('a delivery that %s ends with its own exit code and line', (_what, delivery, exit, said) => {
  const text = stripVTControlCharacters(formatDelivery(delivery).join('\n'));
  expect([exitCodeOf([delivery]), text]).toEqual([exit, expect.stringContaining(said)]);
});

test('the exit code of several deliveries is that of the worst', () => {
  const [bad, good] = [delivered({ error: new Error('x') }), delivered({ result: { outcome: 'done' } })];
  expect([exitCodeOf([good, bad]), exitCodeOf([good])]).toEqual([FAILED, DONE]);
});

describe('the verification of a good dump with a finding', () => {
  const acknowledged = { until: '2026-11-27T12:00:00Z', by: 'anna', reason: 'a load' };
  const verified = (severity: string, more: object = {}) =>
    delivered({
      function: 'verify',
      result: [
        {
          outcome: 'done',
          summary: 'x is good (full, 7 s)',
          findings: [{ code: 'size-anomaly', severity, message: 'much larger', next: 'ask', ...more }],
        },
      ],
    });

  test.each([
    ['P2', {}, '⚠ verify  x is good', FOUND_WRONG, true],
    ['P3', {}, '⚠ verify  x is good', DONE, true],
    ['P2', { acknowledged }, '⚠ verify  x is good', DONE, true],
    ['P1', {}, '⚠ verify  x is good', FOUND_WRONG, true],
  ] as const)('%s %j is shown as %s and ends with exit code %d', (severity, more, shown, exit, isFine) => {
    const delivery = verified(severity, more);
    const lines = formatDelivery(delivery).map(stripVTControlCharacters);
    expect(lines[0]).toContain(shown);
    expect(lines[1]).toContain(`${severity} size-anomaly  much larger`);
    expect([exitCodeOf([delivery]), isGood([delivery])]).toEqual([exit, isFine]);
  });
});

test.each([
  [delivered({ error: new Error('x') }), false],
  [delivered({ result: undefined }), false],
  [delivered({ result: { outcome: 'refused' } }), false],
  [delivered({ result: { evidence: { outcome: 'failed' } } }), false],
  [delivered({ result: { outcome: 'done' } }), true],
  [delivered({ result: [] }), true],
])('the delivery %j is shown with a tick: %s', (delivery, expected) => {
  expect(isGood([delivery])).toBe(expected);
});

test('formatDeliveryLine says something of every delivery while others are still to come', () => {
  expect(formatDeliveryLine(delivered({ result: [] }))).toBe('snapshot: nothing waits for it');
  expect(formatDeliveryLine(delivered({ result: undefined }))).toBe('snapshot: refused the message');
});
