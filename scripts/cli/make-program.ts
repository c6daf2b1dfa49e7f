import { Command, InvalidArgumentError, Option } from 'commander';
import { columnsOf, fitLines } from './fit-lines.ts';
import { refuseMisspelt } from './refuse-misspelt.ts';
import {
  type Argument,
  COMMON,
  type CommandDefinition,
  type Given,
  type OptionDefinition,
} from './registry/command-definition.ts';
import { VERSION } from './version.ts';

type RunCommand = (definition: CommandDefinition, args: string[], own: Given, common: Given) => Promise<void>;

/** The command line of ./understudy, made from its registry of commands. */
export function makeProgram(definitions: readonly CommandDefinition[], act: RunCommand): Command {
  const program = new Command('understudy')
    .description(
      'Backs up PostgreSQL, proves on a schedule that the backups restore, and alerts you when they do not.',
    )
    .version(`understudy ${VERSION}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'this help; of a command: its options, examples and exit codes')
    .showHelpAfterError('(understudy --help lists the commands)')
    .exitOverride()
    .configureOutput({ writeErr: (text) => process.stderr.write(text) });
  for (const option of COMMON) program.addOption(optionOf(option));
  program.addHelpText('after', AFTER);
  for (const definition of definitions) {
    const made = program
      .command(usageOf(definition))
      .description(definition.says)
      .helpOption('-h, --help', 'this help');
    for (const option of definition.options ?? []) made.addOption(optionOf(option));
    made.addHelpText('after', () => afterOf(definition));
    made.action(async (...all: unknown[]) =>
      act(definition, all.slice(0, -2) as string[], made.opts(), program.opts()),
    );
  }
  refuseMisspelt(program);
  return program;
}

const AFTER = `
Examples:
  ./understudy check
  ./understudy status --stage prod
  ./understudy points --help

Exit codes: 0 done and good; 1 it could not be done; 2 the input or the
configuration is wrong; 3 done, and it found something wrong; 130 interrupted.`;

function usageOf({ name, args = [] }: CommandDefinition): string {
  return [name, ...args.map((arg) => (arg.optional ? `[${arg.name}]` : `<${arg.name}>`))].join(' ');
}

function optionOf({ flags, says, default: fallback, many }: OptionDefinition): Option {
  const option = new Option(flags, says);
  if (fallback !== undefined) option.default(fallback);
  if (!option.required) return option;
  if (many) return option.argParser((value: string, all: string[] | undefined) => [...(all ?? []), value]);
  // commander would silently take the last value of a repeated option.
  let given = 0;
  return option.argParser((value: string) => {
    if (++given > 1) throw new InvalidArgumentError('It was given twice.');
    return value;
  });
}

/** The help below a command's options: its words, its examples, and its exit codes. */
function afterOf({ args = [], examples, done, wrong, interrupted }: CommandDefinition): string {
  const words = args.flatMap(formatWords);
  const exits = [
    `  0    ${done}`,
    '  1    it could not be done',
    '  2    the input or understudy.yml is wrong',
    ...(wrong ? [`  3    ${wrong}`] : []),
    ...(interrupted ? [`  130  ${interrupted}`] : []),
  ];
  const lines = [
    '',
    ...words,
    'Examples:',
    ...examples.map((example) => `  ${example}`),
    ...(examples.some((example) => example.includes('--stage'))
      ? ['  (--local in the place of --stage NAME: the local cloud)']
      : []),
    '',
    'Exit codes:',
    ...exits,
  ];
  return fitLines(lines, columnsOf(process.stdout)).join('\n');
}

function formatWords({ name, words }: Argument): string[] {
  return words === undefined || words === 'targets' ? [] : [`<${name}> is one of: ${words.join(', ')}`, ''];
}
