import { userInfo } from 'node:os';
import { join } from 'node:path';
import { defaultSslmode } from '../../lib/adapters/aws/default-sslmode.ts';
import { InputError } from '../../lib/domain/errors.ts';
import type { Destination } from '../../lib/ports/destination.ts';

const SSL_MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
type SslMode = (typeof SSL_MODES)[number];

/** A database by `postgres://user@host:5432/name?sslmode=require`; what it lacks comes from the PG… variables. */
export function destinationOf(
  to: string | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Destination {
  const url = to === undefined ? undefined : parseUrl(to);
  const user = decodeURIComponent(url?.username ?? '') || env['PGUSER'] || userInfo().username;
  const host =
    url?.searchParams.get('host') || url?.hostname.replace(/^\[|\]$/g, '') || env['PGHOST'] || 'localhost';
  const database = decodeURIComponent(url?.pathname.slice(1) ?? '') || env['PGDATABASE'] || user;
  return {
    host,
    port: portOf(url?.port || env['PGPORT'] || '5432'),
    database,
    user,
    password: env['PGPASSWORD'] || undefined,
    passfile: env['PGPASSFILE'] ?? join(env['HOME'] ?? '/', '.pgpass'),
    sslmode: sslModeOf(url?.searchParams.get('sslmode') ?? env['PGSSLMODE'], host),
  };
}

function parseUrl(to: string): URL {
  const hint = 'write --to postgres://user@host:5432/database';
  let url: URL;
  try {
    url = new URL(to);
    decodeURIComponent(url.username + url.pathname);
  } catch {
    throw new InputError('--to is no URL', [], hint);
  }
  if (!/^postgres(ql)?:$/.test(url.protocol)) throw new InputError('--to is no URL of PostgreSQL', [], hint);
  // Everybody on a machine can read the arguments of its processes.
  if (url.password !== '' || url.searchParams.has('password'))
    throw new InputError(
      '--to has a password, which everybody on this machine can read',
      [],
      'put it into PGPASSWORD or ~/.pgpass, and leave it out of the URL',
    );
  return url;
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new InputError(`PGPORT "${text}" is no port`);
}

/** Encrypted unless it stays on this machine, and verified at RDS. */
function sslModeOf(given: string | undefined, host: string): SslMode {
  if (given === undefined || given === 'prefer' || given === 'allow') return defaultSslmode(host);
  if ((SSL_MODES as readonly string[]).includes(given)) return given as SslMode;
  throw new InputError(`there is no sslmode "${given}"`, [], `write one of ${SSL_MODES.join(', ')}`);
}
