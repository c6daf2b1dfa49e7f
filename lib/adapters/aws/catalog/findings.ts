import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { type FindingRecord, openFindingOf } from '../../../domain/findings/finding-record.ts';
import type { Catalog } from '../../../ports/catalog.ts';
import {
  contentOf,
  get,
  type Item,
  newestFirst,
  open,
  openKeys,
  partition,
  refused,
  SCHEMA_VERSION,
  sortKey,
  type Table,
  unlessMet,
} from './table.ts';

export function findings(table: Table): Pick<Catalog, 'finding' | 'putFinding' | 'openFindings'> {
  return {
    async finding(target, code, subject) {
      const item = await get(table, target, sortKey.finding(code, subject));
      return item && contentOf<FindingRecord>(item);
    },

    async putFinding(record) {
      const sk = sortKey.finding(record.code, record.subject);
      const put = new PutCommand({
        TableName: table.name,
        Item: {
          PK: partition(record.target),
          SK: sk,
          schemaVersion: SCHEMA_VERSION,
          ...record,
          ...(record.state === 'open' ? openKeys('finding', record.target, sk) : {}),
        },
        ...(record.version === 1
          ? { ConditionExpression: 'attribute_not_exists(PK)' }
          : {
              ConditionExpression: '#version = :seen',
              ExpressionAttributeNames: { '#version': 'version' },
              ExpressionAttributeValues: { ':seen': record.version - 1 },
            }),
      });
      try {
        await unlessMet(() => table.client.send(put));
        return true;
      } catch (error) {
        if (refused(error)) return false;
        throw error;
      }
    },

    async openFindings(target) {
      const items =
        target === undefined
          ? await open(table, 'finding')
          : await all(newestFirst(table, target, 'FINDING#'));
      return items
        .map((item) => contentOf<FindingRecord>(item))
        .filter(({ state }) => state === 'open')
        .map(openFindingOf);
    },
  };
}

async function all(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}
