import { type DurableContext, withDurableExecution } from '@aws/durable-execution-sdk-js';
import type * as z from 'zod';
import { InputError } from '../domain/errors.ts';
import type { Durable } from '../ports/durable.ts';
import { isForAnother, messageIn, refuse, understood } from './job-handler.ts';

/** The durable execution's steps as the workflows see them. A step is tried five times before the execution fails. */
export function durableSteps(context: DurableContext): Durable {
  const retryStrategy = (_error: Error, attempt: number) => ({
    shouldRetry: attempt < 5,
    delay: { seconds: Math.min(60, 2 ** attempt) },
  });
  return {
    step: <T>(name: string, work: () => Promise<T>): Promise<T> =>
      context.step<T>(name, async () => work(), { retryStrategy }) as unknown as Promise<T>,
    invoke: <Input, Output>(name: string, functionId: string, input: Input): Promise<Output> =>
      context.invoke<Input, Output>(name, functionId, input) as unknown as Promise<Output>,
    pause: async (name, seconds, onWaiting = async () => undefined) => {
      try {
        await context.waitForCallback(name, async (token) => onWaiting(token), {
          timeout: { seconds: Math.max(1, Math.round(seconds)) },
          retryStrategy,
        });
        return 'woken';
      } catch (error) {
        if ((error as Error).name === 'CallbackTimeoutError') return 'elapsed';
        throw error;
      }
    },
  };
}

/**
 * Wraps a job that outlives its function. A wrong message stays wrong: it raises an alert and its execution ends,
 * except that a person who invoked the function gets the error. The check has no side effect and is repeated at every
 * replay.
 */
export function durableHandler<Schema extends z.ZodType, Result>(
  schema: Schema,
  work: (job: z.infer<Schema>, durable: Durable) => Promise<Result>,
) {
  return withDurableExecution(async (event: unknown, context: DurableContext) => {
    const durable = durableSteps(context);
    const { body, direct } = messageIn(event);
    if (!direct && isForAnother(schema, body)) return undefined;
    try {
      return await work(understood(schema, body), durable);
    } catch (error) {
      if (direct || !(error instanceof InputError)) throw error;
      await durable.step('say that the message is refused', () => refuse(error, body));
      return undefined;
    }
  });
}
