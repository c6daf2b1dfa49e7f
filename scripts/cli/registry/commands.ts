import { ACTION_COMMANDS } from './action-commands.ts';
import { APP_COMMANDS } from './app-commands.ts';
import type { CommandDefinition } from './command-definition.ts';
import { EMERGENCY_COMMANDS } from './emergency-commands.ts';
import { QUERY_COMMANDS } from './query-commands.ts';

/** Every command, in the order of --help. */
export const COMMANDS: readonly CommandDefinition[] = [
  ...QUERY_COMMANDS,
  ...ACTION_COMMANDS,
  ...EMERGENCY_COMMANDS,
  ...APP_COMMANDS,
];
