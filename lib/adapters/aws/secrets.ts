import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { reasonOf, UnderstudyError } from '../../domain/errors.ts';
import { connectionOf, type Target } from '../../domain/policy.ts';
import type { Credentials, Secrets } from '../../ports/database.ts';

const port = z.coerce.number().int().min(1).max(65_535);

/** RDS's own layout; host, port and database may be missing (RDS-managed secrets hold user and password only). */
const rdsSecret = z.looseObject({
  username: z.string().min(1),
  password: z.string().min(1),
  host: z.string().min(1).optional(),
  port: port.optional(),
  dbname: z.string().min(1).optional(),
});

/**
 * Credentials from Secrets Manager. The client for a target may only read that target's secret, so one run cannot
 * reach another's database. A secret is read when it is needed and kept only for the run.
 */
export function secretsManager(clientFor: (target: Target) => Promise<SecretsManagerClient>): Secrets {
  return {
    async credentials(target) {
      const { secret } = connectionOf(target);
      const client = await clientFor(target);
      let text: string | undefined;
      try {
        // Without a stage some stores answer with the version from before a rotation.
        const answer = await client.send(
          new GetSecretValueCommand({ SecretId: secret, VersionStage: 'AWSCURRENT' }),
        );
        text = answer.SecretString;
      } catch (error) {
        throw new UnderstudyError(
          'secret-unreadable',
          `the secret ${secret} of ${target.id} cannot be read: ${reasonOf(error)}`,
          {
            hint: `it must exist and carry the tag understudy:target=${target.id}`,
            cause: error,
          },
        );
      }
      return parseSecret(text ?? '', target);
    },
  };
}

/** Reads RDS-style JSON or a URL; what it lacks comes from the target. Errors never quote the secret. */
export function parseSecret(text: string, target: Target): Credentials {
  const { secret, host, port: settingsPort, database, sslmode } = connectionOf(target);
  const read = text.trimStart().startsWith('{') ? fromJson(text) : fromUrl(text);
  if (!read) {
    throw new UnderstudyError(
      'secret-invalid',
      `the secret ${secret} of ${target.id} is neither RDS-style JSON with username and password nor a postgres:// URL`,
      {
        hint: 'docs/configuration.md shows both; in a URL what is no letter or digit of user and password is percent-encoded, @ as %40 and / as %2F',
      },
    );
  }
  const whole = {
    host: read.host ?? host,
    port: read.port ?? settingsPort ?? 5432,
    database: read.database ?? database,
  };
  const missing = [...(whole.host ? [] : ['host']), ...(whole.database ? [] : ['database'])];
  if (missing.length > 0) {
    throw new UnderstudyError(
      'secret-invalid',
      `neither the secret ${secret} nor the target ${target.id} says ${missing.join(' and ')}`,
      {
        hint: `add connection.${missing[0]} to the target in understudy.yml`,
      },
    );
  }
  return {
    host: whole.host!,
    port: whole.port,
    database: whole.database!,
    user: read.user,
    password: read.password,
    sslmode: sslmode ?? read.sslmode ?? (isLoopback(whole.host!) ? 'disable' : 'require'),
  };
}

type Read = {
  user: string;
  password: string;
  host?: string | undefined;
  port?: number | undefined;
  database?: string | undefined;
  sslmode?: Credentials['sslmode'] | undefined;
};

function fromJson(text: string): Read | undefined {
  try {
    const parsed = rdsSecret.safeParse(JSON.parse(text));
    if (!parsed.success) return undefined;
    const { username, password, host, port, dbname } = parsed.data;
    return { user: username, password, host, port, database: dbname };
  } catch {
    return undefined;
  }
}

function fromUrl(text: string): Read | undefined {
  try {
    const url = new URL(text.trim());
    if (!/^postgres(ql)?:$/.test(url.protocol) || !url.username) return undefined;
    // A password with an unencoded / or @ would be taken for host and path, and said in the next error.
    if (`${url.pathname}${url.search}${url.hash}`.includes('@')) return undefined;
    const mode = url.searchParams.get('sslmode');
    return {
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      host: url.hostname.replace(/^\[|\]$/g, '') || url.searchParams.get('host') || undefined,
      port: url.port ? Number(url.port) : undefined,
      database: decodeURIComponent(url.pathname.slice(1)) || undefined,
      // What asks for a known authority gets it, with the host's name checked as well.
      sslmode:
        mode === 'disable'
          ? mode
          : mode?.startsWith('verify-')
            ? 'verify-full'
            : mode
              ? 'require'
              : undefined,
    };
  } catch {
    return undefined;
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.') || host.startsWith('/');
}
