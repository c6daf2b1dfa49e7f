import { codeOf, InputError } from '../../domain/errors.ts';
import { refuseAnotherTime } from '../../domain/incidents/confirmation.ts';
import {
  addressOf,
  RESTORE_LEASE,
  type RestoreRecord,
  type RestoreSide,
} from '../../domain/incidents/restore-record.ts';
import { restoredName } from '../../domain/names.ts';
import { type Plan, type RestoreSettings, requirePlatform, type Target } from '../../domain/plan/policy.ts';
import type { PlatformSource } from '../../domain/points/platform-source.ts';
import type { RestoreJob } from '../../domain/runs/job.ts';
import { compactUtc, plusSeconds, utc } from '../../domain/time.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Functions } from '../../ports/functions.ts';
import type { Hooks } from '../../ports/hooks.ts';
import type { ApplicationSecrets } from '../../ports/switching.ts';
import { type InstancePlan, type PlanDeps, planInstance } from '../../restore/instance/plan-rehearsal.ts';
import { type BesidePlan, planBeside } from './choose-beside.ts';
import { planEmpty } from './choose-empty.ts';
import { confirmedWay, wayOf } from './confirmed-way.ts';
import type { SeenServer } from './inside-server.ts';
import { othersOnInstance } from './others-on-instance.ts';
import { refuseBeforeBeside } from './refuse-before-beside.ts';
import { refuseImpossibleRestore } from './refuse-impossible.ts';
import { requireCallable } from './require-callable.ts';

export type DeclareDeps = PlanDeps & {
  plan: Plan;
  catalog: Catalog;
  applicationSecrets: ApplicationSecrets;
  hooks: Hooks;
  functions: Functions;
};

/** A restore of a staging target that nobody needs: whose data it has. */
export type Drill = { of: Target };

/** What is to be declared: the record, what is restored, and the living database as it is. Small: it is a checkpoint. */
export type Declared = {
  record: RestoreRecord;
  chosen: InstancePlan | BesidePlan;
  source: PlatformSource | null;
};

/**
 * Checks that what was confirmed is still so, and that everything the restore will need can be had, before anything is
 * changed. Writes nothing, so that it may be repeated.
 */
export async function declareRestore(
  job: RestoreJob,
  target: Target,
  token: string,
  deps: DeclareDeps,
  { drill, server }: { drill?: Drill | undefined; server?: SeenServer | undefined } = {},
): Promise<Declared> {
  refuseAnotherTime(job.scheduledFor, deps.clock.now());
  const { of } = drill ?? { of: target };
  const way = drill ? await wayOf(job, of, deps) : await confirmedWay(job, target, deps);
  // A drill has secrets of one target, and data of another.
  if (!server && !drill) await refuseBeforeBeside(job, deps.catalog);
  const settings = target.policy.restore;
  const { chosen, source, old } = server
    ? await besideOf(job, target, server, deps)
    : await onInstance(job, target, of, deps);
  await requireCallable(settings, deps);
  const now = deps.clock.now();
  const id = compactUtc(job.scheduledFor);
  const record: RestoreRecord = {
    target: target.id,
    id,
    token,
    state: 'running',
    by: job.requestedBy,
    ...(job.reason === undefined ? {} : { reason: job.reason }),
    ...(drill ? { drill: { of: of.id } } : {}),
    startedAt: utc(now),
    aliveUntil: utc(plusSeconds(now, RESTORE_LEASE)),
    way: { kind: job.way, asOf: job.asOf, ...(job.point === undefined ? {} : { point: job.point }) },
    settings: { ...settings, secrets: secretsOf(target, settings) },
    confirmed: job.confirm,
    kind: chosen.kind,
    ...(server ? { memberships: server.memberships } : {}),
    phase: 'declare',
    phases: [],
    phaseBeganAt: utc(now),
    ...(way.takes ? { expected: way.takes.middle } : {}),
    ...(old ? { old } : {}),
    ...leftBy(await deps.catalog.restore(target.id)),
    secretsBefore: await versionsOf(target, settings, old, deps),
    notes: [...chosen.notes, ...(await noteOthers(job, target, source, deps))],
    incomplete: [],
    undone: [],
    notPutBack: [],
  };
  return { record, chosen, source: source ?? null };
}

type Planned = { chosen: InstancePlan; source: PlatformSource | undefined };
type Sides = Pick<RestoreRecord, 'old'> & { chosen: Declared['chosen']; source: PlatformSource | undefined };

/** Onto an instance of its own. */
async function onInstance(job: RestoreJob, target: Target, of: Target, deps: DeclareDeps): Promise<Sides> {
  const planned = await planOf(job, of, deps);
  const { chosen, source } = of === target ? planned : await asDrilled(planned.chosen, target, deps);
  refuseImpossibleRestore(target, target.policy.restore, source);
  return { chosen, source, ...(source ? { old: sideOf(source) } : {}) };
}

/** Into a database on the server of the living one. */
async function besideOf(
  job: RestoreJob,
  target: Target,
  server: SeenServer,
  deps: DeclareDeps,
): Promise<Sides> {
  const { at, database, id } = server;
  // Nothing is done to them, but their instance may be replaced meanwhile.
  await othersOnInstance(deps.plan, target, deps.catalog);
  const chosen = await planBeside(job.point!, target, server, deps);
  return { chosen, source: undefined, old: { name: database, resourceId: id, ...at, database } };
}

async function planOf({ way, asOf, point }: RestoreJob, target: Target, deps: DeclareDeps): Promise<Planned> {
  const wanted = way === 'moment' ? { moment: asOf } : { point };
  const { plan: chosen, source } =
    way === 'dump'
      ? await planEmpty(point!, target, deps)
      : await planInstance({ from: way, ...wanted, place: deps.home }, target, deps);
  return { chosen, source };
}

/** Another target's data, for the application of this one: its database is the one that is replaced. */
async function asDrilled(chosen: InstancePlan, target: Target, deps: DeclareDeps): Promise<Planned> {
  const { kind, id } = requirePlatform(target);
  const source = await deps.platform.source({ kind, id });
  const [own, its] = [await deps.platform.family(chosen), source && (await deps.platform.family(source))];
  const isLike = source?.parameterGroup !== undefined && its?.parameterGroup === own.parameterGroup;
  return {
    chosen: { ...chosen, parametersFrom: isLike ? source.parameterGroup! : own.parameterGroup },
    source,
  };
}

/** Other targets are databases of the same instance, and may go back with it. */
async function noteOthers(
  job: RestoreJob,
  target: Target,
  source: PlatformSource | undefined,
  { plan, catalog }: DeclareDeps,
): Promise<string[]> {
  const others = source ? await othersOnInstance(plan, target, catalog) : [];
  if (others.length === 0) return [];
  const { cutover } = target.policy.restore;
  if (job.way === 'dump' && cutover === 'rename')
    throw new InputError(
      `a dump brings back ${target.id} alone, and by its name the new instance would replace that of ${others.join(', ')} too`,
      [],
      'use cutover: secret, or restore a moment or a snapshot',
    );
  return cutover === 'rename'
    ? [`the same instance has ${others.join(', ')}, which goes back with it`]
    : [`the same instance has ${others.join(', ')}, which stays where it is`];
}

/** The last restore has left something: this one puts it back with its own, as it was before both. */
function leftBy(last: RestoreRecord | undefined): Pick<RestoreRecord, 'leftBy' | 'hooked'> {
  // One that never froze anything has put back nothing of what it found.
  if (last?.leftBy && last.state === 'not-done' && !last.held && last.notPutBack.length === 0)
    return { leftBy: last.leftBy };
  if (!last || last.notPutBack.length === 0) return {};
  const { id, held, hooked, leftBy: before } = last;
  const all = { ...held, ...before?.held };
  return {
    leftBy: { restore: id, ...(Object.keys(all).length > 0 ? { held: all } : {}) },
    ...(hooked ? { hooked } : {}),
  };
}

const sideOf = ({ id, resourceId, endpoint }: PlatformSource) => ({ name: id, resourceId, ...endpoint });

/** The name of what this restore makes. */
export function nameOfRestored(target: Target, { id }: Pick<RestoreRecord, 'id'>): string {
  return restoredName(requirePlatform(target).id, id, 'restored');
}

const secretsOf = (target: Target, { secrets }: RestoreSettings) =>
  secrets.length > 0 ? secrets : target.connection ? [target.connection.secret] : [];

/**
 * Every secret can be read and changed, and leads to the old database. The connection's own is switched too if it does:
 * the next dump is one of the new database.
 */
async function versionsOf(
  target: Target,
  settings: RestoreSettings,
  old: RestoreSide | undefined,
  { applicationSecrets }: DeclareDeps,
): Promise<RestoreRecord['secretsBefore']> {
  const leadsTo = addressOf(old);
  if (settings.cutover !== 'secret' || !leadsTo) return [];
  const versions: RestoreRecord['secretsBefore'] = [];
  const named = secretsOf(target, settings);
  for (const secret of named)
    versions.push({ secret, version: await applicationSecrets.version(secret, leadsTo) });
  const own = target.connection!.secret;
  if (named.includes(own)) return versions;
  const version = await applicationSecrets.version(own, leadsTo).catch((error) => {
    if (['secret-shape', 'secret-managed'].includes(codeOf(error))) return undefined;
    throw error;
  });
  return version === undefined ? versions : [...versions, { secret: own, version }];
}
