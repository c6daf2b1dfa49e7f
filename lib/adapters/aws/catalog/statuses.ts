import { BatchGetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Schedule } from '../../../domain/plan/schedule.ts';
import { SCHEDULED_JOBS } from '../../../domain/runs/job.ts';
import { deriveStatus, FEW, MANY, reachFarEnough } from '../../../domain/status/derive-status.ts';
import { isOwedStill, type Owing, type TargetStatus } from '../../../domain/status/target-status.ts';
import { utc } from '../../../domain/time.ts';
import type { Catalog } from '../../../ports/catalog.ts';
import {
  get,
  type Item,
  partition,
  refused,
  SCHEMA_VERSION,
  sortKey,
  type Table,
  unlessMet,
} from './table.ts';

type Statuses = Pick<Catalog, 'statuses' | 'owe' | 'observe' | 'observed' | 'refreshStatus'>;
type Source = Pick<Catalog, 'runs' | 'points' | 'evidence'>;

export function statuses(table: Table, source: Source, home?: string): Statuses {
  const derive = async (target: string, known: Item | undefined): Promise<TargetStatus> => {
    const [points, evidence, ...runs] = await Promise.all([
      recentPoints(source, target),
      source.evidence(target, 50),
      ...SCHEDULED_JOBS.map((job) => source.runs(target, job, 20)),
    ]);
    // A target that had runs before the watch first looked was first seen with its first run.
    const begun = runs
      .flat()
      .map((run) => run.startedAt)
      .sort()[0];
    const firstSeenAt = String(known?.['firstSeenAt'] ?? begun ?? utc(new Date()));
    return deriveStatus(target, firstSeenAt, points, runs.flat(), evidence, {
      ...(home ? { home } : {}),
      ...observed(known),
    });
  };
  /** Writes only over the version that was read: any change since has raised the version. */
  const write = async (target: string, known: Item | undefined, content: Item): Promise<boolean> => {
    const seen = known?.['version'] as number | undefined;
    const Item = {
      ...known,
      ...content,
      PK: partition(target),
      SK: sortKey.status,
      schemaVersion: SCHEMA_VERSION,
      version: (seen ?? 0) + 1,
    };
    const unchanged =
      seen === undefined
        ? { ConditionExpression: 'attribute_not_exists(#version)' }
        : { ConditionExpression: '#version = :seen', ExpressionAttributeValues: { ':seen': seen } };
    try {
      await unlessMet(() =>
        table.client.send(
          new PutCommand({
            TableName: table.name,
            Item,
            ExpressionAttributeNames: { '#version': 'version' },
            ...unchanged,
          }),
        ),
      );
      return true;
    } catch (error) {
      if (refused(error)) return false;
      throw error;
    }
  };

  return {
    async refreshStatus(target) {
      for (;;) {
        const known = await get(table, target, sortKey.status);
        const status = await derive(target, known);
        if (await write(target, known, { status, firstSeenAt: status.firstSeenAt, stale: false }))
          return status;
      }
    },

    async owe(target, schedules, now) {
      for (;;) {
        const known = await get(table, target, sortKey.status);
        const firstSeenAt = String(known?.['firstSeenAt'] ?? utc(now));
        const before = known?.['owed'] as TargetStatus['owed'];
        const owed = Object.fromEntries(
          Object.entries(schedules as Record<string, Schedule>).map(([job, { cron, timezone }]) => {
            const was = before?.[job as Owing];
            const isSame = isOwedStill(job, was, { cron, timezone });
            // A schedule that was there from the start is owed from the start; one that came or changed later, from now.
            const since = isSame ? was.since : before ? utc(now) : firstSeenAt;
            return [job, { cron, timezone, since }];
          }),
        );
        if (await write(target, known, { firstSeenAt, owed, stale: true })) return;
      }
    },

    async observed(target) {
      const { platform, heartbeatAt } = observed(await get(table, target, sortKey.status));
      return { ...(platform ? { platform } : {}), ...(heartbeatAt ? { heartbeatAt } : {}) };
    },

    async observe(target, seen, now) {
      for (;;) {
        const known = await get(table, target, sortKey.status);
        const firstSeenAt = String(known?.['firstSeenAt'] ?? utc(now));
        const status = known?.['status'] as TargetStatus | undefined;
        // The derived part stays; only the observation is new.
        const content = {
          ...seen,
          firstSeenAt,
          ...(status ? { status: { ...status, ...seen } } : { stale: true }),
        };
        if (await write(target, known, content)) return;
      }
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
              item['stale'] === false ? (item['status'] as TargetStatus) : await derive(target, item),
            );
          }
        }
      });
      await Promise.all(lanes);
      return found;
    },
  };
}

/** Frequent dumps must not push the daily snapshot, or a copy, out of sight. */
async function recentPoints(source: Source, target: string) {
  const newest = await source.points(target, { limit: FEW });
  return reachFarEnough(newest) ? newest : source.points(target, { limit: MANY });
}

/** Observations, which are stored beside the derived status and copied into it unchanged. */
function observed(
  known: Item | undefined,
): Pick<TargetStatus, 'owed' | 'platform' | 'heartbeatAt' | 'lastPassed' | 'lastFired'> {
  const { owed, platform, heartbeatAt } = (known ?? {}) as Partial<TargetStatus>;
  const { lastPassed, lastFired } = (known?.['status'] ?? {}) as Partial<TargetStatus>;
  return {
    ...(lastPassed ? { lastPassed } : {}),
    ...(lastFired ? { lastFired } : {}),
    ...(owed ? { owed } : {}),
    ...(platform ? { platform } : {}),
    ...(heartbeatAt ? { heartbeatAt } : {}),
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
