import type { CommandResult } from '../print-result.ts';
import type { Session } from '../session.ts';

/** What may stand in an argument’s place: these words, or a target of understudy.yml. */
export type Words = readonly string[] | 'targets';

export type Argument = { name: string; words?: Words; optional?: true };
export type OptionDefinition = { flags: string; says: string; default?: string; words?: Words };

// biome-ignore lint/suspicious/noExplicitAny: each command knows its own options
export type Given = Record<string, any>;

/** One command of ./understudy: its parsing, its help, its completion and its examples follow from it. */
export type CommandDefinition = {
  name: string;
  says: string;
  args?: readonly Argument[];
  options?: readonly OptionDefinition[];
  /** As they are typed; each of them works. */
  examples: readonly string[];
  /** What exit codes 0 and 3 mean of this one. */
  done: string;
  wrong?: string;
  /** It may be interrupted: 130. */
  interrupted?: string;
  /** Hands over the code behind it, which is loaded when it is called. */
  action: (session: Session, args: readonly string[], options: Given) => Promise<CommandResult>;
};

export const TARGET: Argument = { name: 'target', words: 'targets' };
export const LAST = 'how many';

/** Options of every command. */
export const COMMON = [
  { flags: '--stage <name>', says: 'talk to a deployed stage' },
  { flags: '--local', says: 'run the same functions in this process against the local cloud' },
  { flags: '--config <file>', says: 'what is protected', default: 'understudy.yml' },
  { flags: '--json', says: 'print exactly one JSON document on stdout' },
] as const;
