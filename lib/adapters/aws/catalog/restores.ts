import { PutCommand, QueryCommand, TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { RestoreTaken } from '../../../domain/errors.ts';
import {
  holderOf,
  isOpen,
  isStanding,
  type RestoreAnswer,
  type RestoreRecord,
} from '../../../domain/incidents/restore-record.ts';
import type { Catalog } from '../../../ports/catalog.ts';
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

type Restores = Pick<
  Catalog,
  | 'beginRestore'
  | 'takeRestore'
  | 'putRestore'
  | 'renewRestore'
  | 'standingRestores'
  | 'restore'
  | 'restoresOf'
  | 'answerRestore'
  | 'restoreAnswers'
>;

/**
 * Emergency restores: their records, one lock a target, and people's answers in partitions of their own. The lock names
 * the restore that was last worked on: the newest, or an earlier one since its rollback.
 */
export function restores(table: Table): Restores {
  const recordOf = async (target: string, id: string | undefined) => {
    const found = id === undefined ? undefined : await get(table, target, sortKey.restore(id));
    return found && contentOf<RestoreRecord>(found);
  };
  return {
    async beginRestore(record) {
      for (;;) {
        const known = await recordOf(record.target, record.id);
        if (known) return known;
        const lock = await get(table, record.target, LOCK);
        const holder = await recordOf(record.target, lock && String(lock['restore']));
        if (isOpen(holder)) return holder;
        const TransactItems = [
          {
            Put: {
              TableName: table.name,
              Item: itemOf(record),
              ConditionExpression: 'attribute_not_exists(PK)',
            },
          },
          lockedBy(table, record, lock && String(lock['restore'])),
          // Nobody begins to roll the last one back meanwhile.
          ...(holder ? [{ ConditionCheck: { ...keyOf(table, holder), ...asSeen(holder) } }] : []),
        ];
        try {
          await unlessMet(() => table.client.send(new TransactWriteCommand({ TransactItems })));
          return record;
        } catch (error) {
          // Another has begun meanwhile: look again.
          if (!refused(error)) throw error;
        }
      }
    },

    async takeRestore(record, seen, newest = record.id) {
      const lock = await get(table, record.target, LOCK);
      const lastWorkedOn = lock && String(lock['restore']);
      // Read after the lock: whoever begins from here on changes it.
      for await (const { id } of newestFirst(table, record.target, 'RESTORE#', 1))
        if (id !== newest) return false;
      const other = lastWorkedOn === record.id ? undefined : await recordOf(record.target, lastWorkedOn);
      if (isOpen(other)) return false;
      const { ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues } = asSeen(seen);
      const taken = {
        ...{ TableName: table.name, Item: itemOf(record) },
        ConditionExpression: `(${ConditionExpression}) or takenBy = :takenBy`,
        ExpressionAttributeNames,
        ExpressionAttributeValues: { ...ExpressionAttributeValues, ':takenBy': record.takenBy },
      };
      const TransactItems = [
        { Put: taken },
        lockedBy(table, record, lastWorkedOn),
        // Nobody begins to roll that one back meanwhile.
        ...(other ? [{ ConditionCheck: { ...keyOf(table, other), ...asSeen(other) } }] : []),
      ];
      try {
        await unlessMet(() => table.client.send(new TransactWriteCommand({ TransactItems })));
        return true;
      } catch (error) {
        if (refused(error)) return false;
        throw error;
      }
    },

    async putRestore(record) {
      // The lock is not deleted: who begins next looks at the record that it names.
      const put = new PutCommand({ TableName: table.name, Item: itemOf(record), ...ifHeldBy(record) });
      await unlessTaken(record, table.client.send(put));
    },

    async renewRestore(record, aliveUntil) {
      const { ExpressionAttributeValues, ...held } = ifHeldBy(record);
      const renewal = new UpdateCommand({
        ...keyOf(table, record),
        ...held,
        UpdateExpression: 'set aliveUntil = :until',
        ExpressionAttributeValues: { ...ExpressionAttributeValues, ':until': aliveUntil },
      });
      await unlessTaken(record, table.client.send(renewal));
    },

    standingRestores: async () =>
      (await open(table, 'restore')).map((item) => contentOf<RestoreRecord>(item)),

    async restore(target, id) {
      if (id !== undefined) return recordOf(target, id);
      const lock = await get(table, target, LOCK);
      return recordOf(target, lock && String(lock['restore']));
    },

    async restoresOf(target) {
      const records: RestoreRecord[] = [];
      for await (const item of newestFirst(table, target, 'RESTORE#'))
        records.push(contentOf<RestoreRecord>(item));
      return records;
    },

    async answerRestore(answer) {
      const Item = { ...answerKey(answer), schemaVersion: SCHEMA_VERSION, ...answer };
      try {
        await table.client.send(
          new PutCommand({ TableName: table.name, Item, ConditionExpression: 'attribute_not_exists(PK)' }),
        );
        return answer;
      } catch (error) {
        if (!refused(error)) throw error;
        const { decided, abort } = await answersTo(table, answer.target, answer.restore);
        return (answer.answer === 'abort' ? abort : decided) ?? answer;
      }
    },

    restoreAnswers: (target, id) => answersTo(table, target, id),
  };
}

const LOCK = 'LOCK#restore';

function itemOf(record: RestoreRecord) {
  const SK = sortKey.restore(record.id);
  return {
    ...{ PK: partition(record.target), SK, schemaVersion: SCHEMA_VERSION },
    ...(isStanding(record) ? openKeys('restore', record.target, SK) : {}),
    ...record,
  };
}

const keyOf = (table: Table, { target, id }: Pick<RestoreRecord, 'target' | 'id'>) => ({
  TableName: table.name,
  Key: { PK: partition(target), SK: sortKey.restore(id) },
});

/** The record has neither begun nor ended since. */
const asSeen = ({ state, aliveUntil }: Pick<RestoreRecord, 'state' | 'aliveUntil'>) => ({
  ConditionExpression: '#state = :state and aliveUntil = :aliveUntil',
  ExpressionAttributeNames: { '#state': 'state' },
  ExpressionAttributeValues: { ':state': state, ':aliveUntil': aliveUntil },
});

/** The execution that writes is the one that works on it. */
const ifHeldBy = (record: Pick<RestoreRecord, 'token' | 'takenBy'>) => ({
  ConditionExpression: 'takenBy = :holder or (attribute_not_exists(takenBy) and #token = :holder)',
  ExpressionAttributeNames: { '#token': 'token' },
  ExpressionAttributeValues: { ':holder': holderOf(record) },
});

async function unlessTaken(
  { target, id }: Pick<RestoreRecord, 'target' | 'id'>,
  write: Promise<unknown>,
): Promise<void> {
  await write.catch((error) => {
    throw refused(error) ? new RestoreTaken(target, id) : error;
  });
}

/** Takes the lock, if it is still held as it was seen. */
function lockedBy(table: Table, { target, id }: RestoreRecord, seen: string | undefined) {
  const Item = { PK: partition(target), SK: LOCK, schemaVersion: SCHEMA_VERSION, restore: id };
  return {
    Put: {
      TableName: table.name,
      Item,
      ...(seen === undefined
        ? { ConditionExpression: 'attribute_not_exists(PK)' }
        : {
            ConditionExpression: '#restore = :seen',
            ExpressionAttributeNames: { '#restore': 'restore' },
            ExpressionAttributeValues: { ':seen': seen },
          }),
    },
  };
}

/** Partitions of their own: the function `approve` may write to them and to nothing else. */
const answerKey = ({ target, restore, answer }: Pick<RestoreAnswer, 'target' | 'restore' | 'answer'>) => ({
  PK: `ANSWER#${target}`,
  SK: `${restore}#${answer === 'abort' ? 'abort' : 'decided'}`,
});

async function answersTo(
  table: Table,
  target: string,
  restore: string,
): Promise<{ decided?: RestoreAnswer; abort?: RestoreAnswer }> {
  const { Items = [] } = await table.client.send(
    new QueryCommand({
      TableName: table.name,
      KeyConditionExpression: 'PK = :pk and begins_with(SK, :restore)',
      ExpressionAttributeValues: { ':pk': `ANSWER#${target}`, ':restore': `${restore}#` },
      ConsistentRead: true,
    }),
  );
  const answers = Items.map((item) => contentOf<RestoreAnswer>(item));
  const decided = answers.find(({ answer }) => answer !== 'abort');
  const abort = answers.find(({ answer }) => answer === 'abort');
  return { ...(decided && { decided }), ...(abort && { abort }) };
}
