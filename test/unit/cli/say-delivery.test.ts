import { stripVTControlCharacters } from 'node:util';
import { DONE, FAILED, FOUND_WRONG } from '../../../scripts/cli/exit.ts';
import { exitOf, sayWhole } from '../../../scripts/cli/say-delivery.ts';
import type { Delivery } from '../../../scripts/local/pump.ts';

const delivered = (rest: Partial<Delivery>): Delivery => ({ function: 'snapshot', message: {}, ...rest });

test.each([
  ['was refused', delivered({ result: undefined }), FAILED, 'refused the message'],
  ['could not be done', delivered({ error: new Error('no room') }), FAILED, 'no room'],
  ['failed', delivered({ result: { outcome: 'failed', summary: 'late' } }), FAILED, '✖ snapshot  late'],
  [
    'found something',
    delivered({ result: { findings: [{ code: 'c', message: 'm', next: 'n' }] } }),
    FOUND_WRONG,
    'next: n',
  ],
  ['was done', delivered({ result: { outcome: 'done', summary: 'taken' } }), DONE, '✔ snapshot  taken'],
  ['had nothing to do', delivered({ result: [] }), DONE, 'nothing waits'],
])('what %s is said and ends so', (_what, delivery, exit, said) => {
  const text = stripVTControlCharacters(sayWhole(delivery).join('\n'));
  expect([exitOf([delivery]), text]).toEqual([exit, expect.stringContaining(said)]);
});

test('the worst of several counts', () => {
  const [bad, good] = [delivered({ error: new Error('x') }), delivered({ result: { outcome: 'done' } })];
  expect([exitOf([good, bad]), exitOf([good])]).toEqual([FAILED, DONE]);
});
