import { readFileSync } from 'node:fs';
import {
  COMMON,
  type CommandDefinition,
  type OptionDefinition,
  type Words,
} from './registry/command-definition.ts';

/** Completes the last word of `typed`: the words that fit in its place. */
export function completeWords(
  commands: readonly CommandDefinition[],
  typed: readonly string[],
  read: (file: string) => string = (file) => readFileSync(file, 'utf8'),
): string[] {
  const before = typed.slice(0, -1);
  const last = typed.at(-1) ?? '';
  const options = (command: CommandDefinition | undefined): readonly OptionDefinition[] => [
    ...COMMON,
    ...(command?.options ?? []),
  ];
  const words: string[] = [];
  let command: CommandDefinition | undefined;
  let awaited: OptionDefinition | undefined;
  let config = 'understudy.yml';
  for (const word of before) {
    if (awaited) {
      if (awaited.flags.startsWith('--config')) config = word;
      awaited = undefined;
    } else if (word.startsWith('-')) {
      awaited = options(command).find(({ flags }) => flags.startsWith(`${word} <`));
    } else if (!command) command = commands.find(({ name }) => name === word);
    else words.push(word);
  }
  const list = (from: Words | undefined) =>
    from === 'targets' ? targetsIn(config, read) : [...(from ?? [])];
  const fitting = (all: string[]) => all.filter((word) => word.startsWith(last));
  if (awaited) return fitting(list(awaited.words));
  if (last.startsWith('-'))
    return fitting([...options(command).map(({ flags }) => flags.split(' ')[0]!), '--help', '--version']);
  if (!command) return fitting([...commands.map(({ name }) => name), 'help']);
  return fitting(list(command.args?.[words.length]?.words));
}

/** Finds targets by indentation: an unfinished file completes too, and no parser has to be loaded. */
function targetsIn(file: string, read: (file: string) => string): string[] {
  try {
    const [, section = ''] = read(file).split(/^targets:[^\n]*\n/m);
    const [own = ''] = section.split(/^\S/m);
    const [, indent = '  '] = /^( +)[a-z]/m.exec(own) ?? [];
    return [...own.matchAll(new RegExp(`^${indent}([a-z][a-z0-9-]*):`, 'gm'))].map((match) => match[1]!);
  } catch {
    return [];
  }
}
