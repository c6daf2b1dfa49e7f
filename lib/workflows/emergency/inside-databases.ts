import * as z from 'zod';
import { refusalOf, toErrorInfo, UnderstudyError } from '../../domain/errors.ts';
import type { Held } from '../../domain/incidents/restore-record.ts';
import { type Plan, requireTarget, type Target } from '../../domain/plan/policy.ts';
import type { Attempted } from '../../execution/durable-run.ts';
import type { Credentials } from '../../ports/credentials.ts';
import type { Secrets } from '../../ports/database.ts';
import type { Durable } from '../../ports/durable.ts';
import type { ScratchSecrets } from '../../ports/platform.ts';
import type { Switching } from '../../ports/switching.ts';

const target = z.string();
const at = z.strictObject({ host: z.string(), port: z.int() });
/** The master user of what a restore made; its password is in the secret of this name. */
const master = z.strictObject({ name: z.string(), user: z.string(), database: z.string(), at });
const closed = { target, at, admin: z.string().optional() };

/** What a restore asks of the function that reaches the databases. */
export const insideRequest = z.discriminatedUnion('ask', [
  z.strictObject({ ask: z.literal('before'), ...closed }),
  z.strictObject({ ask: z.literal('freeze'), ...closed }),
  z.strictObject({
    ask: z.literal('thaw'),
    ...closed,
    held: z.strictObject({ readOnly: z.string().optional() }),
  }),
  z.strictObject({ ask: z.literal('fence'), ...closed }),
  z.strictObject({ ask: z.literal('unfence'), ...closed }),
  z.strictObject({ ask: z.literal('admit'), target, master, secrets: z.array(z.string()) }),
  /** Does each secret lead to a database that lets its user in? */
  z.strictObject({ ask: z.literal('log-in'), target, secrets: z.array(z.string()) }),
  z.strictObject({
    ask: z.literal('warm'),
    target,
    master,
    tables: z.array(z.string()),
    seconds: z.number(),
  }),
]);
export type InsideRequest = z.infer<typeof insideRequest>;
export type InsideMaster = z.infer<typeof master>;

export type InsideDeps = { plan: Plan; secrets: Secrets; passwords: ScratchSecrets; switching: Switching };

/**
 * Does one thing inside a database, old or new. A refusal is a value: an error loses its code on the way out of a
 * function.
 */
export async function insideDatabases(request: InsideRequest, deps: InsideDeps): Promise<Attempted<unknown>> {
  try {
    return { ok: true, value: (await answerInside(request, deps)) ?? null };
  } catch (error) {
    if (!(error instanceof UnderstudyError)) throw error;
    return { ok: false, said: toErrorInfo(error) };
  }
}

async function answerInside(request: InsideRequest, deps: InsideDeps): Promise<unknown> {
  const { switching } = deps;
  const of = requireTarget(deps.plan, request.target);
  switch (request.ask) {
    case 'before':
      return switching.before(await adminOf(of, request, deps));
    case 'freeze':
      return switching.freeze(await adminOf(of, request, deps));
    case 'thaw':
      return switching.thaw(await adminOf(of, request, deps), request.held as Held);
    case 'fence':
      return switching.fence(await adminOf(of, request, deps));
    case 'unfence':
      return switching.unfence(await adminOf(of, request, deps));
    case 'admit':
      return admitAll(of, request, deps);
    case 'log-in':
      for (const secret of request.secrets) await switching.logIn(await ofSecret(of, secret, deps));
      return undefined;
    case 'warm':
      return switching.warm(await masterOf(of, request.master, deps), request.tables, request.seconds);
  }
}

export type Admitted = { user: string; as: 'worked' | 'password-set' }[];

async function admitAll(
  of: Target,
  { master, secrets }: Extract<InsideRequest, { ask: 'admit' }>,
  deps: InsideDeps,
): Promise<Admitted> {
  const isMaster = ({ user }: Credentials) => (user === master.user ? 1 : 0);
  const all: Credentials[] = [];
  for (const secret of secrets) all.push({ ...(await ofSecret(of, secret, deps)), ...master.at });
  const admitted: Admitted = [];
  // The master's own new password comes last: until then it is the restore's.
  for (const given of all.sort((a, b) => isMaster(a) - isMaster(b)))
    admitted.push({
      user: given.user,
      as: await deps.switching.admit(await masterOf(of, master, deps), given),
    });
  return admitted;
}

/** The credentials of a secret of the target's. */
async function ofSecret(of: Target, secret: string, { secrets }: InsideDeps): Promise<Credentials> {
  const { sslmode, ...connection } = of.connection!;
  return secrets.credentials(
    { ...of, connection: { ...connection, secret, ...(sslmode ? { sslmode } : {}) } },
    { again: true },
  );
}

/** Who may freeze and fence, at the address that the platform reports: a name may lead elsewhere meanwhile. */
async function adminOf(
  of: Target,
  { admin, at }: { admin?: string | undefined; at: { host: string; port: number } },
  deps: InsideDeps,
): Promise<Credentials> {
  const database = (await ofSecret(of, of.connection!.secret, deps)).database;
  return { ...(await ofSecret(of, admin ?? of.connection!.secret, deps)), ...at, database };
}

async function masterOf(
  of: Target,
  { name, user, database, at }: InsideMaster,
  { passwords }: InsideDeps,
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

/** Asks the function that reaches the databases, and waits for it without being billed. */
export async function askInside<T>(
  durable: Durable,
  name: string,
  functionId: string,
  request: InsideRequest,
): Promise<T> {
  const answer = await durable.invoke<InsideRequest, Attempted<T>>(name, functionId, request);
  if (answer.ok) return answer.value;
  throw refusalOf(answer.said);
}
