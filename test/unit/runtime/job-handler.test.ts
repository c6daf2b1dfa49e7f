import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { InputError } from '../../../lib/domain/errors.ts';
import { dumpJob } from '../../../lib/domain/runs/job.ts';
import {
  invocation,
  jobHandler,
  messageIn,
  mistakes,
  personHandler,
} from '../../../lib/runtime/job-handler.ts';

const MESSAGE = { job: 'dump', target: 'crm', scheduledFor: '2026-11-20T01:00:00Z' };

describe('a message', () => {
  test('from a queue is its record’s body', () => {
    const event = { Records: [{ messageId: 'm', eventSource: 'aws:sqs', body: JSON.stringify(MESSAGE) }] };
    expect(messageIn(event)).toEqual({ body: MESSAGE, direct: false });
  });

  test('from a topic is what the record says', () => {
    const event = {
      Records: [{ EventSource: 'aws:sns', Sns: { Message: JSON.stringify(MESSAGE), Subject: 's' } }],
    };
    expect(messageIn(event)).toEqual({ body: MESSAGE, direct: false });
  });

  test('from a schedule or a person is the event itself', () => {
    expect(messageIn(MESSAGE)).toEqual({ body: MESSAGE, direct: true });
  });

  test.each([null, undefined, 'text', 5, [], { Records: 'none' }])(
    '%j is nobody’s envelope, and judged as it is',
    (event) => {
      expect(messageIn(event)).toEqual({ body: event, direct: true });
    },
  );

  test('that is no JSON is handed on as text, to be refused with what it says', () => {
    expect(messageIn({ Records: [{ body: 'dump crm please' }] })).toEqual({
      body: 'dump crm please',
      direct: false,
    });
    expect(messageIn({ Records: [{}] })).toEqual({ body: '', direct: false });
  });

  test.each([0, 2, 10])('never comes %d at a time: half a batch cannot be told from a whole one', (count) => {
    const event = { Records: Array.from({ length: count }, () => ({ body: '{}' })) };
    expect(() => messageIn(event)).toThrow(`expected one record, got ${count}`);
  });
});

describe('what is wrong with a message', () => {
  const told = (schema: z.ZodType, message: unknown) => mistakes(schema.safeParse(message).error!, message);

  test('is told all at once, each by its path', () => {
    expect(told(dumpJob, { job: 'dump', target: 'CRM', scheduledFor: 'now', taget: 'crm', foo: 1 })).toEqual([
      'target: expected a target id such as crm-prod',
      'scheduledFor: expected a moment such as 2026-11-20T01:00:00Z',
      'taget: unknown key',
      'foo: unknown key',
    ]);
  });

  test('deep inside is told with the way there', () => {
    const deep = z.strictObject({ a: z.strictObject({ b: z.array(z.number()) }) });
    expect(told(deep, { a: { b: [1, 'x'], c: 1 } })).toEqual([
      'a.b.1: expected a number',
      'a.c: unknown key',
    ]);
  });

  test('as a whole is told as the message’s', () => {
    expect(told(dumpJob, 'dump crm')).toEqual(['message: expected a block of keys']);
  });
});

const CONTEXT = { getRemainingTimeInMillis: () => 60_000 } as Context;

describe('what a person asks of a function', () => {
  const ask = (event: unknown, work: () => Promise<string> = async () => 'done') =>
    personHandler(dumpJob, work)(event, CONTEXT);

  test('is done and answered', async () => expect(await ask(MESSAGE)).toBe('done'));

  test('and is wrong is answered with every mistake: a person’s slip wakes nobody', async () => {
    expect(await ask({ ...MESSAGE, target: 'CRM', foo: 1 })).toEqual({
      mistake: {
        message: 'the message is not understood',
        mistakes: ['target: expected a target id such as crm-prod', 'foo: unknown key'],
        hint: expect.any(String),
      },
    });
  });

  test('and cannot be meant is answered in the same way', async () => {
    const unknown = new InputError('there is no target "crm"', ['one', 'two'], 'there are web');
    expect(await ask(MESSAGE, () => Promise.reject(unknown))).toEqual({
      mistake: { message: 'there is no target "crm"', mistakes: ['one', 'two'], hint: 'there are web' },
    });
  });

  test('and could not be done is thrown', async () => {
    await expect(ask(MESSAGE, () => Promise.reject(new Error('no database')))).rejects.toThrow('no database');
  });
});

describe('a job', () => {
  test('gets its message, complete, and the time that is left', async () => {
    const handler = jobHandler(dumpJob, async (message, { secondsLeft }) => ({
      message,
      left: secondsLeft(),
    }));
    expect(await handler({ Records: [{ body: JSON.stringify(MESSAGE) }] }, CONTEXT)).toEqual({
      message: { ...MESSAGE, requestedBy: 'unknown' },
      left: 60,
    });
  });

  test('that a person started wrongly is thrown back with every mistake', async () => {
    const handler = jobHandler(dumpJob, async () => 'done');
    await expect(handler({ ...MESSAGE, foo: 1 }, CONTEXT)).rejects.toThrow(
      /not understood\n {2}foo: unknown key/,
    );
  });

  test('that fails is thrown, so that Understudy tries again', async () => {
    const handler = jobHandler(dumpJob, () => Promise.reject(new Error('no database')));
    await expect(handler({ Records: [{ body: JSON.stringify(MESSAGE) }] }, CONTEXT)).rejects.toThrow(
      'no database',
    );
  });
});

test('an invocation counts the time it has left in seconds', () => {
  expect(invocation({ getRemainingTimeInMillis: () => 12_500 }).secondsLeft()).toBe(12.5);
});
