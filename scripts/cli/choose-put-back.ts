import { InputError } from '../../lib/domain/errors.ts';
import { canBePutBack, type PutBackChoice } from '../../lib/domain/incidents/put-back.ts';
import { newName, type RestoreRecord } from '../../lib/domain/incidents/restore-record.ts';
import { shortMoment } from '../../lib/domain/time.ts';
import { hasTyped } from './ask-person.ts';
import { optionFor, understudyOf } from './for-shell.ts';
import { readRestore } from './restore-requests.ts';
import type { Session } from './session.ts';

/**
 * The restore that a rollback puts back: the named one, else the newest that can be. If that is not the newest of all, it
 * may be long ago, and a person must mean it: undefined if they do not.
 */
export async function chooseRollback(
  session: Session,
  target: string,
  { restore: named, reason }: { restore?: string | undefined; reason?: string | undefined },
): Promise<RestoreRecord | undefined> {
  if (named !== undefined) return requirePutBack(target, await readRestore(session, target, named), named);
  const { newest, restore } = await session.invoke<PutBackChoice>('operator', { ask: 'to-put-back', target });
  if (!restore || !newest) return requirePutBack(target, newest);
  if (restore.id === newest.id) return restore;
  const again = `${understudyOf(session)} restore rollback ${target} --restore ${restore.id}${optionFor('reason', reason)}`;
  return (await hasTyped(target, question(newest, restore), { again })) ? restore : undefined;
}

function requirePutBack(target: string, record: RestoreRecord | null, named?: string): RestoreRecord {
  if (record && canBePutBack(record)) return record;
  if (!record)
    throw new InputError(
      named ? `there is no restore ${named} of ${target}` : `nobody has restored ${target} yet`,
      [],
      `./understudy restore ${target} shows the ways back`,
    );
  throw new InputError(
    record.state === 'rolled-back'
      ? `the restore ${record.id} of ${target} is rolled back already`
      : `the restore ${record.id} of ${target} is ${record.state}: there is nothing to put back`,
    [],
    `./understudy restore status ${target}`,
  );
}

function question(newest: RestoreRecord, restore: RestoreRecord): string[] {
  const { target, id, switched, old } = restore;
  return [
    `the last restore of ${target}, ${newest.id}, is ${newest.state}: there is nothing to put back of it`,
    ...(switched
      ? [
          `${id} gave the application ${newName(restore)} at ${shortMoment(switched.at)} UTC; going back closes that and opens ${switched.oldIs ?? old?.name}`,
          `everything written since ${shortMoment(switched.at)} UTC is missing then: it stays in ${newName(restore)}`,
        ]
      : [`${id} is ${restore.state}, and left: ${restore.notPutBack.join('; ')}`]),
  ];
}
