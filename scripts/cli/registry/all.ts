import type { Definition } from './definition.ts';
import { DOING } from './doing.ts';
import { LOOKING } from './looking.ts';

/** Every command, in the order of --help. */
export const COMMANDS: readonly Definition[] = [...LOOKING, ...DOING];
