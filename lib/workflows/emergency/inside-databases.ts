import * as z from 'zod';
import {
  CredentialsRefused,
  codeOf,
  Refusal,
  refusalOf,
  toErrorInfo,
  UnderstudyError,
} from '../../domain/errors.ts';
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
const admin = z.string().optional();
/** Databases by name. */
const closed = { target, at, admin, databases: z.array(z.string()) };
/** Those that the secrets name, and the target's own; with `all` every one of the server. */
const named = { target, at, admin, secrets: z.array(z.string()), all: z.boolean() };
const held = z.record(z.string(), z.strictObject({ readOnly: z.string().optional() }));

/** What a restore asks of the function that reaches the databases. */
export const insideRequest = z.discriminatedUnion('ask', [
  /** May its user do what will be asked? Rejects with `not-possible`, every reason at once. */
  z.strictObject({ ask: z.literal('may'), ...named }),
  z.strictObject({ ask: z.literal('before'), ...named }),
  z.strictObject({ ask: z.literal('freeze'), ...closed }),
  z.strictObject({ ask: z.literal('thaw'), ...closed, held }),
  z.strictObject({ ask: z.literal('fence'), ...closed }),
  z.strictObject({ ask: z.literal('unfence'), ...closed }),
  z.strictObject({
    ask: z.literal('admit'),
    target,
    master,
    secrets: z.array(z.string()),
    /** Users whom the copy may lack: they are named, and end nothing. */
    also: z.array(z.string()),
    held: held.optional(),
  }),
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
    case 'may':
      return refuseObstacles(await namedBy(of, request, deps), deps);
    case 'before': {
      const found: Held = {};
      for (const admin of await namedBy(of, request, deps))
        found[admin.database] = await switching.before(admin);
      return found;
    }
    case 'freeze':
      return lastOf(await adminsOf(of, request, deps), switching.freeze);
    case 'fence':
      return lastOf(await adminsOf(of, request, deps), switching.fence);
    case 'thaw':
      return each(await adminsOf(of, request, deps), (admin) =>
        switching.thaw(admin, (request.held[admin.database] ?? {}) as Held[string]),
      );
    case 'unfence':
      return each(await adminsOf(of, request, deps), switching.unfence);
    case 'admit':
      return admitAll(of, request, deps);
    case 'log-in':
      for (const secret of request.secrets) await switching.logIn(await ofSecret(of, secret, deps));
      return undefined;
    case 'warm':
      return switching.warm(await masterOf(of, request.master, deps), request.tables, request.seconds);
  }
}

export type Admitted = { user: string; as: 'worked' | 'password-set' | 'missing' }[];

async function admitAll(
  of: Target,
  { master, secrets, also, held }: Extract<InsideRequest, { ask: 'admit' }>,
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
  await reopen(users, owner, held, deps);
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

/** At its moment an earlier restore may have frozen or closed it, and the copy has that too. */
async function reopen(
  users: readonly Credentials[],
  owner: Credentials,
  held: Extract<InsideRequest, { ask: 'admit' }>['held'],
  { switching }: InsideDeps,
): Promise<void> {
  for (const database of new Set(users.map((user) => user.database))) {
    const of = { ...owner, database };
    await switching.unfence(of).catch(unlessDenied);
    if (held) await switching.thaw(of, (held[database] ?? {}) as Held[string]).catch(unlessDenied);
  }
}

/** Another's database: then its owner closed it, and not a restore. */
function unlessDenied(error: unknown): void {
  if (!/-denied$/.test(codeOf(error))) throw error;
}

/** The credentials of a secret of the target's. */
async function ofSecret(of: Target, secret: string, { secrets }: InsideDeps): Promise<Credentials> {
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
async function adminsOf(
  of: Target,
  { admin, at, databases }: At & { databases: readonly string[] },
  deps: InsideDeps,
): Promise<Credentials[]> {
  const user = { ...(await ofSecret(of, admin ?? of.connection!.secret, deps)), ...at };
  return databases.map((database) => ({ ...user, database }));
}

/** The same for the databases that secrets name, or for all of the server. */
async function namedBy(
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

/** Tries every one, whatever became of the others; rejects with the first failure. */
async function each(
  admins: readonly Credentials[],
  work: (admin: Credentials) => Promise<void>,
): Promise<undefined> {
  const failures: unknown[] = [];
  for (const admin of admins) await work(admin).catch((error) => void failures.push(error));
  if (failures.length > 0) throw failures[0];
  return undefined;
}

/** Does it to one after the other; the last moment of all counts. */
async function lastOf(
  admins: readonly Credentials[],
  work: (admin: Credentials) => Promise<{ at: string }>,
): Promise<{ at: string }> {
  const moments: string[] = [];
  for (const admin of admins) moments.push((await work(admin)).at);
  return { at: moments.sort().at(-1)! };
}

async function refuseObstacles(admins: readonly Credentials[], { switching }: InsideDeps): Promise<void> {
  const found = new Set<string>();
  for (const admin of admins) for (const why of await switching.obstacles(admin)) found.add(why);
  if (found.size === 0) return;
  throw new Refusal('not-possible', [...found].join('; '), { hint: 'then look at the ways back again' });
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

/** How often a function that died is asked again. Whatever it does may be repeated. */
const TRIES = 3;

/** Asks the function that reaches the databases, and waits for it without being billed. */
export async function askInside<T>(
  durable: Durable,
  name: string,
  functionId: string,
  request: InsideRequest,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const step = attempt === 1 ? name : `${name}, ${attempt}`;
    try {
      const answer = await durable.invoke<InsideRequest, Attempted<T>>(step, functionId, request);
      if (answer.ok) return answer.value;
      throw refusalOf(answer.said);
    } catch (error) {
      if (error instanceof UnderstudyError || attempt === TRIES) throw error;
      await durable.pause(`${step}: wait to ask again`, 5 * attempt);
    }
  }
}
