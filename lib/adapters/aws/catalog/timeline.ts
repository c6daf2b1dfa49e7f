import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { TimelineEvent } from '../../../domain/status/timeline-event.ts';
import type { Catalog } from '../../../ports/catalog.ts';
import { contentOf, newestFirst, partition, refused, SCHEMA_VERSION, sortKey, type Table } from './table.ts';

type Timeline = Pick<Catalog, 'addEvent' | 'timeline' | 'awaitNotice' | 'awaiting'>;

/** How long a waiting execution is remembered, in seconds; then the table's time-to-live removes it. */
const REMEMBERED = 2 * 86_400;

export function timeline(table: Table): Timeline {
  return {
    async addEvent(event) {
      const Item = {
        PK: partition(event.target),
        SK: sortKey.timeline(event.at, event.id),
        schemaVersion: SCHEMA_VERSION,
        ...event,
      };
      try {
        await table.client.send(
          new PutCommand({ TableName: table.name, Item, ConditionExpression: 'attribute_not_exists(PK)' }),
        );
        return true;
      } catch (error) {
        if (refused(error)) return false;
        throw error;
      }
    },

    async timeline(target, limit) {
      const found: TimelineEvent[] = [];
      for await (const item of newestFirst(table, target, 'TIMELINE#', limit))
        found.push(contentOf<TimelineEvent>(item));
      return found;
    },

    async awaitNotice(subject, token, now) {
      const Item = {
        ...waitKey(subject),
        schemaVersion: SCHEMA_VERSION,
        token,
        goneAfter: Math.floor(now.getTime() / 1000) + REMEMBERED,
      };
      await table.client.send(new PutCommand({ TableName: table.name, Item }));
    },

    async awaiting(subject) {
      const { Item } = await table.client.send(
        new GetCommand({ TableName: table.name, Key: waitKey(subject), ConsistentRead: true }),
      );
      return Item?.['token'] as string | undefined;
    },
  };
}

const waitKey = (subject: string) => ({ PK: `WAIT#${subject}`, SK: 'WAIT' });
