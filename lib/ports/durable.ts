/**
 * Straight-line code that survives the death of its function: each step's result is kept, and a replay does not
 * repeat it. One side effect in each step; references and small summaries, never payloads.
 */
export type Durable = {
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Invokes another function and waits for it, without being billed for the waiting. */
  invoke<Input, Output>(name: string, functionId: string, input: Input): Promise<Output>;
  /**
   * Waits, without being billed. Ends early when a holder of the token ends it; `onWaiting` puts the token where it
   * will be looked for, once.
   */
  pause(
    name: string,
    seconds: number,
    onWaiting?: (token: string) => Promise<void>,
  ): Promise<'woken' | 'elapsed'>;
};

/** Ends pauses early, from outside of the execution. */
export type Wakes = {
  /** Ends the pause of this token. One that has ended already is not an error. */
  wake(token: string): Promise<void>;
};
