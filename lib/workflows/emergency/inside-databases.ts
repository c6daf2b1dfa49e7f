import { codeOf, Refusal, toErrorInfo, UnderstudyError } from '../../domain/errors.ts';
import { compareExpected, compareMigrations } from '../../domain/incidents/migrations.ts';
import type { Held } from '../../domain/incidents/restore-record.ts';
import { requireTarget, type Target } from '../../domain/plan/policy.ts';
import { type SmokeResult, sqlSteps } from '../../domain/smoke/smoke-step.ts';
import type { Attempted } from '../../execution/durable-run.ts';
import type { Credentials } from '../../ports/credentials.ts';
import { DATABASE_MISSING } from '../../ports/switching.ts';
import { askSmokeStep } from '../../restore/prove/smoke-questions.ts';
import { admitUsers, masterOfNow } from './admit-users.ts';
import { adminsOf, masterOf, namedBy, ofSecret } from './inside-credentials.ts';
import { type InsideDeps, type InsideRequest, refuseLate } from './inside-request.ts';
import { adminAt, lookAtServer } from './inside-server.ts';

/**
 * Does one thing inside a database, old or new. A refusal is a value: an error loses its code on the way out of a
 * function.
 */
export async function insideDatabases(request: InsideRequest, deps: InsideDeps): Promise<Attempted<unknown>> {
  try {
    refuseLate(request, deps.clock);
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
    case 'reopen':
      return reopen(of, request, deps);
    case 'admit':
      return admitUsers(of, request, deps);
    case 'migrations': {
      const database = request.database ?? request.master.database;
      const [living] = await adminsOf(of, { ...request, databases: [database] }, deps);
      const [there, here] = [living!, await masterOf(of, request.master, deps)];
      return compareMigrations(await switching.migrations(there), await switching.migrations(here));
    }
    case 'expected-migrations':
      return compareExpected(
        request.expected,
        await switching.migrations(await masterOf(of, request.master, deps)),
      );
    case 'log-in':
      for (const secret of request.secrets) await switching.logIn(await ofSecret(of, secret, deps));
      return undefined;
    case 'warm':
      return switching.warm(await masterOf(of, request.master, deps), request.tables, request.seconds);
    case 'smoke':
      return askSmoke(of, request, deps);
    case 'server':
      return lookAtServer(of, request, deps);
    case 'find':
      return deps.databases.find(await adminAt(of, request, deps), request.which);
    case 'memberships':
      return deps.databases.memberships(await adminAt(of, request, deps));
    case 'readers':
      return deps.databases.readers(await adminAt(of, request, deps), request.id);
    case 'rename':
      return deps.databases.rename(await adminAt(of, request, deps), request.id, request.to);
  }
}

async function askSmoke(
  of: Target,
  { master, secrets, moment }: Extract<InsideRequest, { ask: 'smoke' }>,
  deps: InsideDeps,
): Promise<SmokeResult[]> {
  const owner = await masterOfNow(of, master, secrets, deps);
  // A database that cannot be reached fails no step: nothing is known of it.
  await deps.switching.logIn(owner);
  const results: SmokeResult[] = [];
  for (const step of sqlSteps(of.smoke))
    results.push(
      await askSmokeStep(
        step,
        (sql, seconds) => deps.instances.value(owner, sql, seconds),
        moment,
        (seconds) => deps.clock.sleep(seconds * 1000),
      ),
    );
  return results;
}

/** Resolves with the databases that stay as they are, because another than the master owns them. */
async function reopen(
  of: Target,
  { master, databases, held }: Extract<InsideRequest, { ask: 'reopen' }>,
  deps: InsideDeps,
): Promise<string[]> {
  const owner = await masterOf(of, master, deps);
  const denied: string[] = [];
  await each(
    databases.map((database) => ({ ...owner, database })),
    async (closed) => {
      try {
        await deps.switching.unfence(closed);
        const before = held?.[closed.database];
        if (before) await deps.switching.thaw(closed, before as Held[string]);
      } catch (error) {
        if (!/-denied$/.test(codeOf(error))) throw error;
        denied.push(closed.database);
      }
    },
  );
  return denied;
}

/**
 * Does it to every one, whatever became of the others, and rejects with the first failure. One that is not on this server
 * needs nothing: a copy lacks databases of later, and somebody may have dropped one.
 */
async function each<T>(
  admins: readonly Credentials[],
  work: (admin: Credentials) => Promise<T>,
): Promise<T[]> {
  const done: T[] = [];
  const failures: unknown[] = [];
  for (const admin of admins)
    await work(admin).then(
      (value) => void done.push(value),
      (error) => {
        if (codeOf(error) !== DATABASE_MISSING) failures.push(error);
      },
    );
  if (failures.length > 0) throw failures[0];
  return done;
}

/** Does it to all; the last moment counts. */
async function lastOf(
  admins: readonly Credentials[],
  work: (admin: Credentials) => Promise<{ at: string }>,
): Promise<{ at: string }> {
  const moments = (await each(admins, work)).map(({ at }) => at);
  const last = moments.sort().at(-1);
  if (last) return { at: last };
  throw new Refusal(DATABASE_MISSING, 'none of its databases is on this server, so nothing was closed', {
    hint: 'list its databases: psql --list',
  });
}

async function refuseObstacles(admins: readonly Credentials[], { switching }: InsideDeps): Promise<void> {
  const found = new Set<string>();
  for (const admin of admins) for (const why of await switching.obstacles(admin)) found.add(why);
  if (found.size === 0) return;
  throw new Refusal('not-possible', [...found].join('; '), { hint: 'then look at the ways back again' });
}
