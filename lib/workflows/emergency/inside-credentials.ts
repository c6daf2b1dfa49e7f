import { Refusal } from '../../domain/errors.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { Credentials } from '../../ports/credentials.ts';
import type { InsideDeps, InsideMaster } from './inside-request.ts';

/** The credentials of a secret of the target's. */
export async function ofSecret(
  of: Target,
  secret: string,
  { secrets }: Pick<InsideDeps, 'secrets'>,
): Promise<Credentials> {
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
  { admin, at, databases, id }: At & { databases: readonly string[]; id?: string | undefined },
  deps: InsideDeps,
): Promise<Credentials[]> {
  const user = { ...(await ofSecret(of, admin ?? of.connection!.secret, deps)), ...at };
  if (id !== undefined) await refuseOthers(user, id, databases, deps);
  return databases.map((database) => ({ ...user, database }));
}

/** A name may be another database's by now: that one is not closed, nor opened. */
async function refuseOthers(
  user: Credentials,
  id: string,
  names: readonly string[],
  { databases }: InsideDeps,
): Promise<void> {
  for (const name of names) {
    const found = await databases.find(user, { name });
    if (found?.id === id) continue;
    throw new Refusal(
      'another-database',
      `${name} at ${user.host} is ${found ? 'another database' : 'no database any more'}, so it is left alone`,
      { hint: 'list the databases of the server, with their ids' },
    );
  }
}

type NamedDatabases = {
  secrets: readonly string[];
  all: boolean;
  databases?: readonly string[] | undefined;
  id?: string | undefined;
};

/** The same for the databases that secrets name, or for all of the server. */
export async function namedBy(
  of: Target,
  { admin, at, secrets, all, databases, id }: At & NamedDatabases,
  deps: InsideDeps,
): Promise<Credentials[]> {
  if (databases) return adminsOf(of, { admin, at, databases, id }, deps);
  const own = of.connection!.secret;
  const user = { ...(await ofSecret(of, admin ?? own, deps)), ...at };
  const names = new Set<string>();
  for (const secret of [own, ...secrets]) names.add((await ofSecret(of, secret, deps)).database);
  if (all) for (const name of await deps.switching.databases(user)) names.add(name);
  return [...names].map((database) => ({ ...user, database }));
}

/** The master user of what a restore made, or of the living server that it was made on. */
export async function masterOf(
  of: Target,
  { name, user, database, at, secret }: InsideMaster,
  { passwords, secrets }: Pick<InsideDeps, 'passwords' | 'secrets'>,
): Promise<Credentials> {
  if (secret !== undefined) return { ...(await ofSecret(of, secret, { secrets })), ...at, database };
  const isLocal = of.connection?.sslmode === 'disable' || at.host.startsWith('127.');
  return {
    ...at,
    user,
    database,
    password: await passwords.password(name),
    sslmode: isLocal ? 'disable' : 'require',
  };
}
