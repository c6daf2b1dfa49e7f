import type { CommandResult } from '../print-result.ts';
import type { Session } from '../session.ts';

/** The words for an argument: these, or a target of understudy.yml. */
export type Words = readonly string[] | 'targets';

export type Argument = { name: string; words?: Words; optional?: true };
export type OptionDefinition = {
  flags: string;
  says: string;
  default?: string;
  words?: Words;
  many?: boolean;
};

// biome-ignore lint/suspicious/noExplicitAny: each command knows its own options
export type Given = Record<string, any>;

/** One command of ./understudy: its parsing, its help, its completion and its examples follow from it. */
export type CommandDefinition = {
  name: string;
  says: string;
  args?: readonly Argument[];
  options?: readonly OptionDefinition[];
  /** Examples as they are typed; a test runs each. */
  examples: readonly string[];
  /** The meaning of its exit codes 0 and 3. */
  done: string;
  wrong?: string;
  /** The meaning of 130, if it can be interrupted. */
  interrupted?: string;
  /** Runs it; its code is loaded at the call. */
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
