import type { Target } from '../../domain/plan/policy.ts';
import type { Credentials } from '../../ports/credentials.ts';
import type { InsideDeps, InsideMaster } from './inside-request.ts';

/** The credentials of a secret of the target's. */
export async function ofSecret(of: Target, secret: string, { secrets }: InsideDeps): Promise<Credentials> {
  const { sslmode, ...connection } = of.connection!;
  return secrets.credentials(
    { ...of, connection: { ...connection, secret, ...(sslmode ? { sslmode } : {}) } },
    { again: true },
  );
}

type At = { at: { host: string; port: number }; admin?: string | undefined };

/**
 * Who may freeze and fence, once for each database, at the address that the platform reports: a name may lead elsewhere
 * meanwhile.
 */
export async function adminsOf(
  of: Target,
  { admin, at, databases }: At & { databases: readonly string[] },
  deps: InsideDeps,
): Promise<Credentials[]> {
  const user = { ...(await ofSecret(of, admin ?? of.connection!.secret, deps)), ...at };
  return databases.map((database) => ({ ...user, database }));
}

/** The same for the databases that secrets name, or for all of the server. */
export async function namedBy(
  of: Target,
  { admin, at, secrets, all }: At & { secrets: readonly string[]; all: boolean },
  deps: InsideDeps,
): Promise<Credentials[]> {
  const own = of.connection!.secret;
  const user = { ...(await ofSecret(of, admin ?? own, deps)), ...at };
  const names = new Set<string>();
  for (const secret of [own, ...secrets]) names.add((await ofSecret(of, secret, deps)).database);
  if (all) for (const name of await deps.switching.databases(user)) names.add(name);
  return [...names].map((database) => ({ ...user, database }));
}

/** The master user of what a restore made. */
export async function masterOf(
  of: Target,
  { name, user, database, at }: InsideMaster,
  { passwords }: Pick<InsideDeps, 'passwords'>,
): Promise<Credentials> {
  const isLocal = of.connection?.sslmode === 'disable' || at.host.startsWith('127.');
  return {
    ...at,
    user,
    database,
    password: await passwords.password(name),
    sslmode: isLocal ? 'disable' : 'require',
  };
}
