import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';

type Call = { command: string; input: Record<string, unknown>; send: () => Promise<unknown> };

/**
 * DynamoDB judges a condition and writes in one act. moto answers several requests at once and may let two through
 * that saw the same; one request at a time, from however many callers, it keeps the promise.
 */
export function oneAtATime(client: DynamoDBDocumentClient): DynamoDBDocumentClient {
  let last: Promise<unknown> = Promise.resolve();
  client.middlewareStack.add(
    (next) => (args) => {
      const mine = last.then(() => next(args));
      last = mine.catch(() => undefined);
      return mine;
    },
    { step: 'finalizeRequest', priority: 'low', name: 'oneAtATime' },
  );
  return client;
}

/** Stands between the adapter and the table: may change what is asked, act before or after it, or fail it. */
export function intercept(client: DynamoDBDocumentClient, act: (call: Call) => Promise<unknown>): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const input = args.input as Record<string, unknown>;
      const command = String(context['commandName']).replace(/Command$/, '');
      return (await act({ command, input, send: () => next(args) })) as Awaited<ReturnType<typeof next>>;
    },
    { step: 'initialize', priority: 'high', name: 'intercept', override: true },
  );
}

/**
 * Breaks a kind of command so many times, beneath the SDK's own retries: instead of sending it, or, `after`, when it
 * was sent and done, so that only the answer is lost.
 */
export function breakSending(
  client: DynamoDBDocumentClient,
  wanted: string,
  error: Error,
  { times = 1, after = false } = {},
): void {
  let left = times;
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const breaks = context['commandName'] === `${wanted}Command` && left-- > 0;
      if (breaks && !after) throw error;
      const answer = await next(args);
      if (breaks) throw error;
      return answer;
    },
    { step: 'finalizeRequest', priority: 'low', name: 'breakSending', override: true },
  );
}

/** Keeps the token of every attempt at a transaction from now on, the broken ones too. */
export function watchTokens(client: DynamoDBDocumentClient): string[] {
  const tokens: string[] = [];
  client.middlewareStack.add(
    (next, context) => (args) => {
      const { body } = args.request as { body?: unknown };
      if (context['commandName'] === 'TransactWriteItemsCommand')
        tokens.push(JSON.parse(new TextDecoder().decode(body as Uint8Array)).ClientRequestToken);
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'normal', name: 'watchTokens', override: true },
  );
  return tokens;
}

/** What Node says of a connection that broke. */
export const BROKEN = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });

/** Everything in a table, as it lies there. */
export async function rawItems(client: DynamoDBDocumentClient, TableName: string) {
  const found: Record<string, unknown>[] = [];
  let start: Record<string, unknown> | undefined;
  do {
    const page = await client.send(
      new ScanCommand({ TableName, ConsistentRead: true, ...(start ? { ExclusiveStartKey: start } : {}) }),
    );
    found.push(...(page.Items ?? []));
    start = page.LastEvaluatedKey;
  } while (start);
  return found;
}
