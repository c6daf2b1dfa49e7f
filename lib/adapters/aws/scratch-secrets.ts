import { randomBytes } from 'node:crypto';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { UnderstudyError } from '../../domain/errors.ts';
import type { ScratchSecrets } from '../../ports/platform.ts';

/**
 * Passwords of scratch instances, one secret each under `<prefix>/<name>`. This function makes them; they survive a
 * replay and never pass through a checkpoint: every user reads the secret.
 */
export function scratchSecrets(client: SecretsManagerClient, prefix: string): ScratchSecrets {
  const idOf = (name: string) => `${prefix}/${name}`;
  return {
    async create(name, tags) {
      try {
        await client.send(
          new CreateSecretCommand({
            Name: idOf(name),
            Description: 'Password of a restored instance, made by Understudy',
            // RDS takes no /, ", @ or blank in a password.
            SecretString: JSON.stringify({ password: randomBytes(30).toString('base64url') }),
            Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
          }),
        );
      } catch (error) {
        // An earlier attempt made it, and its password may be in use. A secret that is being deleted cannot
        // be used: try again.
        if ((error as Error).name !== 'ResourceExistsException') throw error;
        await this.password(name);
      }
    },
    async password(name) {
      const { SecretString } = await client.send(
        new GetSecretValueCommand({ SecretId: idOf(name), VersionStage: 'AWSCURRENT' }),
      );
      const { password } = JSON.parse(SecretString ?? '{}') as { password?: string };
      if (password) return password;
      throw new UnderstudyError('secret-invalid', `the secret of ${name} holds no password`);
    },
    async destroy(name) {
      try {
        await client.send(
          new DeleteSecretCommand({ SecretId: idOf(name), ForceDeleteWithoutRecovery: true }),
        );
      } catch (error) {
        if ((error as Error).name !== 'ResourceNotFoundException') throw error;
      }
    },
  };
}
