import { TransactWriteCommand, type TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { ClaimLost, UnderstudyError } from '../../../domain/errors.ts';
import { parsePointId, runName, VAULT } from '../../../domain/names.ts';
import { type DumpPoint, type RecoveryPoint, statesBefore } from '../../../domain/points/recovery-point.ts';
import type { Catalog, PointChanges } from '../../../ports/catalog.ts';
import { holds } from './runs.ts';
import {
  contentOf,
  get,
  newestFirst,
  partition,
  refused,
  refusedAt,
  SCHEMA_VERSION,
  sortKey,
  type Table,
  unlessMet,
} from './table.ts';

type Points = Pick<
  Catalog,
  'putPoint' | 'adoptPoint' | 'movePoint' | 'acquitPoint' | 'pointAt' | 'point' | 'points'
>;
type Statement = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

export function points(table: Table): Points {
  return {
    async putPoint(claim, point) {
      const sk = sortKey.point(point.scheduledFor, point.kind, point.place);
      const before = stateCondition(statesBefore(point.state));
      const statements: Statement[] = [
        {
          ConditionCheck: {
            TableName: table.name,
            Key: { PK: partition(claim.target), SK: sortKey.run(claim.job, claim.scheduledFor) },
            ...holds(claim),
          },
        },
        {
          Put: {
            TableName: table.name,
            Item: { PK: partition(point.target), SK: sk, schemaVersion: SCHEMA_VERSION, ...point },
            ConditionExpression: `attribute_not_exists(PK) or ${before.expression}`,
            ExpressionAttributeNames: { '#state': 'state' },
            ExpressionAttributeValues: before.values,
          },
        },
        statusIsStale(table, point.target),
      ];
      await transact(table, statements, (at) =>
        at === 0
          ? new ClaimLost(runName(claim))
          : new UnderstudyError(
              'point-state',
              `point ${point.id} of ${point.target} may not become ${point.state} from the state it is in`,
            ),
      );
    },

    async adoptPoint(point) {
      const sk = sortKey.point(point.scheduledFor, point.kind, point.place);
      const put: Statement = {
        Put: {
          TableName: table.name,
          Item: { PK: partition(point.target), SK: sk, schemaVersion: SCHEMA_VERSION, ...point },
          ConditionExpression: 'attribute_not_exists(PK)',
        },
      };
      try {
        await transact(table, [put, statusIsStale(table, point.target)], () => new StateRefused());
        return true;
      } catch (error) {
        if (error instanceof StateRefused) return false;
        throw error;
      }
    },

    async movePoint(target, id, to, changes = {}) {
      const known = await this.point(target, id);
      return known
        ? update(table, known, { ...changes, state: to }, stateCondition(statesBefore(to)))
        : false;
    },

    async acquitPoint(target, id, why, changes) {
      const known = await this.point(target, id);
      if (!known) return false;
      const still = {
        expression: '#state = :corrupt and why = :why',
        values: { ':corrupt': 'corrupt', ':why': why },
      };
      return update(table, known, { ...changes, state: 'verified' }, still, ' remove why');
    },

    async pointAt(target, scheduledFor) {
      const item = await get(table, target, sortKey.point(scheduledFor, 'dump', VAULT));
      return item ? contentOf<DumpPoint>(item) : undefined;
    },

    async point(target, id) {
      const name = parsePointId(id);
      if (!name) return undefined;
      const item = await get(table, target, sortKey.point(name.scheduledFor, name.kind, name.place));
      const found = item && contentOf<RecoveryPoint>(item);
      return found?.id === id ? found : undefined;
    },

    async points(target, options = {}) {
      const { limit = Number.POSITIVE_INFINITY, states } = options;
      const found: RecoveryPoint[] = [];
      for await (const item of newestFirst(table, target, 'POINT#')) {
        const point = contentOf<RecoveryPoint>(item);
        if (!states || states.includes(point.state)) found.push(point);
        if (found.length >= limit) break;
      }
      return found;
    },
  };
}

type Condition = { expression: string; values: Record<string, string> };

/** Changes a point if the condition holds; returns whether it did. */
async function update(
  table: Table,
  known: RecoveryPoint,
  changes: PointChanges,
  condition: Condition,
  more = '',
): Promise<boolean> {
  const sets = Object.entries(changes).filter(([, value]) => value !== undefined);
  const statement: Statement = {
    Update: {
      TableName: table.name,
      Key: {
        PK: partition(known.target),
        SK: sortKey.point(known.scheduledFor, known.kind, known.place),
      },
      UpdateExpression: `set ${sets.map(([name]) => `#${name} = :new_${name}`).join(', ')}${more}`,
      ConditionExpression: `id = :id and ${condition.expression}`,
      ExpressionAttributeNames: Object.fromEntries([
        ['#state', 'state'],
        ...sets.map(([name]) => [`#${name}`, name]),
      ]),
      ExpressionAttributeValues: {
        ':id': known.id,
        ...condition.values,
        ...Object.fromEntries(sets.map(([name, value]) => [`:new_${name}`, value])),
      },
    },
  };
  try {
    await transact(table, [statement, statusIsStale(table, known.target)], () => new StateRefused());
    return true;
  } catch (error) {
    if (error instanceof StateRefused) return false;
    throw error;
  }
}

class StateRefused extends Error {}

/**
 * The status of a target is derived: every change of a point marks it stale in the same transaction, so that it
 * cannot stay good.
 */
function statusIsStale(table: Table, target: string): Statement {
  return {
    Update: {
      TableName: table.name,
      Key: { PK: partition(target), SK: sortKey.status },
      UpdateExpression: 'set stale = :yes, schemaVersion = :schema add version :one',
      ExpressionAttributeValues: { ':yes': true, ':one': 1, ':schema': SCHEMA_VERSION },
    },
  };
}

async function transact(
  table: Table,
  statements: Statement[],
  onRefused: (at: number) => Error,
): Promise<void> {
  try {
    await unlessMet(() => table.client.send(new TransactWriteCommand({ TransactItems: statements })));
  } catch (error) {
    throw refused(error) ? onRefused(refusedAt(error)) : error;
  }
}

function stateCondition(states: readonly string[]): Condition {
  const values = Object.fromEntries(states.map((state, index) => [`:before${index}`, state]));
  return { expression: `#state in (${Object.keys(values).join(', ')})`, values };
}
