import { GetCommand, PutCommand, TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { monthOf, type ScratchRecord } from '../../../domain/scratch.ts';
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
  'beginScratch' | 'startScratch' | 'identifyScratch' | 'endScratch' | 'openScratches' | 'scratchSeconds'
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
            // One that is gone has been accounted for: another attempt of the same run begins anew.
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

    async startScratch(target, name, startedAt, expiresAt) {
      const sk = sortKey.scratch(name);
      try {
        await table.client.send(
          new UpdateCommand({
            TableName: table.name,
            Key: { PK: partition(target), SK: sk },
            UpdateExpression: 'set startedAt = :at, expiresAt = :expires',
            ConditionExpression: 'attribute_exists(PK) and attribute_not_exists(startedAt)',
            ExpressionAttributeValues: { ':at': startedAt, ':expires': expiresAt },
          }),
        );
      } catch (error) {
        if (!refused(error)) throw error;
      }
      return contentOf<ScratchRecord>((await get(table, target, sk))!);
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

    // Ended and accounted for in one write, and once: whoever comes second finds it gone.
    async endScratch(record, goneAt) {
      const stored = await get(table, record.target, sortKey.scratch(record.name));
      const startedAt = stored?.['startedAt'] as string | undefined;
      const ended = {
        Update: {
          TableName: table.name,
          Key: { PK: partition(record.target), SK: sortKey.scratch(record.name) },
          UpdateExpression: 'set #state = :gone, goneAt = :at remove openShard, openKey',
          ConditionExpression: 'attribute_exists(PK) and #state <> :gone',
          ExpressionAttributeNames: { '#state': 'state' },
          ExpressionAttributeValues: { ':gone': 'gone', ':at': goneAt },
        },
      };
      const used = {
        Update: {
          TableName: table.name,
          Key: useKey(record.policy, monthOf(startedAt ?? record.beganAt)),
          UpdateExpression: 'set schemaVersion = :schema add seconds :seconds',
          ExpressionAttributeValues: {
            ':schema': SCHEMA_VERSION,
            ':seconds': startedAt ? Math.max(0, secondsBetween(startedAt, goneAt)) : 0,
          },
        },
      };
      try {
        await unlessMet(() => table.client.send(new TransactWriteCommand({ TransactItems: [ended, used] })));
      } catch (error) {
        if (!refused(error)) throw error;
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

const useKey = (policy: string, month: string) => ({ PK: `POLICY#${policy}`, SK: `SCRATCH#${month}` });
