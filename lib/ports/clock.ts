/** Time comes in as an argument, so that a test decides what time it is. */
export type Clock = {
  now(): Date;
  /** Waits; ends early, without error, when the signal aborts. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
};
