import { CredentialsRefused, codeOf } from '../../domain/errors.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { Credentials } from '../../ports/credentials.ts';
import { masterOf, ofSecret } from './inside-credentials.ts';
import type { InsideDeps, InsideMaster, InsideRequest } from './inside-request.ts';

export type Admitted = { user: string; as: 'worked' | 'password-set' | 'missing' }[];

type AdmitRequest = Extract<InsideRequest, { ask: 'admit' }>;

/** Lets the application's users into the new database with the passwords of their secrets. */
export async function admitUsers(
  of: Target,
  { master, secrets, also }: AdmitRequest,
  deps: InsideDeps,
): Promise<Admitted> {
  const isMaster = ({ user }: Credentials) => (user === master.user ? 1 : 0);
  const all: { given: Credentials; needed: boolean }[] = [];
  for (const secret of [...secrets, ...also])
    all.push({
      given: { ...(await ofSecret(of, secret, deps)), ...master.at },
      needed: secrets.includes(secret),
    });
  const users = all.map(({ given }) => given);
  const owner = await masterNow(of, master, users, deps);
  const admitted: Admitted = [];
  // The master's own new password comes last: until then it is the restore's.
  for (const { given, needed } of all.sort((a, b) => isMaster(a.given) - isMaster(b.given))) {
    const as = await deps.switching.admit({ ...owner, database: given.database }, given).catch((error) => {
      if (needed || !['role-missing', 'role-denied', 'login-refused'].includes(codeOf(error))) throw error;
      return 'missing' as const;
    });
    admitted.push({ user: given.user, as });
  }
  return admitted;
}

/** The master of the new database after users of these secrets were let in: he may be one of them. */
export async function masterOfNow(
  of: Target,
  master: InsideMaster,
  secrets: readonly string[],
  deps: InsideDeps,
): Promise<Credentials> {
  const users: Credentials[] = [];
  for (const secret of secrets) users.push({ ...(await ofSecret(of, secret, deps)), ...master.at });
  return masterNow(of, master, users, deps);
}

/** The master, who has the password of his secret already when this was done before and the answer was lost. */
async function masterNow(
  of: Target,
  master: InsideMaster,
  users: readonly Credentials[],
  deps: InsideDeps,
): Promise<Credentials> {
  const restored = await masterOf(of, master, deps);
  const own = users.find(({ user }) => user === master.user);
  const refused = await deps.switching
    .logIn({ ...restored, database: own?.database ?? restored.database })
    .then(
      () => false,
      (error) => error instanceof CredentialsRefused,
    );
  return refused && own ? { ...restored, password: own.password } : restored;
}
