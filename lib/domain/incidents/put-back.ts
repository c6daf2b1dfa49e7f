import type { RestoreRecord } from './restore-record.ts';

/** A restore that a rollback would put back, and the newest of its target, which may be another one. */
export type PutBackChoice = { newest: RestoreRecord | null; restore: RestoreRecord | null };

/** Is there something of it to put back? Production has its database, it has left something, or its execution has died. */
export function canBePutBack({
  state,
  switched,
  notPutBack,
}: Pick<RestoreRecord, 'state' | 'switched' | 'notPutBack'>): boolean {
  return state === 'running' || (state === 'done' && switched !== undefined) || notPutBack.length > 0;
}

/** The newest that can be put back, of restores with the newest first: one that was rejected hides no earlier one. */
export function chooseToPutBack(restores: readonly RestoreRecord[]): PutBackChoice {
  return { newest: restores[0] ?? null, restore: restores.find(canBePutBack) ?? null };
}

/** What must go back before this one: a later restore that stands on top of it. */
export function goesBackFirst(
  { id }: Pick<RestoreRecord, 'id'>,
  restores: readonly RestoreRecord[],
): RestoreRecord | undefined {
  return restores.find((each) => each.id > id && canBePutBack(each));
}
