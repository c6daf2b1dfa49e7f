/** Time comes in as an argument, so that a test controls it. */
export type Clock = {
  now(): Date;
  /** Waits; ends early, without error, when the signal aborts. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
};
