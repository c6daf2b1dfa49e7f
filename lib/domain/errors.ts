/**
 * Errors for people: what, about which subject, and in `hint` what to do next.
 * `code` is stable and kebab-case. An error means "could not be done"; a judgement is a finding, never an error.
 */
export class UnderstudyError extends Error {
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: { hint?: string | undefined; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
  }
}

/** The request or configuration is wrong; trying again will not help. Lists all mistakes at once. Exit code 2. */
export class InputError extends UnderstudyError {
  readonly mistakes: readonly string[];

  constructor(message: string, mistakes: readonly string[] = [], hint?: string) {
    super('input-invalid', [message, ...mistakes].join('\n  '), { hint });
    this.mistakes = mistakes;
  }
}

/** The source must not be dumped as it is: refused before any upload. */
export class Refusal extends UnderstudyError {}

/** This process lost its claim to another worker; all its later writes are refused. */
export class ClaimLost extends UnderstudyError {
  constructor(run: string) {
    super('claim-lost', `another worker has taken over ${run}; nothing more is written here`);
  }
}

/** A rollback works on this restore now; whoever began it must do nothing more. */
export class RestoreTaken extends UnderstudyError {
  constructor(target: string, id: string) {
    super('restore-taken', `the restore ${id} of ${target} is being rolled back; nothing more is done here`);
  }
}

/** The source refused the credentials; they may have been rotated since they were read. */
export class CredentialsRefused extends UnderstudyError {}

/**
 * The point did not restore, or the restore could not be tried; the code tells which. `notes` explain it, like those
 * of a successful restore.
 */
export class RestoreFailed extends UnderstudyError {
  notes: string[] = [];
}

/** The time of this function is nearly over. */
export class OutOfTime extends UnderstudyError {}

/** Why work ends now: its time is over or, with less than none left, a person interrupted it. */
export function endedEarly(what: string, secondsLeft: number, hint: string): OutOfTime {
  if (secondsLeft < 0)
    return new OutOfTime('interrupted', `${what} was interrupted`, { hint: 'ask for it again' });
  return new OutOfTime('out-of-time', `the function’s time is nearly over and ${what} is not done`, { hint });
}

/** Returns the message of anything thrown, without its stack. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function codeOf(error: unknown): string {
  return error instanceof UnderstudyError ? error.code : 'unexpected';
}

export function hintOf(error: unknown): string | undefined {
  return error instanceof UnderstudyError ? error.hint : undefined;
}

/** An error as a value: for the record, and for the steps of a durable execution, which lose an error's code. */
export type ErrorInfo = { code: string; message: string; hint?: string };

export function toErrorInfo(error: unknown): ErrorInfo {
  const hint = hintOf(error);
  return { code: codeOf(error), message: reasonOf(error), ...(hint ? { hint } : {}) };
}

/** Turns it back into an error that can be thrown. */
export function refusalOf({ code, message, hint }: ErrorInfo): Refusal {
  return new Refusal(code, message, { hint });
}

/** A message and its hint in one line; a full stop at the message's end is dropped. */
export function withHint(message: string, hint: string | undefined): string {
  return hint ? `${message.replace(/\.+$/, '')}. Hint: ${hint}` : message;
}
