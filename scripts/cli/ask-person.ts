import { createInterface } from 'node:readline/promises';
import { InputError } from '../../lib/domain/errors.ts';
import { FAILED } from './exit-codes.ts';
import { type CommandResult, fitToStream } from './print-result.ts';

/** Shows what is about to happen and asks for a yes; `yes` says it beforehand. Without a terminal there is no one to ask. */
export async function agreed(lines: readonly string[], yes: boolean): Promise<boolean> {
  show(lines);
  if (yes) return true;
  requireTerminal('if you mean it, add --yes');
  return /^y(es)?$/i.test(await answerTo('Go on? y/N '));
}

/** Shows what is about to happen; true if the person types this word. Without a terminal, `again` is the command. */
export async function hasTyped(
  word: string,
  lines: readonly string[],
  { again, problems = [] }: { again: string; problems?: string[] },
): Promise<boolean> {
  show(lines);
  requireTerminal(`if you mean it: ${again}`, problems);
  return (await answerTo(`Type ${word} to begin; anything else changes nothing: `)) === word;
}

/** The result of a command that was not confirmed. */
export const NOT_BEGUN: CommandResult = {
  document: { begun: false },
  lines: ['nothing was begun, and nothing has changed'],
  exit: FAILED,
};

/** What a person types; nothing where the input ends or they press Ctrl-C. */
export async function answerTo(question: string): Promise<string> {
  const input = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await input.question(question)).trim();
  } catch {
    return '';
  } finally {
    input.close();
  }
}

function show(lines: readonly string[]): void {
  process.stderr.write(`${fitToStream(process.stderr, [...lines]).join('\n')}\n`);
}

function requireTerminal(hint: string, problems: string[] = []): void {
  if (!process.stdin.isTTY) throw new InputError('there is no terminal to ask at', problems, hint);
}
