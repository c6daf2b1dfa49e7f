import { codeOf, Refusal } from '../../domain/errors.ts';
import { atOld } from './freeze.ts';
import { askInside } from './inside-databases.ts';
import type { Afterwards, Restoring } from './restoring.ts';
import { whyDown } from './why-down.ts';

/** Lets nobody write into the old database any more, before anybody is sent to the new one. */
export async function fenceOld(restoring: Restoring): Promise<void> {
  const { target, log, durable, deps } = restoring;
  const at = atOld(restoring);
  if (log.record.settings.cutover === 'none' || !at) return;
  await log.phase('fence');
  // On record before it is done: what dies in between is undone all the same.
  await log.note('the fence', { fenced: true });
  try {
    const fenced = await askInside<{ at: string }>(durable, 'fence', deps.insideFunction, {
      ask: 'fence',
      ...at,
    });
    // Not the freeze: a session may set itself free of it.
    await log.note('fenced', { lastWriteBefore: fenced.at });
  } catch (error) {
    if (codeOf(error) === 'fence-denied') await log.note('not fenced', { fenced: undefined });
    // A database that does not run takes no writes. One that runs must not be left behind open.
    const down =
      codeOf(error) === 'source-unreachable' &&
      (await durable.step('look whether the old one runs', () => whyDown(target, deps)));
    if (!down) throw error;
    await log.note('not fenced', {
      fenced: undefined,
      notes: [...log.record.notes, `the old database was not closed, because it does not run: ${down}`],
    });
  }
}

/** Closes the new database, where it answers now. One that does not run is not in the way. */
export async function closeNew({ target, log, durable, deps }: Afterwards): Promise<void> {
  const { made, old, switched, settings, kind } = log.record;
  // By name it answers where the old one did.
  const side = switched?.newIs ? old : made;
  const name = switched?.newIs ?? made!.name;
  const at = { host: side!.host!, port: side!.port! };
  try {
    await askInside(durable, 'close the new one', deps.insideFunction, {
      ask: 'fence',
      target: target.id,
      at,
      secrets: settings.secrets,
      all: settings.cutover === 'rename',
      ...(settings.admin === undefined ? {} : { admin: settings.admin }),
    });
  } catch (error) {
    const gone =
      codeOf(error) === 'source-unreachable' &&
      (await durable.step('look whether the new one runs', async () => {
        const there = await deps.platform.source({ kind, id: name });
        return !there || ['stopped', 'deleting'].includes(there.state);
      }));
    if (!gone)
      throw new Refusal(codeOf(error), `${name} is still open: ${(error as Error).message}`, {
        hint: 'stop it, then try again',
      });
  }
}
