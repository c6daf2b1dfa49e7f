import type { DurableContext } from '@aws/durable-execution-sdk-js';
import type * as z from 'zod';
import { InputError } from '../domain/errors.ts';
import type { Durable } from '../ports/durable.ts';
import { mistakes, unwrap } from './job-handler.ts';

/** The durable execution's steps as the workflows know them. A step is tried five times before the execution fails. */
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

/** Checks a job's message without any side effect: on every replay it is checked again. */
export function parseJob<Schema extends z.ZodType>(schema: Schema, event: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(unwrap(event).body);
  if (parsed.success) return parsed.data;
  throw new InputError(
    'the message is not understood',
    mistakes(parsed.error),
    'docs/operators-runbook.md shows the messages',
  );
}
