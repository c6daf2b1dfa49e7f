import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Refusal } from '../../domain/errors.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { SecretTexts } from '../../ports/smoke.ts';

/** Whole secrets, for requests that refer to them. The client for a target can read only secrets with its tag. */
export function secretTexts(clientFor: (target: Target) => Promise<SecretsManagerClient>): SecretTexts {
  return {
    async text(target, secret) {
      const client = await clientFor(target);
      try {
        const answer = await client.send(
          new GetSecretValueCommand({ SecretId: secret, VersionStage: 'AWSCURRENT' }),
        );
        return answer.SecretString ?? '';
      } catch (error) {
        throw new Refusal(
          'secret-unreadable',
          `the secret ${secret} of a smoke step of ${target.id} cannot be read: ${(error as Error).name}`,
          { hint: `create it, with the tag understudy:target=${target.id}`, cause: error },
        );
      }
    },
  };
}
