import { hintOf, reasonOf } from '../../../../domain/errors.ts';
import type { Symptom } from '../../../../ports/database.ts';

export function good(check: string, message: string, next?: string): Symptom {
  return { check, state: 'good', message, ...(next ? { next } : {}) };
}

export function bad(check: string, message: string, next: string): Symptom {
  return { check, state: 'bad', message, next };
}

/** The answers to a question. A question that cannot be asked becomes an answer, so that the others are still asked. */
export async function symptomsOf(
  check: string,
  question: () => Promise<Symptom | Symptom[]> | Symptom,
): Promise<Symptom[]> {
  try {
    return [await question()].flat();
  } catch (error) {
    const next = hintOf(error);
    return [{ check, state: 'bad', message: reasonOf(error), ...(next ? { next } : {}) }];
  }
}
