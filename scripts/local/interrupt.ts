let signal: NodeJS.Signals | undefined;

/** Asks the work in this process to end as it does when its time is over: cleaned up, and on record. */
export function interrupt(by: NodeJS.Signals): void {
  signal ??= by;
}

export function interruptedBy(): NodeJS.Signals | undefined {
  return signal;
}
