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
 * Passwords of scratch instances, one secret each under `<prefix>/<name>`. They are made here and nowhere else, survive a
 * replay, and never pass through a checkpoint: whoever needs one reads it.
 */
export function scratchSecrets(client: SecretsManagerClient, prefix: string): ScratchSecrets {
  const idOf = (name: string) => `${prefix}/${name}`;
  return {
    async create(name, tags) {
      try {
        await client.send(
          new CreateSecretCommand({
            Name: idOf(name),
            Description: 'Password of a scratch instance; goes with it',
            // RDS takes no /, ", @ or blank in a password.
            SecretString: JSON.stringify({ password: randomBytes(30).toString('base64url') }),
            Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
          }),
        );
      } catch (error) {
        // An attempt before made it: its password may be in use already. One that is still on its way out is none: again.
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
