/** A function of the application’s on Lambda, which its callers invoke by an alias or as it is. */
export type FunctionRef = { function: string; alias?: string | undefined };

/** Functions that keep what they read at their start, such as the address of a database. */
export type Functions = {
  /**
   * Could it be renewed as it is? Rejects with `function-missing`, `function-denied`, and with `function-unlike` when the
   * alias does not lead to the function’s latest code and settings alone.
   */
  check(ref: FunctionRef): Promise<void>;
  /**
   * Lets it start anew: one look and at most one change a call. `done` when every call of it since is answered by what
   * has started since; else what it waits for. Recognizes its own work by the token. Rejects as `check` does, and with
   * `function-failed`.
   */
  renew(ref: FunctionRef, token: string): Promise<string>;
};

export const RENEWED = 'done';
