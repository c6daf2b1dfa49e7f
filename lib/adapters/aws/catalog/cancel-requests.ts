import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { RunName } from '../../../domain/names.ts';
import type { CancelRequest } from '../../../domain/runs/run.ts';
import type { Catalog } from '../../../ports/catalog.ts';
import { contentOf, SCHEMA_VERSION, type Table } from './table.ts';

/** Partitions of their own, like acknowledgements: the function `operator` may write to both and to nothing else. */
const keyOfRequest = ({ target, job, scheduledFor }: RunName) => ({
  PK: `CANCEL#${target}`,
  SK: `${job}#${scheduledFor}`,
});

export function cancelRequests(table: Table): Pick<Catalog, 'requestCancel' | 'cancelRequest'> {
  return {
    async requestCancel(request) {
      const Item = { ...keyOfRequest(request), schemaVersion: SCHEMA_VERSION, ...request };
      await table.client.send(new PutCommand({ TableName: table.name, Item }));
    },
    async cancelRequest(claim) {
      const { Item } = await table.client.send(
        new GetCommand({ TableName: table.name, Key: keyOfRequest(claim), ConsistentRead: true }),
      );
      // A request for an earlier attempt does not concern this one.
      return Item?.['token'] === claim.token ? contentOf<CancelRequest>(Item) : undefined;
    },
  };
}
