import * as z from 'zod';
import { dumpJob } from '../../../lib/domain/job.ts';
import { invocation, mistakes, unwrap } from '../../../lib/runtime/job-handler.ts';

const MESSAGE = { job: 'dump', target: 'crm', scheduledFor: '2026-11-20T01:00:00Z' };

describe('a message', () => {
  test('from a queue is its record’s body', () => {
    const event = { Records: [{ messageId: 'm', eventSource: 'aws:sqs', body: JSON.stringify(MESSAGE) }] };
    expect(unwrap(event)).toEqual({ body: MESSAGE, direct: false });
  });

  test('from a topic is what the record says', () => {
    const event = {
      Records: [{ EventSource: 'aws:sns', Sns: { Message: JSON.stringify(MESSAGE), Subject: 's' } }],
    };
    expect(unwrap(event)).toEqual({ body: MESSAGE, direct: false });
  });

  test('from a schedule or a person is the event itself', () => {
    expect(unwrap(MESSAGE)).toEqual({ body: MESSAGE, direct: true });
  });

  test.each([null, undefined, 'text', 5, [], { Records: 'none' }])(
    '%j is nobody’s envelope, and judged as it is',
    (event) => {
      expect(unwrap(event)).toEqual({ body: event, direct: true });
    },
  );

  test('that is no JSON is handed on as text, to be refused with what it says', () => {
    expect(unwrap({ Records: [{ body: 'dump crm please' }] })).toEqual({
      body: 'dump crm please',
      direct: false,
    });
    expect(unwrap({ Records: [{}] })).toEqual({ body: '', direct: false });
  });

  test.each([0, 2, 10])('never comes %d at a time: half a batch cannot be told from a whole one', (count) => {
    const event = { Records: Array.from({ length: count }, () => ({ body: '{}' })) };
    expect(() => unwrap(event)).toThrow(`expected one record, got ${count}`);
  });
});

describe('what is wrong with a message', () => {
  const told = (schema: z.ZodType, message: unknown) => mistakes(schema.safeParse(message).error!);

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
      'a.b.1: expected number, received string',
      'a.c: unknown key',
    ]);
  });

  test('as a whole is told as the message’s', () => {
    expect(told(dumpJob, 'dump crm')).toEqual(['message: expected object, received string']);
  });
});

test('an invocation counts the time it has left in seconds', () => {
  expect(invocation({ getRemainingTimeInMillis: () => 12_500 }).secondsLeft()).toBe(12.5);
});
