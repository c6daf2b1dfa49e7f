import { BatchGetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { deriveStatus } from '../../../domain/derive-status.ts';
import { SCHEDULED_JOBS } from '../../../domain/job.ts';
import type { TargetStatus } from '../../../domain/target-status.ts';
import { utc } from '../../../domain/time.ts';
import type { Catalog } from '../../../ports/catalog.ts';
import { get, type Item, partition, refused, SCHEMA_VERSION, sortKey, type Table } from './table.ts';

type Statuses = Pick<Catalog, 'statuses' | 'firstSeen' | 'refreshStatus'>;
type Source = Pick<Catalog, 'runs' | 'points' | 'evidence'>;

export function statuses(table: Table, source: Source): Statuses {
  const refresh = async (target: string): Promise<TargetStatus> => {
    for (;;) {
      const known = await get(table, target, sortKey.status);
      const [points, evidence, ...runs] = await Promise.all([
        source.points(target, { limit: 100 }),
        source.evidence(target, 20),
        ...SCHEDULED_JOBS.map((job) => source.runs(target, job, 20)),
      ]);
      // Whoever ran before the watch first looked was first seen then.
      const begun = runs
        .flat()
        .map((run) => run.startedAt)
        .sort()[0];
      const firstSeenAt = String(known?.['firstSeenAt'] ?? begun ?? utc(new Date()));
      const status = deriveStatus(target, firstSeenAt, points, runs.flat(), evidence);
      const seen = known?.['version'] as number | undefined;
      try {
        // A change while it was derived raised the version: derive again rather than keep something old.
        await table.client.send(
          new PutCommand({
            TableName: table.name,
            Item: {
              PK: partition(target),
              SK: sortKey.status,
              schemaVersion: SCHEMA_VERSION,
              status,
              firstSeenAt: status.firstSeenAt,
              stale: false,
              version: (seen ?? 0) + 1,
            },
            ...(seen === undefined
              ? {
                  ConditionExpression: 'attribute_not_exists(#version)',
                  ExpressionAttributeNames: { '#version': 'version' },
                }
              : {
                  ConditionExpression: '#version = :seen',
                  ExpressionAttributeNames: { '#version': 'version' },
                  ExpressionAttributeValues: { ':seen': seen },
                }),
          }),
        );
        return status;
      } catch (error) {
        if (!refused(error)) throw error;
      }
    }
  };

  return {
    refreshStatus: refresh,

    async firstSeen(target, now) {
      await table.client.send(
        new UpdateCommand({
          TableName: table.name,
          Key: { PK: partition(target), SK: sortKey.status },
          UpdateExpression:
            'set firstSeenAt = if_not_exists(firstSeenAt, :now), stale = :yes, schemaVersion = :schema add version :one',
          ExpressionAttributeValues: { ':now': utc(now), ':yes': true, ':one': 1, ':schema': SCHEMA_VERSION },
        }),
      );
    },

    async statuses(targets) {
      const found = new Map<string, TargetStatus>();
      const batches = Array.from({ length: Math.ceil(targets.length / 100) }, (_, index) =>
        targets.slice(index * 100, index * 100 + 100),
      );
      const lanes = Array.from({ length: 8 }, async () => {
        for (let batch = batches.pop(); batch; batch = batches.pop()) {
          for (const item of await batchGet(table, batch)) {
            const target = String(item['PK']).slice('TARGET#'.length);
            if (item['firstSeenAt'] === undefined) continue;
            found.set(
              target,
              item['stale'] === false ? (item['status'] as TargetStatus) : await refresh(target),
            );
          }
        }
      });
      await Promise.all(lanes);
      return found;
    },
  };
}

async function batchGet(table: Table, targets: readonly string[]): Promise<Item[]> {
  const found: Item[] = [];
  let keys: Item[] = targets.map((target) => ({ PK: partition(target), SK: sortKey.status }));
  for (let attempt = 0; keys.length > 0; attempt++) {
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(2000, 50 * 2 ** attempt)));
    const page = await table.client.send(
      new BatchGetCommand({ RequestItems: { [table.name]: { Keys: keys, ConsistentRead: true } } }),
    );
    found.push(...(page.Responses?.[table.name] ?? []));
    keys = page.UnprocessedKeys?.[table.name]?.Keys ?? [];
  }
  return found;
}
