import { codeOf, Refusal } from '../../domain/errors.ts';
import type { Held, RestoreRecord } from '../../domain/incidents/restore-record.ts';
import { askInside } from './ask-inside.ts';
import { freezeByHook } from './hooks.ts';
import type { InsideRequest } from './inside-request.ts';
import type { Afterwards, Restoring } from './restoring.ts';
import { whyDown, whyFull } from './why-down.ts';

/** Where the old database is, and whose secret may close it. */
export function atOld({
  target,
  log,
}: Pick<Restoring, 'target'> & { log: Pick<Restoring['log'], 'record'> }) {
  const { old, settings } = log.record;
  if (!old?.host || !old.port) return undefined;
  return {
    target: target.id,
    at: { host: old.host, port: old.port },
    // Another database of that server is the new one, or somebody else's.
    ...(old.database === undefined ? {} : { id: old.resourceId }),
    ...(settings.admin === undefined ? {} : { admin: settings.admin }),
  };
}

/**
 * Which databases are meant: those of an instance that the secrets name; a name is taken from every one. Beside the living
 * database that one alone.
 */
export const meant = ({ settings, old }: RestoreRecord) => ({
  secrets: settings.secrets,
  all: settings.cutover === 'rename' && old?.database === undefined,
  ...(old?.database === undefined ? {} : { databases: [old.database] }),
});

/**
 * Whatever will be asked of the databases is possible, before anything is made: the secrets can be read, and their
 * user may freeze, close, and end sessions. A database that does not answer is no obstacle to restoring it.
 */
export async function checkRights(restoring: Restoring): Promise<void> {
  const { log, durable, deps } = restoring;
  const { freeze, cutover } = log.record.settings;
  const at = atOld(restoring);
  if ((freeze !== 'read-only' && cutover === 'none') || !at) return;
  const ask = <T>(name: string, request: InsideRequest) => askInside<T>(durable, name, deps, request);
  try {
    const which = { ...at, ...meant(log.record) };
    await ask('ask what is possible', { ask: 'may', ...which });
    const found = await ask<Held>('look how it was', { ask: 'before', ...which });
    refuseOthers(log.record, Object.keys(found));
    // What an earlier restore could not put back is no usual state.
    await log.note('how it was', { was: { ...found, ...leftOver(log.record) } });
  } catch (error) {
    if (codeOf(error) !== 'source-unreachable') throw error;
  }
}

/** Of several databases of an instance only the one that is meant, where another is made beside it. */
function leftOver({ leftBy, old }: RestoreRecord): Held {
  const held = Object.entries(leftBy?.held ?? {});
  return Object.fromEntries(held.filter(([name]) => [undefined, name].includes(old?.database)));
}

/** By its name an instance with one database would replace that of all others. */
function refuseOthers({ way, old, settings }: RestoreRecord, databases: readonly string[]): void {
  if (
    way.kind !== 'dump' ||
    old?.database !== undefined ||
    settings.cutover !== 'rename' ||
    databases.length < 2
  )
    return;
  throw new Refusal(
    'other-databases',
    `${old!.name} has ${databases.join(', ')}, and a dump brings back only one of them`,
    { hint: 'use cutover: secret, or restore a moment or a snapshot' },
  );
}

/** By policy: the application reads the old database and writes nothing while another is restored. */
export async function freezeOld(restoring: Restoring): Promise<void> {
  const { target, log, durable, deps } = restoring;
  const at = atOld(restoring);
  if (log.record.settings.freeze === 'hook') return freezeByHook(restoring);
  if (log.record.settings.freeze !== 'read-only' || !at) return;
  await log.phase('freeze');
  const full = await durable.step('look whether it is full', () => whyFull(target, deps));
  if (full)
    return log.add(
      'not frozen',
      `the old database was not frozen: its storage is full (${full}), so it takes no writes`,
    );
  const held = log.record.was;
  if (!held) {
    // What does not run, nobody writes into.
    const down = await durable.step('look whether it runs', () => whyDown(target, deps));
    if (!down)
      throw new Refusal(
        'source-unreachable',
        `${log.record.old!.name} runs, and cannot be reached to freeze it`,
        {
          hint: `look why: ./understudy doctor ${target.id}; or restore with freeze: none`,
        },
      );
    return log.add('not frozen', `the old database was not frozen, because it does not run: ${down}`);
  }
  // On record before it is done: what dies in between is undone all the same.
  await log.note('the freeze', { held });
  const frozen = await askInside<{ at: string }>(durable, 'freeze', deps, {
    ask: 'freeze',
    ...at,
    databases: Object.keys(held),
  });
  await log.note('frozen', { frozenAt: frozen.at });
}

/** Undoes it exactly. */
export async function thawOld(restoring: Afterwards, name = 'thaw'): Promise<void> {
  const { log, durable, deps } = restoring;
  const at = atOld(restoring);
  const { held } = log.record;
  if (!held || !at) return;
  await askInside(durable, name, deps, {
    ask: 'thaw',
    ...at,
    databases: Object.keys(held),
    held,
  });
}
