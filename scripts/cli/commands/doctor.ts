import type { Symptom } from '../../../lib/ports/database.ts';
import { DONE, FOUND_WRONG } from '../exit.ts';
import { type Answer, bad, faint, good } from '../say.ts';
import type { Session } from '../session.ts';

const MARKS = { good: good('✔'), bad: bad('✖'), unknown: bad('?') };

/** What stands between a target and its next dump, each by name with what to do. */
export async function doctor(session: Session, target: string): Promise<Answer> {
  const examined = await session.invoke<{ target: string; symptoms: Symptom[] }>('doctor', { target });
  const width = Math.max(...examined.symptoms.map((symptom) => symptom.check.length));
  const lines = examined.symptoms.flatMap(({ check, state, message, next }) => [
    `${MARKS[state]} ${check.padEnd(width)}  ${message}`,
    ...(next ? [`  ${' '.repeat(width)}  ${faint(`next: ${next}`)}`] : []),
  ]);
  return {
    document: examined,
    lines,
    exit: examined.symptoms.every((symptom) => symptom.state === 'good') ? DONE : FOUND_WRONG,
  };
}
