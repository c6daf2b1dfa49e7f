import type { Command } from 'commander';
import { InputError } from '../../lib/domain/errors.ts';
import { didYouMean, nearest } from '../../lib/domain/nearest.ts';
import { ASKED_JOBS } from './asked-jobs.ts';

/** Methods that commander has and does not declare. */
type Suggesting = Command & { unknownCommand(): never; unknownOption(flag: string): never };

/** A command or an option that does not exist ends with 2 and names the nearest, even with --help. */
export function refuseMisspelt(program: Command): void {
  program.on('command:*', ([name]: string[]) => unknownCommand(program, name!));
  for (const each of [program, ...program.commands])
    each.addHelpText('before', () => {
      refuse(program, each);
      return '';
    });
}

/** The error for a wrong second word: `local pu`; `rest` is what was typed after it. */
export function unknownWord(command: string, word: string, known: readonly string[], rest = ''): InputError {
  const meant = nearest(word, known);
  return new InputError(
    `there is no "${command} ${word}"`,
    [],
    meant
      ? `./understudy ${command} ${meant} ${rest}`.trim()
      : known.map((each) => `${command} ${each}`).join(', '),
  );
}

export function refuseUnknownJob(job: string): void {
  const known: readonly string[] = ASKED_JOBS;
  if (known.includes(job)) return;
  const hint = didYouMean(job, known) ?? `there are ${known.join(', ')}`;
  throw new InputError(`there is no job "${job}"`, [], hint);
}

function refuse(program: Command, asked: Command): void {
  const words = asked.args.filter((word) => !['help', '--help', '-h'].includes(word));
  const option = words.find((word) => word.startsWith('-'));
  if (option !== undefined) (asked as Suggesting).unknownOption(option);
  const [name] = words;
  if (asked === program && name !== undefined && !program.commands.some((each) => each.name() === name))
    unknownCommand(program, name);
}

/** Jobs that have no command of their own. */
const isJob = (name: string | undefined) =>
  name !== undefined && name !== 'rehearse' && (ASKED_JOBS as readonly string[]).includes(name);

function unknownCommand(program: Command, name: string): never {
  const commands = program.commands.map((each) => each.name());
  const meant = nearest(name, [...commands, ...ASKED_JOBS]);
  const next = isJob(meant) ? `./understudy run ${meant} TARGET` : `./understudy ${meant ?? '--help'}`;
  program.error(`error: unknown command '${name}'\n  next: ${next}`, { code: 'commander.unknownCommand' });
}
