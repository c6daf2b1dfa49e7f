import { createHash } from 'node:crypto';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';

/** Every item says which layout it has. */
export const SCHEMA_VERSION = 1;

export type Table = { client: DynamoDBDocumentClient; name: string };
export type Item = Record<string, unknown>;

export const partition = (target: string) => `TARGET#${target}`;
export const sortKey = {
  status: 'STATUS',
  run: (job: string, scheduledFor: string) => `RUN#${job}#${scheduledFor}`,
  point: (moment: string, kind: string, place: string) => `POINT#${moment}#${kind}#${place}`,
  evidence: (at: string, run: string) => `EVIDENCE#${at}#${run}`,
  finding: (code: string, subject: string) => `FINDING#${code}#${subject}`,
  timeline: (at: string, id: string) => `TIMELINE#${at}#${id}`,
  scratch: (name: string) => `SCRATCH#${name}`,
  appChange: 'APPCHANGE',
  restore: (id: string) => `RESTORE#${id}`,
};

const SHARDS = 16;

export type OpenKind = 'run' | 'finding' | 'scratch' | 'ack' | 'restore';

/** Attributes that put an item into the sparse index of everything open. The index is sharded, so that no key grows hot. */
export function openKeys(kind: OpenKind, target: string, sk: string): { openShard: string; openKey: string } {
  const shard = createHash('md5').update(target).digest()[0]! % SHARDS;
  return { openShard: `${kind}#${shard}`, openKey: `${target}#${sk}` };
}

export async function get(table: Table, target: string, sk: string): Promise<Item | undefined> {
  const { Item } = await table.client.send(
    new GetCommand({ TableName: table.name, Key: { PK: partition(target), SK: sk }, ConsistentRead: true }),
  );
  return Item;
}

/** Items of one target whose sort key has this prefix, newest first, `limit` at most. */
export function newestFirst(
  table: Table,
  target: string,
  prefix: string,
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<Item> {
  return itemsOf(table, partition(target), prefix, limit);
}

/** The same for any partition. */
export async function* itemsOf(
  table: Table,
  pk: string,
  prefix?: string,
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<Item> {
  let start: Item | undefined;
  let count = 0;
  do {
    const page = await table.client.send(
      new QueryCommand({
        TableName: table.name,
        KeyConditionExpression: prefix === undefined ? 'PK = :pk' : 'PK = :pk and begins_with(SK, :prefix)',
        ExpressionAttributeValues: { ':pk': pk, ...(prefix === undefined ? {} : { ':prefix': prefix }) },
        ScanIndexForward: false,
        ConsistentRead: true,
        ...(Number.isFinite(limit) ? { Limit: limit } : {}),
        ExclusiveStartKey: start,
      }),
    );
    for (const item of page.Items ?? []) {
      if (count++ >= limit) return;
      yield item;
    }
    start = page.LastEvaluatedKey;
  } while (start && count < limit);
}

/** Every open item of one kind, of all targets. */
export async function open(table: Table, kind: OpenKind): Promise<Item[]> {
  const shards = Array.from({ length: SHARDS }, (_, shard) => openShard(table, `${kind}#${shard}`));
  return (await Promise.all(shards)).flat();
}

async function openShard(table: Table, shard: string): Promise<Item[]> {
  const found: Item[] = [];
  let start: Item | undefined;
  do {
    const page = await table.client.send(
      new QueryCommand({
        TableName: table.name,
        IndexName: 'open',
        KeyConditionExpression: 'openShard = :shard',
        ExpressionAttributeValues: { ':shard': shard },
        ExclusiveStartKey: start,
      }),
    );
    found.push(...(page.Items ?? []));
    start = page.LastEvaluatedKey;
  } while (start);
  return found;
}

/** Returns the domain's value inside an item. */
export function contentOf<T>(item: Item): T {
  const { PK: _pk, SK: _sk, schemaVersion: _version, openShard: _shard, openKey: _key, ...value } = item;
  return value as T;
}

/** Did a condition refuse the write (alone, or inside a transaction)? */
export function refused(error: unknown): boolean {
  const { name, CancellationReasons } = error as { name?: string; CancellationReasons?: { Code?: string }[] };
  if (name === 'ConditionalCheckFailedException') return true;
  return (
    name === 'TransactionCanceledException' &&
    (CancellationReasons ?? []).some((reason) => reason.Code === 'ConditionalCheckFailed')
  );
}

/** Which statement of a transaction was refused by its condition. */
export function refusedAt(error: unknown): number {
  const { CancellationReasons } = error as { CancellationReasons?: { Code?: string }[] };
  return (CancellationReasons ?? []).findIndex((reason) => reason.Code === 'ConditionalCheckFailed');
}

/** Did two transactions meet? Then it is worth trying again. */
export function collided(error: unknown): boolean {
  const { name, CancellationReasons } = error as { name?: string; CancellationReasons?: { Code?: string }[] };
  return (
    name === 'TransactionConflictException' ||
    (CancellationReasons ?? []).some((reason) => reason.Code === 'TransactionConflict')
  );
}

/** Repeats a write a few times if a transaction on the same item is in progress. */
export async function unlessMet<T>(write: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write();
    } catch (error) {
      if (!collided(error) || attempt >= 8) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20 * 2 ** attempt * Math.random()));
    }
  }
}
