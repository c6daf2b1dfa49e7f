import * as z from 'zod';
import { Refusal } from '../../domain/errors.ts';
import type { Plan } from '../../domain/plan/policy.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Instances, Secrets } from '../../ports/database.ts';
import type { Databases } from '../../ports/databases.ts';
import type { ScratchSecrets } from '../../ports/platform.ts';
import type { Switching } from '../../ports/switching.ts';

/** Every request: its target, and the moment after which it is refused because its execution may have lost the restore. */
const common = { target: z.string(), notAfter: z.iso.datetime().optional() };
const at = z.strictObject({ host: z.string(), port: z.int() });
/**
 * The master user of what a restore made; its password is in the secret of this name. Beside the living database it is
 * the user of a secret of the target's.
 */
export const insideMaster = z.strictObject({
  name: z.string(),
  user: z.string(),
  database: z.string(),
  at,
  secret: z.string().optional(),
});
const admin = z.string().optional();
/** The living server. With `id` only that database of it is meant: the restore has made another one there. */
const living = { ...common, at, admin, id: z.string().optional() };
/** Databases by name. */
const closed = { ...living, databases: z.array(z.string()) };
/** Those that the secrets name, and the target's own; with `all` every one of the server; else those named here. */
const named = {
  ...living,
  secrets: z.array(z.string()),
  all: z.boolean(),
  databases: z.array(z.string()).optional(),
};
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
  /** Opens databases of the new one, which has what an earlier restore had done to them at its moment. */
  z.strictObject({
    ask: z.literal('reopen'),
    ...common,
    master: insideMaster,
    databases: z.array(z.string()),
    held: held.optional(),
  }),
  z.strictObject({
    ask: z.literal('admit'),
    ...common,
    master: insideMaster,
    secrets: z.array(z.string()),
    /** Users whom the copy may lack: they are named, and end nothing. */
    also: z.array(z.string()),
  }),
  /** How the migrations of the living database differ from the new one's, which may have another name. */
  z.strictObject({
    ask: z.literal('migrations'),
    ...living,
    master: insideMaster,
    database: z.string().optional(),
  }),
  /** How the new one's migrations differ from those that the application expects. */
  z.strictObject({
    ask: z.literal('expected-migrations'),
    ...common,
    master: insideMaster,
    expected: z.array(z.string()),
  }),
  /** Can a database be made beside the one that the connection leads to, for this restore? Rejects with `not-possible`. */
  z.strictObject({ ask: z.literal('server'), ...common, admin, restore: z.string() }),
  /** The database with this id, or this name: null where there is none. */
  z.strictObject({
    ask: z.literal('find'),
    ...common,
    ...{ at, admin },
    which: z.union([z.strictObject({ id: z.string() }), z.strictObject({ name: z.string() })]),
  }),
  /** Of whom the administrator is a member. */
  z.strictObject({ ask: z.literal('memberships'), ...common, at, admin }),
  /** Who reads its changes. */
  z.strictObject({ ask: z.literal('readers'), ...common, at, admin, id: z.string() }),
  z.strictObject({ ask: z.literal('rename'), ...common, at, admin, id: z.string(), to: z.string() }),
  /** Does each secret lead to a database that lets its user in? */
  z.strictObject({ ask: z.literal('log-in'), ...common, secrets: z.array(z.string()) }),
  z.strictObject({
    ask: z.literal('warm'),
    ...common,
    master: insideMaster,
    tables: z.array(z.string()),
    seconds: z.number(),
  }),
  /** The questions of the smoke steps; `fresherThan` counts back from the moment. */
  z.strictObject({
    ask: z.literal('smoke'),
    ...common,
    master: insideMaster,
    /** Of users who were let in. */
    secrets: z.array(z.string()),
    moment: z.string(),
  }),
]);
export type InsideRequest = z.infer<typeof insideRequest>;
export type InsideMaster = z.infer<typeof insideMaster>;

export type InsideDeps = {
  plan: Plan;
  secrets: Secrets;
  passwords: ScratchSecrets;
  switching: Switching;
  databases: Databases;
  instances: Pick<Instances, 'value'>;
  clock: Clock;
};

/** The code of a request that came after its time: it may be made again by who holds the restore still. */
export const TOO_LATE = 'too-late';

/** A rollback may work on the restore by now. */
export function refuseLate(
  { notAfter, ask, target }: { notAfter?: string | undefined; ask: string; target: string },
  clock: Clock,
): void {
  if (notAfter === undefined || clock.now() <= new Date(notAfter)) return;
  throw new Refusal(TOO_LATE, `"${ask}" of ${target} was to begin by ${notAfter}: nothing was done`);
}
