import { CommanderError } from 'commander';
import { hintOf, InputError, reasonOf } from '../../lib/domain/errors.ts';
import { withOption } from '../../lib/domain/findings/alert.ts';
import { DONE, FAILED, WRONG_INPUT } from './exit-codes.ts';
import { makeProgram } from './make-program.ts';
import { COMMANDS } from './registry/commands.ts';
import type { CommonOptions } from './session.ts';

const program = makeProgram(COMMANDS, async ({ action }, args, own, common) => {
  // Everything else is loaded only for a command that runs, not for help.
  const { configFor, openSession } = await import('./session.ts');
  const { printResult } = await import('./print-result.ts');
  const options = common as CommonOptions;
  if (program.getOptionValueSource('config') === 'default') options.config = configFor(options);
  const answer = await action(openSession(options), args, own);
  printResult({ ...answer, lines: answer.lines.map(here) }, common['json'] === true);
  process.exitCode = answer.exit;
});

/** Adds this command's --stage or --local to the commands in a text. */
function here(text: string): string {
  const { stage, local } = program.opts<CommonOptions>();
  if (local) return withOption(text, '--local');
  return stage ? withOption(text, `--stage ${stage}`) : text;
}

/** Prints what went wrong and what to do next; with --json as a document too. */
async function fail(error: unknown): Promise<void> {
  const { fitToStream } = await import('./print-result.ts');
  const json = program.opts<CommonOptions>().json === true;
  const hint = hintOf(error);
  const mistakes = error instanceof InputError ? error.mistakes : undefined;
  if (json)
    process.stdout.write(
      `${JSON.stringify({ error: { message: reasonOf(error), hint, mistakes } }, null, 2)}\n`,
    );
  const lines = [...`understudy: ${reasonOf(error)}`.split('\n'), ...(hint ? [`  next: ${hint}`] : [])];
  process.stderr.write(`${fitToStream(process.stderr, lines.map(here)).join('\n')}\n`);
  process.exitCode = error instanceof InputError ? WRONG_INPUT : FAILED;
}

/** A closed pipe does not change what was done. Any other error is reported. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  process.stderr.write(`understudy: the answer cannot be written: ${error.message}\n`);
  process.exitCode = FAILED;
});

try {
  if (process.argv[2] === '__complete') {
    const { completeWords } = await import('./complete-words.ts');
    process.stdout.write(
      completeWords(COMMANDS, process.argv.slice(3))
        .map((word) => `${word}\n`)
        .join(''),
    );
  } else await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) await fail(error);
  else if (error.exitCode === 0) process.exitCode = DONE;
  else {
    // commander has written the error to stderr.
    process.exitCode = WRONG_INPUT;
    if (process.argv.includes('--json'))
      process.stdout.write(`${JSON.stringify({ error: { message: error.message } }, null, 2)}\n`);
  }
}
