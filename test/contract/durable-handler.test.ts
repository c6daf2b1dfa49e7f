import { LocalDurableTestRunner } from '@aws/durable-execution-sdk-js-testing';
import { InputError, UnderstudyError } from '../../lib/domain/errors.ts';
import { copyJob } from '../../lib/domain/runs/job.ts';
import { durableHandler } from '../../lib/runtime/durable-handler.ts';

const refuse = jest.fn(async () => undefined);
jest.mock('../../lib/runtime/job-handler.ts', () => ({
  ...jest.requireActual('../../lib/runtime/job-handler.ts'),
  refuse: () => refuse(),
}));
beforeAll(() => LocalDurableTestRunner.setupTestEnvironment({ skipTime: true, checkpointDelay: 0 }));
afterAll(() => LocalDurableTestRunner.teardownTestEnvironment());

const BODY = {
  job: 'copy',
  target: 'crm',
  scheduledFor: '2026-11-20T01:00:00Z',
  point: '20261120T010000Z-snapshot@eu-central-1',
  to: 'eu-west-1',
};

test.each([
  ['of a queue ends with an alert when its message is wrong', true, new InputError('no'), 'SUCCEEDED', 1],
  ['of a person fails when its message is wrong', false, new InputError('no'), 'FAILED', 0],
  ['of a queue fails when the catalog fails', true, new UnderstudyError('catalog', 'no'), 'FAILED', 0],
])('a durable job %s', async (_what, queued, error, status, told) => {
  refuse.mockClear();
  const handlerFunction = durableHandler(copyJob, () => Promise.reject(error));
  const payload = queued ? { Records: [{ body: JSON.stringify(BODY) }] } : BODY;
  const execution = await new LocalDurableTestRunner({ handlerFunction }).run({ payload });
  expect([execution.getStatus(), refuse.mock.calls.length]).toEqual([status, told]);
});

test('a durable job leaves a message of another function to it, without an alert', async () => {
  refuse.mockClear();
  const work = jest.fn(async () => 'done');
  const payload = { Records: [{ Sns: { Message: JSON.stringify({ ...BODY, job: 'snapshot' }) } }] };
  const execution = await new LocalDurableTestRunner({ handlerFunction: durableHandler(copyJob, work) }).run({
    payload,
  });
  expect(execution.getStatus()).toBe('SUCCEEDED');
  expect([work.mock.calls.length, refuse.mock.calls.length]).toEqual([0, 0]);
});
