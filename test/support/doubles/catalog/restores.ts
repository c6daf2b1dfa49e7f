import { RestoreTaken } from '../../../../lib/domain/errors.ts';
import {
  holderOf,
  isOpen,
  isStanding,
  type RestoreAnswer,
  type RestoreRecord,
} from '../../../../lib/domain/incidents/restore-record.ts';
import type { Catalog } from '../../../../lib/ports/catalog.ts';
import { copy, newestFirst, type Store } from './store.ts';

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

export function memoryRestores({ restores, restoreAnswers }: Store): Restores {
  const lastWorkedOn = new Map<string, string>();
  const keyOf = (target: string, id: string) => `${target} ${id}`;
  const of = (target: string) => [...restores.values()].filter((each) => each.target === target);
  const answered = (target: string, id: string, word: string): RestoreAnswer | undefined =>
    restoreAnswers.get(`${keyOf(target, id)} ${word}`);
  const refuseTaken = (record: Pick<RestoreRecord, 'target' | 'id' | 'token' | 'takenBy'>) => {
    const known = restores.get(keyOf(record.target, record.id));
    if (!known || holderOf(known) !== holderOf(record)) throw new RestoreTaken(record.target, record.id);
    return known;
  };
  return {
    async beginRestore(record) {
      const known = restores.get(keyOf(record.target, record.id));
      const holder = known ?? of(record.target).find(isOpen);
      if (!holder) restores.set(keyOf(record.target, record.id), copy(record));
      if (!holder) lastWorkedOn.set(record.target, record.id);
      return copy(holder ?? record);
    },
    async takeRestore(record, seen, newest = record.id) {
      const known = restores.get(keyOf(record.target, record.id));
      const isAsSeen = known?.state === seen.state && known.aliveUntil === seen.aliveUntil;
      const others = newestFirst(of(record.target), (each) => each.id);
      const isFree =
        others[0]?.id === newest && !others.some((each) => each.id !== record.id && isOpen(each));
      const taken = isFree && (isAsSeen || known?.takenBy === record.takenBy);
      if (taken) restores.set(keyOf(record.target, record.id), copy(record));
      if (taken) lastWorkedOn.set(record.target, record.id);
      return taken;
    },
    async putRestore(record) {
      refuseTaken(record);
      restores.set(keyOf(record.target, record.id), copy(record));
    },
    async renewRestore(record, aliveUntil) {
      restores.set(keyOf(record.target, record.id), { ...refuseTaken(record), aliveUntil });
    },
    standingRestores: async () => [...restores.values()].filter(isStanding).map(copy),
    async restore(target, id) {
      return copy(restores.get(keyOf(target, id ?? lastWorkedOn.get(target) ?? '')));
    },
    restoresOf: async (target) => newestFirst(of(target), (each) => each.id),
    async answerRestore(answer) {
      const word = answer.answer === 'abort' ? 'abort' : 'decided';
      const key = `${keyOf(answer.target, answer.restore)} ${word}`;
      if (!restoreAnswers.has(key)) restoreAnswers.set(key, copy(answer));
      return copy(restoreAnswers.get(key)!);
    },
    async restoreAnswers(target, id) {
      const decided = answered(target, id, 'decided');
      const abort = answered(target, id, 'abort');
      return copy({ ...(decided && { decided }), ...(abort && { abort }) });
    },
  };
}
