import { UnderstudyError } from '../../domain/errors.ts';

/** What a service's errors mean, by name and, where one name has two meanings, by text. */
export type Meaning = { name: RegExp; says?: RegExp; code: string; hint: string };

const BUSY =
  /^(Throttling|RequestLimitExceeded|TooManyRequests|ServiceUnavailable|InternalFailure|TimeoutError|ECONN|EAI_AGAIN|ENOTFOUND)/;

/**
 * Wrappers for a service's requests that turn an error into an UnderstudyError, which names the request and its
 * subject. The first meaning that fits counts; without one the code is `platform-refused` when the service refused,
 * and `platform-unreachable` when it could not be reached or was too busy.
 */
export function asker(service: string, meanings: readonly Meaning[]) {
  const explained = (what: string, error: unknown) => explain(service, meanings, what, error);
  return {
    async asking<T>(what: string, request: () => Promise<T>): Promise<T> {
      try {
        return await request();
      } catch (error) {
        throw explained(what, error);
      }
    },
    /** Like `asking`, but resolves with undefined for something that does not exist. */
    async ifThere<T>(what: string, missing: RegExp, request: () => Promise<T>): Promise<T | undefined> {
      try {
        return await request();
      } catch (error) {
        if (missing.test(nameOf(error))) return undefined;
        throw explained(what, error);
      }
    },
  };
}

function nameOf(error: unknown): string {
  return String((error as { name?: string } | null)?.name ?? '');
}

function explain(
  service: string,
  meanings: readonly Meaning[],
  what: string,
  error: unknown,
): UnderstudyError {
  // A nested request has explained this error already; it keeps that meaning.
  if (error instanceof UnderstudyError) return error;
  const { message, code, $metadata } = error as {
    message?: string;
    code?: string;
    $metadata?: { httpStatusCode?: number };
  };
  const name = nameOf(error);
  const said = `${what}: ${message || name}`;
  for (const { name: pattern, says, code: meaning, hint } of meanings)
    if (pattern.test(name) && (says?.test(message ?? '') ?? true))
      return new UnderstudyError(meaning, said, { hint, cause: error });
  const status = $metadata?.httpStatusCode;
  const busy = BUSY.test(name) || BUSY.test(code ?? '') || status === undefined || status >= 500;
  return new UnderstudyError(busy ? 'platform-unreachable' : 'platform-refused', said, {
    hint: busy
      ? 'Understudy tries again'
      : `read what ${service} says; \`./understudy run preflight\` checks the usual reasons`,
    cause: error,
  });
}
