import type { Command } from 'commander';

/** Jobs that have no command of their own. */
const JOBS = ['dump', 'verify', 'simulation', 'snapshot', 'copy', 'expire', 'preflight'];

/** What commander has and does not declare. */
type Suggesting = Command & { unknownCommand(): never; unknownOption(flag: string): never };

/** A command or an option that does not exist ends with 2 and names the nearest, also where help was asked for. */
export function refuseMisspelt(program: Command): void {
  program.on('command:*', ([name]: string[]) => unknownCommand(program, name!));
  for (const each of [program, ...program.commands])
    each.addHelpText('before', () => {
      refuse(program, each);
      return '';
    });
}

function refuse(program: Command, asked: Command): void {
  const words = asked.args.filter((word) => !['help', '--help', '-h'].includes(word));
  const option = words.find((word) => word.startsWith('-'));
  if (option !== undefined) (asked as Suggesting).unknownOption(option);
  const [name] = words;
  if (asked === program && name !== undefined && !program.commands.some((each) => each.name() === name))
    unknownCommand(program, name);
}

function unknownCommand(program: Command, name: string): never {
  const instead = JOBS.includes(name)
    ? `./understudy run ${name} TARGET`
    : name === 'restore' && 'docs/emergency.md';
  if (instead)
    program.error(`error: unknown command '${name}'\n  next: ${instead}`, {
      code: 'commander.unknownCommand',
    });
  program.args = [name];
  return (program as Suggesting).unknownCommand();
}
