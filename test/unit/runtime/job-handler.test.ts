import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { InputError, Refusal } from '../../../lib/domain/errors.ts';
import { drillJob, dumpJob } from '../../../lib/domain/runs/job.ts';
import { use } from '../../../lib/runtime/compose.ts';
import {
  invocation,
  isForAnother,
  jobHandler,
  messageIn,
  mistakes,
  personHandler,
} from '../../../lib/runtime/job-handler.ts';
import { recordingLog } from '../../support/doubles/log.ts';

const MESSAGE = { job: 'dump', target: 'crm', scheduledFor: '2026-11-20T01:00:00Z' };
const BODY = JSON.stringify(MESSAGE);
const CONTEXT = { getRemainingTimeInMillis: () => 60_000 } as Context;
const records = (...all: object[]) => ({ Records: all });

describe('messageIn', () => {
  test.each<[string, object, { body: unknown; direct: boolean }]>([
    [
      'takes the body of a queue’s record',
      records({ messageId: 'm', eventSource: 'aws:sqs', body: BODY }),
      { body: MESSAGE, direct: false },
    ],
    [
      'takes the message of a topic’s record',
      records({ EventSource: 'aws:sns', Sns: { Message: BODY, Subject: 's' } }),
      { body: MESSAGE, direct: false },
    ],
    ['takes the event of a schedule or a person as it is', MESSAGE, { body: MESSAGE, direct: true }],
    ['keeps a body without JSON as text', records({ body: 'dump crm' }), { body: 'dump crm', direct: false }],
    ['finds an empty text in a record without a body', records({}), { body: '', direct: false }],
  ])('%s', (_, event, expected) => expect(messageIn(event)).toEqual(expected));

  test.each([null, undefined, 'text', 5, [], { Records: 'none' }])('takes the event %j as it is', (event) => {
    expect(messageIn(event)).toEqual({ body: event, direct: true });
  });

  test.each([0, 2, 10])('refuses %d records, because half a batch looks like a whole one', (count) => {
    const event = records(...Array.from({ length: count }, () => ({ body: '{}' })));
    expect(() => messageIn(event)).toThrow(`expected one record, got ${count}`);
  });
});

describe('mistakes', () => {
  const deep = z.strictObject({ a: z.strictObject({ b: z.array(z.number()) }) });
  test.each<[string, z.ZodType, unknown, string[]]>([
    [
      'names every mistake of a message at once, each by its path',
      dumpJob,
      { job: 'dump', target: 'CRM', scheduledFor: 'now', taget: 'crm', foo: 1 },
      [
        'target: expected a target id such as crm-prod',
        'scheduledFor: expected a moment such as 2026-11-20T01:00:00Z',
        'taget: unknown key',
        'foo: unknown key',
      ],
    ],
    [
      'names a mistake deep inside by its whole path',
      deep,
      { a: { b: [1, 'x'], c: 1 } },
      ['a.b.1: expected a number', 'a.c: unknown key'],
    ],
    ['names a message that is none', dumpJob, 'dump crm', ['message: expected a block of keys']],
  ])('%s', (_, schema, message, expected) => {
    expect(mistakes(schema.safeParse(message).error!, message)).toEqual(expected);
  });
});

describe('personHandler', () => {
  const ask = (event: unknown, work: () => Promise<string> = async () => 'done') =>
    personHandler(dumpJob, work)(event, CONTEXT);

  test('answers with the result', async () => expect(await ask(MESSAGE)).toBe('done'));

  test('answers with every mistake of the message and throws nothing', async () => {
    expect(await ask({ ...MESSAGE, target: 'CRM', foo: 1 })).toEqual({
      mistake: {
        message: 'the message is not understood',
        mistakes: ['target: expected a target id such as crm-prod', 'foo: unknown key'],
        hint: expect.any(String),
      },
    });
  });

  test('answers with an input error and throws nothing', async () => {
    const mistake = { message: 'there is no target "crm"', mistakes: ['one', 'two'], hint: 'there are web' };
    const unknown = new InputError(mistake.message, mistake.mistakes, mistake.hint);
    expect(await ask(MESSAGE, () => Promise.reject(unknown))).toEqual({ mistake });
  });

  test('answers with a refusal, its code and what to do next', async () => {
    const refused = new Refusal('patch-rules', 'it has rules', { hint: 'leave it out' });
    expect(await ask(MESSAGE, () => Promise.reject(refused))).toEqual({
      mistake: { code: 'patch-rules', message: 'it has rules', mistakes: [], hint: 'leave it out' },
    });
  });

  test('throws any other error', async () => {
    await expect(ask(MESSAGE, () => Promise.reject(new Error('no database')))).rejects.toThrow('no database');
  });
});

describe('jobHandler', () => {
  test('gives a job its complete message and the time that is left', async () => {
    const handler = jobHandler(dumpJob, async (message, { secondsLeft }) => [message, secondsLeft()]);
    const complete = { ...MESSAGE, requestedBy: 'unknown' };
    expect(await handler(records({ body: BODY }), CONTEXT)).toEqual([complete, 60]);
  });

  test('leaves a message of another function to it, as it comes by a filter of before a deployment', async () => {
    const lines = recordingLog();
    use('log', lines);
    const work = jest.fn(async () => 'done');
    const body = JSON.stringify({ ...MESSAGE, job: 'verify' });
    for (const record of [{ body }, { Sns: { Message: body } }])
      expect(await jobHandler(dumpJob, work)(records(record), CONTEXT)).toBeUndefined();
    expect(work).not.toHaveBeenCalled();
    expect(lines.lines.map(({ level }) => level)).toEqual(['info', 'info']);
  });

  test('refuses a message of another job that a person sent', async () => {
    const handler = jobHandler(dumpJob, async () => 'done');
    await expect(handler({ ...MESSAGE, job: 'verify' }, CONTEXT)).rejects.toThrow('not understood');
  });

  test.each([
    [dumpJob, { ...MESSAGE, job: 'dmup' }, false],
    [dumpJob, { ...MESSAGE, job: 'verify' }, true],
    [dumpJob, { ...MESSAGE, target: 'CRM' }, false],
    [dumpJob, 'dump crm', false],
    [dumpJob, null, false],
    [z.discriminatedUnion('job', [dumpJob, drillJob]), { ...MESSAGE, job: 'verify' }, true],
    [z.discriminatedUnion('job', [dumpJob, drillJob]), { ...MESSAGE, job: 'drill' }, false],
    [z.unknown(), { ...MESSAGE, job: 'verify' }, false],
  ])('of %# a message is for another function only if that one has its job', (schema, body, expected) => {
    expect(isForAnother(schema, body)).toBe(expected);
  });

  test('throws every mistake of a message that a person sent', async () => {
    const handler = jobHandler(dumpJob, async () => 'done');
    const mistaken = handler({ ...MESSAGE, foo: 1 }, CONTEXT);
    await expect(mistaken).rejects.toThrow(/not understood\n {2}foo: unknown key/);
  });

  test('throws the error of a job, so that the queue delivers its message again', async () => {
    const handler = jobHandler(dumpJob, () => Promise.reject(new Error('no database')));
    await expect(handler(records({ body: BODY }), CONTEXT)).rejects.toThrow('no database');
  });
});

test('an invocation says the time it has left in seconds', () => {
  expect(invocation({ getRemainingTimeInMillis: () => 12_500 }).secondsLeft()).toBe(12.5);
});
