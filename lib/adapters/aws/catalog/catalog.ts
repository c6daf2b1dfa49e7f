import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Evidence } from '../../../domain/proof/evidence.ts';
import type { Catalog } from '../../../ports/catalog.ts';
import { acknowledgements } from './acknowledgements.ts';
import { appChanges } from './app-changes.ts';
import { cancelRequests } from './cancel-requests.ts';
import { findings } from './findings.ts';
import { points } from './points.ts';
import { restores } from './restores.ts';
import { runs } from './runs.ts';
import { scratches } from './scratches.ts';
import { statuses } from './statuses.ts';
import {
  contentOf,
  newestFirst,
  partition,
  SCHEMA_VERSION,
  sortKey,
  type Table,
  unlessMet,
} from './table.ts';
import { timeline } from './timeline.ts';

/** The catalog in one DynamoDB table; table.ts describes the keys. Snapshots in the Region `home` are originals, not copies. */
export function dynamoCatalog(client: DynamoDBDocumentClient, name: string, home?: string): Catalog {
  const table: Table = { client, name };
  const acks = acknowledgements(table);
  const base = {
    ...runs(table),
    ...points(table),
    ...findings(table),
    ...evidence(table),
    ...timeline(table),
    ...scratches(table),
    ...restores(table),
    ...appChanges(table),
    ...acks,
    ...cancelRequests(table),
  };
  return { ...base, ...statuses(table, base, home) };
}

function evidence(table: Table): Pick<Catalog, 'addEvidence' | 'evidence'> {
  return {
    async addEvidence(record) {
      const Item = {
        PK: partition(record.target),
        SK: sortKey.evidence(record.at, record.run),
        schemaVersion: SCHEMA_VERSION,
        ...record,
      };
      await unlessMet(() => table.client.send(new PutCommand({ TableName: table.name, Item })));
    },
    async evidence(target, limit) {
      const found: Evidence[] = [];
      for await (const item of newestFirst(table, target, 'EVIDENCE#', limit))
        found.push(contentOf<Evidence>(item));
      return found;
    },
  };
}
