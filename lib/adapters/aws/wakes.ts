import { type LambdaClient, SendDurableExecutionCallbackSuccessCommand } from '@aws-sdk/client-lambda';
import type { Wakes } from '../../ports/durable.ts';

/**
 * How Lambda answers for a token whose pause has ended, with its execution or before it:
 * https://docs.aws.amazon.com/lambda/latest/api/API_SendDurableExecutionCallbackSuccess.html
 */
const ENDED = ['CallbackTimeoutException', 'ResourceNotFoundException', 'InvalidParameterValueException'];

/** Ends the pauses of durable functions: a pause is a callback, and its token is the callback's id. */
export function durableWakes(lambda: LambdaClient): Wakes {
  return {
    async wake(token) {
      try {
        await lambda.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId: token }));
      } catch (error) {
        if (!ENDED.includes((error as Error).name)) throw error;
      }
    },
  };
}
