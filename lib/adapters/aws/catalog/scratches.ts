import { GetCommand, PutCommand, TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { monthOf, type ScratchRecord } from '../../../domain/runs/scratch-record.ts';
import { secondsBetween } from '../../../domain/time.ts';
import type { Catalog } from '../../../ports/catalog.ts';
import {
  contentOf,
  get,
  open,
  openKeys,
  partition,
  refused,
  SCHEMA_VERSION,
  sortKey,
  type Table,
  unlessMet,
} from './table.ts';

type Scratches = Pick<
  Catalog,
  | 'beginScratch'
  | 'standing'
  | 'startScratch'
  | 'identifyScratch'
  | 'endScratch'
  | 'openScratches'
  | 'scratchSeconds'
>;

export function scratches(table: Table): Scratches {
  return {
    async beginScratch(record) {
      const sk = sortKey.scratch(record.name);
      const Item = {
        PK: partition(record.target),
        SK: sk,
        schemaVersion: SCHEMA_VERSION,
        ...openKeys('scratch', record.target, sk),
        ...record,
      };
      try {
        await table.client.send(
          new PutCommand({
            TableName: table.name,
            Item,
            // The earlier record is accounted for, so another attempt of the same run begins a new one.
            ConditionExpression: 'attribute_not_exists(PK) or #state = :gone',
            ExpressionAttributeNames: { '#state': 'state' },
            ExpressionAttributeValues: { ':gone': 'gone' },
          }),
        );
      } catch (error) {
        if (!refused(error)) throw error;
      }
      return contentOf<ScratchRecord>((await get(table, record.target, sk))!);
    },

    async standing(policy) {
      const { Item } = await table.client.send(
        new GetCommand({ TableName: table.name, Key: standingKey(policy), ConsistentRead: true }),
      );
      return { version: Item?.['version'] ?? 0, since: Item?.['since'] ?? {} };
    },

    // Of several that start at once, one write succeeds and the others look again: a policy's limit is never exceeded.
    async startScratch(record, startedAt, expiresAt, seen) {
      const sk = sortKey.scratch(record.name);
      const started = {
        Update: {
          TableName: table.name,
          Key: { PK: partition(record.target), SK: sk },
          UpdateExpression: 'set startedAt = :at, expiresAt = :expires',
          ConditionExpression: '#state = :making and attribute_not_exists(startedAt)',
          ExpressionAttributeNames: { '#state': 'state' },
          ExpressionAttributeValues: { ':at': startedAt, ':expires': expiresAt, ':making': 'making' },
        },
      };
      const stands = {
        Put: {
          TableName: table.name,
          Item: {
            ...standingKey(record.policy),
            schemaVersion: SCHEMA_VERSION,
            version: seen.version + 1,
            since: { ...seen.since, [record.name]: startedAt },
          },
          ConditionExpression: 'attribute_not_exists(PK) or version = :seen',
          ExpressionAttributeValues: { ':seen': seen.version },
        },
      };
      try {
        await unlessMet(() =>
          table.client.send(new TransactWriteCommand({ TransactItems: [started, stands] })),
        );
      } catch (error) {
        if (!refused(error)) throw error;
      }
      const stored = await get(table, record.target, sk);
      if (!stored) throw new Error(`there is no scratch instance ${record.name} on record`);
      return stored['startedAt'] === undefined ? undefined : contentOf<ScratchRecord>(stored);
    },

    async identifyScratch(target, name, resourceId) {
      await table.client.send(
        new UpdateCommand({
          TableName: table.name,
          Key: { PK: partition(target), SK: sortKey.scratch(name) },
          UpdateExpression: 'set resourceId = :id',
          ConditionExpression: 'attribute_exists(PK)',
          ExpressionAttributeValues: { ':id': resourceId },
        }),
      );
    },

    // One write ends the record and adds its time, so a second worker finds it ended.
    async endScratch({ target, name }, goneAt) {
      for (;;) {
        const stored = await get(table, target, sortKey.scratch(name));
        if (stored?.['state'] !== 'making') return;
        const TransactItems = ending(table, contentOf<ScratchRecord>(stored), goneAt);
        try {
          await unlessMet(() => table.client.send(new TransactWriteCommand({ TransactItems })));
          return;
        } catch (error) {
          // Another worker has started or ended it.
          if (!refused(error)) throw error;
        }
      }
    },

    async openScratches() {
      return (await open(table, 'scratch')).map((item) => contentOf<ScratchRecord>(item));
    },

    async scratchSeconds(policy, month) {
      const { Item } = await table.client.send(
        new GetCommand({ TableName: table.name, Key: useKey(policy, month), ConsistentRead: true }),
      );
      return Number(Item?.['seconds'] ?? 0);
    },
  };
}

/** The writes that end a record, if it is still as it was read. One that never started has used no time. */
function ending(table: Table, record: ScratchRecord, goneAt: string) {
  const { startedAt } = record;
  const ended = {
    Update: {
      TableName: table.name,
      Key: { PK: partition(record.target), SK: sortKey.scratch(record.name) },
      UpdateExpression: 'set #state = :gone, goneAt = :at remove openShard, openKey',
      ConditionExpression: `#state = :making and ${startedAt ? 'startedAt = :started' : 'attribute_not_exists(startedAt)'}`,
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: {
        ':gone': 'gone',
        ':making': 'making',
        ':at': goneAt,
        ...(startedAt ? { ':started': startedAt } : {}),
      },
    },
  };
  if (!startedAt) return [ended];
  const used = {
    Update: {
      TableName: table.name,
      Key: useKey(record.policy, monthOf(startedAt)),
      UpdateExpression: 'set schemaVersion = :schema add seconds :seconds',
      ExpressionAttributeValues: {
        ':schema': SCHEMA_VERSION,
        ':seconds': Math.max(0, secondsBetween(startedAt, goneAt)),
      },
    },
  };
  const stands = {
    Update: {
      TableName: table.name,
      Key: standingKey(record.policy),
      UpdateExpression: 'remove since.#name add version :one',
      ExpressionAttributeNames: { '#name': record.name },
      ExpressionAttributeValues: { ':one': 1 },
    },
  };
  return [ended, used, stands];
}

const standingKey = (policy: string) => ({ PK: `POLICY#${policy}`, SK: 'STANDING' });
const useKey = (policy: string, month: string) => ({ PK: `POLICY#${policy}`, SK: `SCRATCH#${month}` });
