import pc from 'picocolors';
import type { Symptom } from '../../../lib/ports/database.ts';
import { DONE, FOUND_WRONG } from '../exit-codes.ts';
import type { CommandResult } from '../print-result.ts';
import type { Session } from '../session.ts';

const MARKS = { good: pc.green('✔'), bad: pc.red('✖'), unknown: pc.red('?') };

/** Checks what a target's next dump needs, each by name with what to do. */
export async function doctorCommand(session: Session, target: string): Promise<CommandResult> {
  const examined = await session.invoke<{ target: string; symptoms: Symptom[] }>('doctor', { target });
  const width = Math.max(...examined.symptoms.map((symptom) => symptom.check.length));
  const lines = examined.symptoms.flatMap(({ check, state, message, next }) => [
    `${MARKS[state]} ${check.padEnd(width)}  ${message}`,
    ...(next ? [`  ${' '.repeat(width)}  ${pc.dim(`next: ${next}`)}`] : []),
  ]);
  return {
    document: examined,
    lines,
    exit: examined.symptoms.every((symptom) => symptom.state === 'good') ? DONE : FOUND_WRONG,
  };
}
