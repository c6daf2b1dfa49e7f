import { codeOf, Refusal, reasonOf } from '../../domain/errors.ts';
import type { Held } from '../../domain/incidents/restore-record.ts';
import { humanSeconds, utc } from '../../domain/time.ts';
import { poll } from '../../execution/poll.ts';
import { deletedMeanwhile, EVENTS_SAY_WHY } from '../../restore/instance/bring-up.ts';
import { askInside } from './ask-inside.ts';
import { closeNewDatabase } from './databases.ts';
import { atOld, meant } from './freeze.ts';
import type { Afterwards, Restoring } from './restoring.ts';
import { whyDown, whyFull } from './why-down.ts';

/** Lets nobody write into the old database any more, before anybody is sent to the new one. */
export async function fenceOld(restoring: Restoring): Promise<void> {
  const { target, log, durable, deps } = restoring;
  const at = atOld(restoring);
  if (log.record.settings.cutover === 'none' || !at) return;
  await untilUnchanging(restoring);
  await log.phase('fence');
  try {
    const now = await askInside<Held>(durable, 'look which databases there are', deps, {
      ask: 'before',
      ...at,
      ...meant(log.record),
    });
    const databases = [...new Set([...Object.keys(log.record.was ?? {}), ...Object.keys(now)])];
    // On record before it is done: what dies in between is undone all the same.
    await log.note('the fence', { closed: databases });
    const fenced = await askInside<{ at: string }>(durable, 'fence', deps, {
      ask: 'fence',
      ...at,
      databases,
    });
    // Not the freeze: a session may set itself free of it.
    await log.note('fenced', { lastWriteBefore: fenced.at });
  } catch (error) {
    // A database that does not run takes no writes. One that runs must not be left behind open.
    const down =
      codeOf(error) === 'source-unreachable' &&
      (await durable.step('look whether the old one runs', () => whyDown(target, deps)));
    if (down)
      return log.add('not fenced', `the old database was not closed, because it does not run: ${down}`);
    // What is beside it on a server that is full takes no writes either, and would later.
    if (log.record.kind === 'database') throw error;
    const full = await durable.step('look whether it is full', async () => {
      const status = await whyFull(target, deps);
      return status && { status, at: utc(deps.clock.now()) };
    });
    if (!full) throw error;
    // The approver has read that, and a database that is full has taken no writes up to now.
    await log.note('not closed', {
      notClosed: `${log.record.old!.name} is not closed, because its storage is full (${full.status}): before it grows, stop what still uses it`,
      lastWriteBefore: full.at,
    });
  }
}

/** Before somebody decides: what would keep the old database open is better known than met after the approval. */
export async function noteWhatStaysOpen(restoring: Restoring): Promise<void> {
  const { target, log, durable, deps } = restoring;
  const at = atOld(restoring);
  const { old, settings } = log.record;
  if (settings.cutover === 'none' || !at || log.record.kind === 'database') return;
  const full = await durable
    .step('look whether the old one is full', () => whyFull(target, deps))
    // The fence looks again.
    .catch(() => null);
  if (full)
    return log.add(
      'what stays open',
      `${old!.name} may not be closed: its storage is full (${full}). It takes no writes while that is so; if its storage grows, by autoscaling too, whoever still uses it writes into it again, and that is lost`,
    );
  const why = await whyNotClosable(restoring);
  if (why)
    await log.add(
      'what stays open',
      `${old!.name} runs and cannot be closed now (${why}): stop it or mend that, or an approval ends the restore`,
    );
}

/** It does not answer, although it runs: then it must not be left. */
async function whyNotClosable(restoring: Restoring): Promise<string | undefined> {
  const { target, log, durable, deps } = restoring;
  const which = { ...atOld(restoring)!, ...meant(log.record) };
  try {
    await askInside(durable, 'ask whether it can be closed', deps, { ask: 'may', ...which });
    return undefined;
  } catch (error) {
    if (codeOf(error) !== 'source-unreachable') return undefined;
    const down = await durable
      .step('look whether it runs before approval', () => whyDown(target, deps))
      .catch(() => null);
    return down ? undefined : reasonOf(error);
  }
}

/** Its settings may still be changing, and nobody should wait for that in front of a closed database. */
async function untilUnchanging({ log, durable, deps }: Restoring): Promise<void> {
  const { kind, made, settings } = log.record;
  if (kind === 'database') return;
  await poll(durable, deps, {
    name: 'wait until the new one is unchanging',
    deadline: settings.deadline,
    look: async () => {
      const found = await deps.restored.look(kind, made!.name);
      if (!found) return { state: 'refused', why: deletedMeanwhile(made!.name) };
      if (found.state === 'ready' && !found.pending) return { state: 'done', value: null };
      return { state: 'waiting', seen: found.status };
    },
    late: (seen, waited) =>
      new Refusal('settings-late', `${made!.name} is still ${seen} after ${humanSeconds(waited)}`, {
        hint: EVENTS_SAY_WHY,
      }),
  });
}

/** Closes the new database, where it answers now. One that does not run is not in the way. */
export async function closeNew(restoring: Afterwards): Promise<void> {
  const { target, log, durable, deps } = restoring;
  const { made, old, switched, settings, kind, closed, was } = log.record;
  if (kind === 'database') return closeNewDatabase(restoring);
  const name = switched?.newIs ?? made!.name;
  // By name it answers where the old one did, unless it never got the name or has given it back.
  const there = await durable.step('look where the new one is', async () => {
    const found = await deps.platform.source({ kind, id: name });
    return found ? { resourceId: found.resourceId, state: found.state } : null;
  });
  const isThere = there?.resourceId === made!.resourceId;
  const side = switched?.newIs && isThere ? old : made;
  const at = {
    target: target.id,
    at: { host: side!.host!, port: side!.port! },
    ...(settings.admin === undefined ? {} : { admin: settings.admin }),
  };
  const known = closed ?? Object.keys(was ?? {});
  try {
    // Nothing is known of an old one that did not run: the new one itself knows which it has.
    const databases =
      known.length > 0
        ? known
        : Object.keys(
            await askInside<Held>(durable, 'look what the new one has', deps, {
              ask: 'before',
              ...at,
              ...meant(log.record),
            }),
          );
    await askInside(durable, 'close the new one', deps, { ask: 'fence', ...at, databases });
  } catch (error) {
    const isGone = !there || (isThere && ['stopped', 'deleting'].includes(there.state));
    if (codeOf(error) === 'source-unreachable' && isGone) return;
    throw new Refusal(codeOf(error), `${name} is still open: ${reasonOf(error)}`, {
      hint: 'stop it, then try again',
    });
  }
}
