import { reasonOf } from '../../domain/errors.ts';
import { readersOfOld } from './databases.ts';
import type { Restoring } from './restoring.ts';

/** Who reads the changes of the old database, and what it means that nothing is written to it any more. */
export async function readersLeftBehind(restoring: Restoring): Promise<string[]> {
  const { old } = restoring.log.record;
  const readers = await readersOfOld(restoring, 'look who reads its changes').catch((error) =>
    reasonOf(error),
  );
  if (typeof readers === 'string') return [`who reads the changes of ${old!.name}: unknown (${readers})`];
  return readers.map(
    ({ name }) =>
      `replication slot ${name}: stays with ${old!.name}, and after the cutover the server keeps every change for it, of all its databases, until its disk is full or the slot is dropped; its consumer starts over with the new one`,
  );
}

/** What ends that, once production has the new database: a rollback would need them. */
export async function stepsForReaders(restoring: Restoring): Promise<string[]> {
  const { kind, old, switched } = restoring.log.record;
  if (kind !== 'database') return [];
  const name = switched?.oldIs ?? old!.name;
  const readers = await readersOfOld(restoring, 'look who reads the changes of the old one').catch(
    () => undefined,
  );
  if (!readers)
    return [
      `look which replication slots ${name} has, and drop them: the server keeps every change for them`,
    ];
  return readers.map(
    ({ name: reader, end }) =>
      `the server keeps every change for the replication slot ${reader} of ${name}, until its disk is full; before that, and when you do not go back: ${end}`,
  );
}
