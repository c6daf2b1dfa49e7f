/** Functions of the user’s own that a restore calls. The calling itself is an `invoke` of the durable execution. */
export type Hooks = {
  /** May this function be called? Asks without calling it. Rejects with `hook-missing` and `hook-denied`. */
  check(hook: string): Promise<void>;
};
