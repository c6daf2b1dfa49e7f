import { codeOf } from '../../domain/errors.ts';
import type { Held } from '../../domain/incidents/restore-record.ts';
import { askInside, type InsideRequest } from './inside-databases.ts';
import type { Restoring } from './restoring.ts';

/** What every request about the old database says: where it is, and whose secret may close it. */
export function atOld({ target, log }: Pick<Restoring, 'target' | 'log'>) {
  const { old, settings } = log.record;
  if (!old?.host || !old.port) return undefined;
  return {
    target: target.id,
    at: { host: old.host, port: old.port },
    ...(settings.admin === undefined ? {} : { admin: settings.admin }),
  };
}

/** By policy: the application reads the old database and writes nothing while another is restored. */
export async function freezeOld(restoring: Restoring): Promise<void> {
  const { log, durable, deps } = restoring;
  const at = atOld(restoring);
  if (log.record.settings.freeze !== 'read-only' || !at) return;
  await log.phase('freeze');
  const ask = <T>(name: string, request: InsideRequest) =>
    askInside<T>(durable, name, deps.insideFunction, request);
  const held = await ask<Held>('look how it was', { ask: 'before', ...at }).catch((error) => {
    // What nobody reaches, nobody writes into.
    if (codeOf(error) === 'source-unreachable') return undefined;
    throw error;
  });
  if (!held)
    return log.note('not frozen', {
      notes: [...log.record.notes, 'the old database was not frozen, because it cannot be reached'],
    });
  // On record before it is done: what dies in between is undone all the same.
  await log.note('how it was', { held });
  const frozen = await ask<{ at: string }>('freeze', { ask: 'freeze', ...at });
  await log.note('frozen', { frozenAt: frozen.at });
}

/** Undoes it exactly. */
export async function thawOld(restoring: Restoring): Promise<void> {
  const { log, durable, deps } = restoring;
  const at = atOld(restoring);
  const { held } = log.record;
  if (!held || !at) return;
  await askInside(durable, 'thaw', deps.insideFunction, { ask: 'thaw', ...at, held });
}
