import { randomUUID } from 'node:crypto';
import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { ClaimLost } from '../../../domain/errors.ts';
import { runName } from '../../../domain/names.ts';
import type { Claim, Run } from '../../../domain/runs/run.ts';
import { plusSeconds, utc } from '../../../domain/time.ts';
import type { Catalog, RunResult } from '../../../ports/catalog.ts';
import {
  contentOf,
  get,
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

type Runs = Pick<Catalog, 'claim' | 'renew' | 'finish' | 'run' | 'runs' | 'openRuns'>;

export function runs(table: Table): Runs {
  const read = async (name: { target: string; job: string; scheduledFor: string }) => {
    const item = await get(table, name.target, sortKey.run(name.job, name.scheduledFor));
    return item ? contentOf<Run>(item) : undefined;
  };
  return {
    async claim(request) {
      const { target, job, scheduledFor, now, leaseSeconds } = request;
      const sk = sortKey.run(job, scheduledFor);
      // Made once: when the answer to a successful write is lost, the retry recognizes the claim as its own.
      const token = request.token ?? randomUUID();
      for (;;) {
        const known = await read(request);
        if (known?.state === 'succeeded' && !request.again) return { outcome: 'done', run: known };
        if (known?.state === 'running' && known.claimToken === token) {
          await this.renew(claimOf(known), plusSeconds(now, leaseSeconds));
          return { outcome: 'claimed', claim: claimOf(known) };
        }
        if (known?.state === 'running' && new Date(known.leaseUntil) > now)
          return { outcome: 'held', until: known.leaseUntil };
        const run: Run = {
          job,
          target,
          scheduledFor,
          state: 'running',
          attempt: (known?.attempt ?? 0) + 1,
          requestedBy: request.requestedBy,
          reason: request.reason,
          label: request.label,
          startedAt: utc(now),
          leaseUntil: plusSeconds(now, leaseSeconds).toISOString(),
          claimToken: token,
        };
        // Two workers that saw the same state both write; the condition accepts one, and the other looks again.
        const unchanged = known
          ? {
              ConditionExpression: 'claimToken = :seen and #state = :state and leaseUntil = :lease',
              ExpressionAttributeNames: { '#state': 'state' },
              ExpressionAttributeValues: {
                ':seen': known.claimToken,
                ':state': known.state,
                ':lease': known.leaseUntil,
              },
            }
          : { ConditionExpression: 'attribute_not_exists(PK)' };
        try {
          await unlessMet(() =>
            table.client.send(
              new PutCommand({
                TableName: table.name,
                Item: {
                  PK: partition(target),
                  SK: sk,
                  schemaVersion: SCHEMA_VERSION,
                  ...run,
                  ...openKeys('run', target, sk),
                },
                ...unchanged,
              }),
            ),
          );
          return {
            outcome: 'claimed',
            claim: claimOf(run),
            ...(known?.state === 'running' ? { takenOverFrom: known } : {}),
          };
        } catch (error) {
          if (!refused(error)) throw error;
        }
      }
    },

    async renew(claim, leaseUntil) {
      await heldUpdate(table, claim, 'set leaseUntil = :lease', { ':lease': leaseUntil.toISOString() });
    },

    async finish(claim, result) {
      const sets = `set #state = :state, endedAt = :ended, summary = :summary${result.point ? ', point = :point' : ''}${result.error ? ', #error = :error' : ''}${result.extracted ? ', extracted = :extracted' : ''}`;
      try {
        await heldUpdate(
          table,
          claim,
          `${sets} remove openShard, openKey`,
          resultValues(result),
          result.error ? { '#error': 'error' } : {},
        );
      } catch (error) {
        // An earlier attempt ended the run, and the answer was lost: ending it again changes nothing.
        const known = error instanceof ClaimLost ? await read(claim) : undefined;
        if (known?.claimToken !== claim.token || known.state !== result.state) throw error;
      }
    },

    run: read,

    async runs(target, job, limit) {
      const found: Run[] = [];
      for await (const item of newestFirst(table, target, `RUN#${job}#`, limit))
        found.push(contentOf<Run>(item));
      return found;
    },

    async openRuns() {
      return (await open(table, 'run')).map((item) => contentOf<Run>(item));
    },
  };
}

function claimOf(run: Run): Claim {
  return {
    job: run.job,
    target: run.target,
    scheduledFor: run.scheduledFor,
    token: run.claimToken,
    attempt: run.attempt,
  };
}

function resultValues(result: RunResult): Record<string, unknown> {
  return {
    ':state': result.state,
    ':ended': result.endedAt,
    ':summary': result.summary,
    ...(result.point ? { ':point': result.point } : {}),
    ...(result.error ? { ':error': result.error } : {}),
    ...(result.extracted ? { ':extracted': result.extracted } : {}),
  };
}

/** The condition of the claim holder's writes: its token, on a run that is still running. */
export function holds(claim: Claim): {
  ConditionExpression: string;
  ExpressionAttributeNames: Record<string, string>;
  ExpressionAttributeValues: Record<string, unknown>;
} {
  return {
    ConditionExpression: 'claimToken = :token and #state = :running',
    ExpressionAttributeNames: { '#state': 'state' },
    ExpressionAttributeValues: { ':token': claim.token, ':running': 'running' },
  };
}

async function heldUpdate(
  table: Table,
  claim: Claim,
  expression: string,
  values: Record<string, unknown>,
  names: Record<string, string> = {},
): Promise<void> {
  const condition = holds(claim);
  try {
    await unlessMet(() =>
      table.client.send(
        new UpdateCommand({
          TableName: table.name,
          Key: { PK: partition(claim.target), SK: sortKey.run(claim.job, claim.scheduledFor) },
          UpdateExpression: expression,
          ConditionExpression: condition.ConditionExpression,
          ExpressionAttributeNames: { ...condition.ExpressionAttributeNames, ...names },
          ExpressionAttributeValues: { ...condition.ExpressionAttributeValues, ...values },
        }),
      ),
    );
  } catch (error) {
    throw refused(error) ? new ClaimLost(runName(claim)) : error;
  }
}
