import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { reasonOf, UnderstudyError } from '../../domain/errors.ts';
import { connectionOf, type Target } from '../../domain/plan/policy.ts';
import type { Credentials, Secrets } from '../../ports/database.ts';
import { defaultSslmode } from './default-sslmode.ts';
import { fromJson, fromUrl, hostOf } from './secret-fields.ts';

/**
 * Credentials from Secrets Manager. The client for a target can read only that target's secret, so one run cannot
 * reach another's database. A secret is read when it is needed and kept only for the run.
 */
export function secretsManager(clientFor: (target: Target) => Promise<SecretsManagerClient>): Secrets {
  return {
    async credentials(target) {
      const { secret } = connectionOf(target);
      const said = `the secret ${secret} of ${target.id}`;
      return parseSecret(await readSecret(clientFor, target, secret, said), target);
    },
  };
}

/** The text of a secret. Rejects with `secret-unreadable`, which names it and the error of AWS. */
export async function readSecret(
  clientFor: (target: Target) => Promise<SecretsManagerClient>,
  target: Target,
  secret: string,
  said: string,
): Promise<string> {
  const client = await clientFor(target);
  // Without a stage some stores answer with the version from before a rotation.
  const request = new GetSecretValueCommand({ SecretId: secret, VersionStage: 'AWSCURRENT' });
  const answer = await client.send(request).catch((cause: unknown) => {
    throw new UnderstudyError('secret-unreadable', `${said} cannot be read: ${reasonOf(cause)}`, {
      hint: `create it, with the tag understudy:target=${target.id}`,
      cause,
    });
  });
  return answer.SecretString ?? '';
}

/** Reads RDS-style JSON or a URL; what it lacks comes from the target. Errors name fields and never quote the secret. */
export function parseSecret(text: string, target: Target): Credentials {
  const settings = connectionOf(target);
  const fields = text.trimStart().startsWith('{') ? fromJson : fromUrl;
  const read = fields(text, settings.sslmode !== undefined);
  const secret = `the secret ${settings.secret} of ${target.id}`;
  if (!read) {
    throw new UnderstudyError(
      'secret-invalid',
      `${secret} is neither RDS-style JSON with username and password nor a postgres:// URL`,
      {
        hint: 'docs/reference/configuration.md shows both; in a URL, percent-encode every character of user and password that is not a letter or digit: @ as %40, / as %2F',
      },
    );
  }
  const host = read.host ?? hostOf(settings.host, read.problems, 'connection.host');
  const database = read.database ?? settings.database;
  if (read.problems.length > 0) {
    throw new UnderstudyError('secret-invalid', `${secret} cannot be used: ${read.problems.join('; ')}`, {
      hint: `correct it and store it again: aws secretsmanager put-secret-value --secret-id ${settings.secret} --secret-string file://secret.json`,
    });
  }
  const missing = [...(host ? [] : ['host']), ...(database ? [] : ['database'])];
  if (missing.length > 0) {
    throw new UnderstudyError(
      'secret-invalid',
      `neither the secret ${settings.secret} nor the target ${target.id} says ${missing.join(' and ')}`,
      {
        hint: `add connection.${missing[0]} to the target in understudy.yml`,
      },
    );
  }
  return {
    host: host!,
    port: read.port ?? settings.port ?? 5432,
    database: database!,
    user: read.user!,
    password: read.password!,
    sslmode: settings.sslmode ?? read.sslmode ?? defaultSslmode(host!),
  };
}
