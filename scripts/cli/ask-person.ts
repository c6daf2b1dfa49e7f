import { createInterface } from 'node:readline/promises';
import { InputError } from '../../lib/domain/errors.ts';
import { fitToStream } from './print-result.ts';

/** Shows what is about to happen and asks for a yes; `yes` says it beforehand. Without a terminal nobody can be asked. */
export async function agreed(lines: readonly string[], yes: boolean): Promise<boolean> {
  process.stderr.write(`${fitToStream(process.stderr, [...lines]).join('\n')}\n`);
  if (yes) return true;
  if (!process.stdin.isTTY)
    throw new InputError('there is no terminal to ask at', [], 'if you mean it, add --yes');
  const input = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await input.question('Go on? y/N ')).trim());
  } finally {
    input.close();
  }
}
