/** How the command ends. */
export const DONE = 0;
/** The job could not be done. */
export const FAILED = 1;
/** The input or the configuration is wrong. */
export const WRONG_INPUT = 2;
/** Done, and it found something wrong. */
export const FOUND_WRONG = 3;

export type ExitCode = 0 | 1 | 2 | 3;
