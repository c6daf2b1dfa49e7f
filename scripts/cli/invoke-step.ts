import { UnderstudyError } from '../../lib/domain/errors.ts';

/**
 * Invokes a Lambda function with the person's own credentials, once: it may not be one that can be repeated. Rejects when
 * it fails, and when it has not answered within so many seconds.
 */
export async function invokeStep(name: string, within: number, payload: object): Promise<unknown> {
  const { InvokeCommand, LambdaClient } = await import('@aws-sdk/client-lambda');
  const signal = AbortSignal.timeout(within * 1000);
  const client = new LambdaClient({
    maxAttempts: 1,
    requestHandler: { requestTimeout: within * 1000 + 5000 },
  });
  const answer = await client
    .send(new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(payload) }), {
      abortSignal: signal,
    })
    .catch((cause: Error) => {
      const why = signal.aborted
        ? `it has not answered within ${within} s; it may still be at work`
        : cause.message;
      throw new UnderstudyError('step-failed', why, { cause });
    });
  const text = Buffer.from(answer.Payload ?? []).toString('utf8');
  if (answer.FunctionError)
    throw new UnderstudyError('step-failed', `it failed; its log group is /aws/lambda/${name}`);
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}
