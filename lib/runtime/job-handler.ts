import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import type * as z from 'zod';
import { raise } from '../alerting/alerts.ts';
import { InputError, OutOfTime, Refusal, RestoreFailed, reasonOf } from '../domain/errors.ts';
import { DEPLOYMENT, finding } from '../domain/findings/finding.ts';
import { formatIssue } from '../domain/plan/issue.ts';
import { JOBS } from '../domain/runs/job.ts';
import { type Invocation, log, telling } from './compose.ts';

/** Work for one message, from any sender. */
export type Handle<Message, Result> = (message: Message, invocation: Invocation) => Promise<Result>;

/**
 * Wraps a job for Lambda: takes the message out of its envelope (a queue's record, a topic's record, a schedule, a
 * person), checks it against its schema, and passes it on. A wrong message stays wrong: it raises an alert and is not
 * retried, except that a person who invoked the function gets the error.
 */
export function jobHandler<Schema extends z.ZodType, Result>(
  schema: Schema,
  work: Handle<z.infer<Schema>, Result>,
) {
  return middy<unknown, Result | undefined, Error, Context>().handler(async (event, context) => {
    const { body, direct } = messageIn(event);
    if (!direct && isForAnother(schema, body)) return undefined;
    try {
      return await work(understood(schema, body), invocation(context));
    } catch (error) {
      if (direct || !(error instanceof InputError)) throw error;
      await refuse(error, body);
      return undefined;
    }
  });
}

/** A person's mistake, or a refusal, as an answer without an alert. */
export type Refused = {
  /** `code`: of a refusal, which is no mistake of the person. */
  mistake: { message: string; mistakes: readonly string[]; hint?: string | undefined; code?: string };
};

/** Wraps functions that people invoke: a wrong request is answered and not thrown, because a function's errors raise an alarm. */
export function personHandler<Schema extends z.ZodType, Result>(
  schema: Schema,
  work: Handle<z.infer<Schema>, Result>,
) {
  return middy<unknown, Result | Refused, Error, Context>().handler(async (event, context) => {
    try {
      return await work(understood(schema, event), invocation(context));
    } catch (error) {
      if (error instanceof Refusal || error instanceof OutOfTime || error instanceof RestoreFailed)
        return { mistake: { message: error.message, mistakes: [], hint: error.hint, code: error.code } };
      if (!(error instanceof InputError)) throw error;
      const [message] = error.message.split('\n');
      return { mistake: { message: message!, mistakes: error.mistakes, hint: error.hint } };
    }
  });
}

/** Parses a message by its schema. Rejects with InputError, which lists every mistake. */
export function understood<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new InputError(
    'the message is not understood',
    mistakes(parsed.error, body),
    'docs/reference/messages.md shows the messages',
  );
}

/**
 * Is a message for another function? For up to fifteen minutes after a deployment SNS may filter as before; that function gets
 * the message too, and nobody has sent anything wrong. A message of no job of ours is not for another.
 */
export function isForAnother(schema: z.ZodType, body: unknown): boolean {
  const { job } = (body ?? {}) as { job?: unknown };
  if (!(JOBS as readonly unknown[]).includes(job)) return false;
  const isNotOurs = schema.safeParse(body).error?.issues.some(({ path }) => path[0] === 'job') ?? false;
  if (isNotOurs) log().info('a message of another function was left to it', { job });
  return isNotOurs;
}

export function invocation(context: Pick<Context, 'getRemainingTimeInMillis'>): Invocation {
  return { secondsLeft: () => context.getRemainingTimeInMillis() / 1000 };
}

/** The message inside an SQS or SNS event (one record: batches are of one), or the event itself. */
export function messageIn(event: unknown): { body: unknown; direct: boolean } {
  const records = (event as { Records?: { body?: string; Sns?: { Message: string } }[] } | null)?.Records;
  if (!Array.isArray(records)) return { body: event, direct: true };
  if (records.length !== 1)
    throw new Error(`expected one record, got ${records.length}: the batch size of this function is 1`);
  const text = records[0]!.body ?? records[0]!.Sns?.Message ?? '';
  try {
    return { body: JSON.parse(text), direct: false };
  } catch {
    return { body: text, direct: false };
  }
}

export function mistakes(error: z.ZodError, body: unknown): string[] {
  return error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => `${[...issue.path, key].join('.')}: unknown key`)
      : [`${issue.path.join('.') || 'message'}: ${formatIssue(issue, body, { values: false })}`],
  );
}

/** Raises an alert for a message that no function takes. */
export async function refuse(error: InputError, body: unknown): Promise<void> {
  const { job, target } = (typeof body === 'object' && body !== null ? body : {}) as {
    job?: unknown;
    target?: unknown;
  };
  log().error('a message was refused', { reason: reasonOf(error) });
  const message =
    `a message for job ${String(job ?? '?')}, target ${String(target ?? '?')}, was refused: ${[error.message.split('\n')[0], ...error.mistakes].join('; ')}`.slice(
      0,
      1000,
    );
  await raise(
    telling(),
    finding('unknown-job', {
      target: DEPLOYMENT,
      subject: `${String(job ?? '?')} ${String(target ?? '?')}`.slice(0, 200),
      message,
    }),
  );
}
