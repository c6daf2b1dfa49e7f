import { Refusal } from '../../domain/errors.ts';
import { restoredDatabase } from '../../domain/names.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { Credentials } from '../../ports/credentials.ts';
import { ofSecret } from './inside-credentials.ts';
import type { InsideDeps, InsideRequest } from './inside-request.ts';

/** The living database and its server, and the name of what will be made there. Small: it travels through a checkpoint. */
export type SeenServer = {
  /** The user who makes it. */
  user: string;
  at: { host: string; port: number };
  database: string;
  id: string;
  makes: string;
  /** How each membership of its user would end. */
  memberships: string[];
  /** What the server may still take, in bytes, where it has a limit of its own. */
  free?: number;
};

type ServerRequest = Extract<InsideRequest, { ask: 'server' }>;

/** Looks at the server that the connection leads to. Rejects with everything that is in the way, before anything is made. */
export async function lookAtServer(
  of: Target,
  { admin, restore }: ServerRequest,
  deps: InsideDeps,
): Promise<SeenServer> {
  const { host, port, database } = await ofSecret(of, of.connection!.secret, deps);
  const at = { host, port };
  const user = await adminAt(of, { at, admin }, deps);
  const makes = restoredDatabase(database, restore, 'restored');
  const { id, obstacles, isTaken, free } = await deps.databases.living({ ...user, database }, makes);
  if (obstacles.length > 0)
    throw new Refusal('not-possible', obstacles.join('; '), {
      hint: 'run that as the master user, or name his secret as restore.admin; then look at the ways back again',
    });
  if (isTaken)
    throw new Refusal('database-exists', `${host} has a database ${makes} already`, {
      hint: 'begin again: the next one has another name',
    });
  const memberships = await deps.databases.memberships({ ...user, database });
  return { user: user.user, at, database, id, makes, memberships, ...(free === undefined ? {} : { free }) };
}

/** Who may make, close and rename databases of this server. */
export async function adminAt(
  of: Target,
  { at, admin }: { at: SeenServer['at']; admin?: string | undefined },
  deps: InsideDeps,
): Promise<Credentials> {
  return { ...(await ofSecret(of, admin ?? of.connection!.secret, deps)), ...at };
}
