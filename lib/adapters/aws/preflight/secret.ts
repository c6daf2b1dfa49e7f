import { codeOf, reasonOf, UnderstudyError } from '../../../domain/errors.ts';
import type { Target } from '../../../domain/plan/policy.ts';
import type { Secrets } from '../../../ports/database.ts';

/** Errors that do not go away by themselves: the secret is deleted, or its key or role refuses. */
const REFUSED =
  /^(ResourceNotFound|AccessDenied|NotAuthorized|DecryptionFailure|InvalidRequest|InvalidParameter|KMS)/;

/** Why the target's secret cannot be read, without any of its content. Rejects when the store could not be asked. */
export async function readSecretProblem(secrets: Secrets, target: Target): Promise<string | undefined> {
  try {
    await secrets.credentials(target);
    return undefined;
  } catch (error) {
    if (codeOf(error) === 'secret-invalid') return reasonOf(error);
    const cause = error instanceof UnderstudyError ? error.cause : error;
    if (!REFUSED.test((cause as Error).name)) throw error;
    if (error instanceof UnderstudyError) return reasonOf(error);
    return `the secret of ${target.id} cannot be read: ${reasonOf(error)}`;
  }
}
