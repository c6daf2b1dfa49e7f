import { CredentialsRefused, Refusal } from '../domain/errors.ts';
import type { Target } from '../domain/plan/policy.ts';
import type { Credentials, Secrets } from '../ports/database.ts';

/** Runs with the target's credentials, and once more with fresh ones when they are refused: they may have been rotated. */
export async function withCredentials<T>(
  secrets: Secrets,
  target: Target,
  work: (credentials: Credentials) => Promise<T>,
): Promise<T> {
  const credentials = await secrets.credentials(target);
  try {
    return await work(credentials);
  } catch (error) {
    if (!(error instanceof CredentialsRefused)) throw error;
    const fresh = await secrets.credentials(target, { again: true });
    if (fresh.password === credentials.password && fresh.user === credentials.user)
      throw new Refusal(error.code, error.message, { hint: error.hint, cause: error });
    return work(fresh);
  }
}
