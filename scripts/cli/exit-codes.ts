/** Exit codes of the command. */
export const DONE = 0;
/** The job could not be done. */
export const FAILED = 1;
/** The input or the configuration is wrong. */
export const WRONG_INPUT = 2;
/** Done, and it found something wrong. */
export const FOUND_WRONG = 3;

/** What a shell expects after a signal: 128 and the signal’s number. */
export const BY_SIGNAL = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
export type EndingSignal = keyof typeof BY_SIGNAL;

export type ExitCode = 0 | 1 | 2 | 3 | 129 | 130 | 143;
