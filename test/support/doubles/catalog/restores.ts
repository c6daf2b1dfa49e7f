import { isUnderWay, type RestoreAnswer } from '../../../../lib/domain/incidents/restore-record.ts';
import type { Catalog } from '../../../../lib/ports/catalog.ts';
import { copy, newestFirst, type Store } from './store.ts';

type Restores = Pick<
  Catalog,
  'beginRestore' | 'takeRestore' | 'putRestore' | 'restore' | 'answerRestore' | 'restoreAnswers'
>;

export function memoryRestores({ restores, restoreAnswers }: Store): Restores {
  const keyOf = (target: string, id: string) => `${target} ${id}`;
  const of = (target: string) => [...restores.values()].filter((each) => each.target === target);
  const answered = (target: string, id: string, word: string): RestoreAnswer | undefined =>
    restoreAnswers.get(`${keyOf(target, id)} ${word}`);
  return {
    async beginRestore(record, now) {
      const known = restores.get(keyOf(record.target, record.id));
      const holder = known ?? of(record.target).find((each) => isUnderWay(each, now));
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
    putRestore: async (record) => void restores.set(keyOf(record.target, record.id), copy(record)),
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
