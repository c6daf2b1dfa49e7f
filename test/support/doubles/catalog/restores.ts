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
  | 'answerRestore'
  | 'restoreAnswers'
>;

export function memoryRestores({ restores, restoreAnswers }: Store): Restores {
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
      return copy(holder ?? record);
    },
    async takeRestore(record, seen) {
      const known = restores.get(keyOf(record.target, record.id));
      const isAsSeen = known?.state === seen.state && known.aliveUntil === seen.aliveUntil;
      const isLast = newestFirst(of(record.target), (each) => each.startedAt)[0]?.id === record.id;
      const taken = isLast && (isAsSeen || known?.takenBy === record.takenBy);
      if (taken) restores.set(keyOf(record.target, record.id), copy(record));
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
      const wanted = id === undefined ? newestFirst(of(target), (each) => each.id)[0] : undefined;
      return copy(id === undefined ? wanted : restores.get(keyOf(target, id)));
    },
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
