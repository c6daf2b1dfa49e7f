/**
 * Straight-line code that survives the death of its function: each step's result is kept, and on replay it is not done
 * again. One side effect a step; references and small summaries, never payloads.
 */
export type Durable = {
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Invokes another function and waits, for as long as that takes, without being billed for the waiting. */
  invoke<Input, Output>(name: string, functionId: string, input: Input): Promise<Output>;
  /**
   * Waits, without being billed. Ends early when somebody who was given the token says so; `onWaiting` puts the token
   * where they will look for it, and is done once.
   */
  pause(
    name: string,
    seconds: number,
    onWaiting?: (token: string) => Promise<void>,
  ): Promise<'woken' | 'elapsed'>;
};

/** Ends pauses early, from outside of the execution. */
export type Wakes = {
  /** Ends the pause that this token was given for. One that has ended already is no mistake. */
  wake(token: string): Promise<void>;
};
