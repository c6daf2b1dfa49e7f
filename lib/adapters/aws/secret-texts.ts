import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Target } from '../../domain/plan/policy.ts';
import type { SecretTexts } from '../../ports/smoke.ts';
import { readSecret } from './secrets.ts';

/** Whole secrets, for requests that refer to them. The client for a target can read only secrets with its tag. */
export function secretTexts(clientFor: (target: Target) => Promise<SecretsManagerClient>): SecretTexts {
  return {
    text: (target, secret) =>
      readSecret(clientFor, target, secret, `the secret ${secret} of a smoke step of ${target.id}`),
  };
}
