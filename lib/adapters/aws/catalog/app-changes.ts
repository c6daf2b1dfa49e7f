import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { ClaimLost } from '../../../domain/errors.ts';
import { type AppChange, isChanging } from '../../../domain/incidents/app-change.ts';
import type { Catalog } from '../../../ports/catalog.ts';
import {
  contentOf,
  get,
  partition,
  refused,
  SCHEMA_VERSION,
  sortKey,
  type Table,
  unlessMet,
} from './table.ts';

type AppChanges = Pick<Catalog, 'beginAppChange' | 'putAppChange' | 'appChange'>;

/** One item a target: its last change is the lock as well. The timeline has those before it. */
export function appChanges(table: Table): AppChanges {
  const put = (record: AppChange, condition: object) =>
    unlessMet(() =>
      table.client.send(new PutCommand({ TableName: table.name, Item: itemOf(record), ...condition })),
    );
  const appChange = async (target: string) => {
    const found = await get(table, target, sortKey.appChange);
    return found && contentOf<AppChange>(found);
  };
  return {
    appChange,

    async beginAppChange(record, now) {
      for (;;) {
        const known = await appChange(record.target);
        // The same request may arrive twice.
        if (known && (isChanging(known, now) || known.id === record.id)) return known;
        try {
          await put(record, known ? isStill(known) : { ConditionExpression: 'attribute_not_exists(PK)' });
          return record;
        } catch (error) {
          // Another has begun meanwhile: look again.
          if (!refused(error)) throw error;
        }
      }
    },

    async putAppChange(record) {
      try {
        await put(record, {
          ConditionExpression: '#token = :token',
          ExpressionAttributeNames: { '#token': 'token' },
          ExpressionAttributeValues: { ':token': record.token },
        });
      } catch (error) {
        throw refused(error) ? new ClaimLost(`${record.job} of ${record.target}`) : error;
      }
    },
  };
}

const isStill = ({ token, state }: AppChange) => ({
  ConditionExpression: '#token = :token and #state = :state',
  ExpressionAttributeNames: { '#token': 'token', '#state': 'state' },
  ExpressionAttributeValues: { ':token': token, ':state': state },
});

const itemOf = (record: AppChange) => ({
  PK: partition(record.target),
  SK: sortKey.appChange,
  schemaVersion: SCHEMA_VERSION,
  ...record,
});
