import { askInside } from './ask-inside.ts';
import { loadNew } from './load-new.ts';
import { noteMigrations } from './prove-new.ts';
import { readersLeftBehind } from './readers.ts';
import { masterOfNew, type Restoring } from './restoring.ts';

/**
 * Makes a new database on the server of the living one, and loads the dump into it. Until it is released nobody gets in
 * but who restores. Roles are those that the server has: their passwords are not touched.
 */
export async function makeBeside(restoring: Restoring): Promise<void> {
  const { log, declared } = restoring;
  const { database } = declared.chosen;
  const { host, port } = log.record.old!;
  // Before it is made: what dies in between is found by its name.
  const made = { name: database, resourceId: '', ...{ host: host!, port: port! }, database };
  await log.note('its name', { made });
  const { id } = await loadNew(restoring, { mark: markOf(restoring) });
  await log.note('where it is', { made: { ...made, resourceId: id! } });
  await log.phase('complete');
  await log.note('its settings', {
    incomplete: [
      ...(await readersLeftBehind(restoring)),
      ...(await giveItsOwn(restoring, { isTrial: true })),
    ],
  });
  await noteMigrations(restoring);
}

/** Ends the quarantine: its privileges, its owner and its comment let in whom the dump's database let in. */
export async function releaseBeside(restoring: Restoring): Promise<void> {
  const { log } = restoring;
  await log.phase('release');
  const given = await giveItsOwn(restoring, { isTrial: false });
  const others = given.filter((each) => !log.record.incomplete.includes(each));
  if (others.length > 0) await log.add('what is not as it was tried', ...others);
}

/** What an earlier try has left on the server bears it. */
const markOf = ({ target, log }: Restoring) => `understudy: restore ${log.record.id} of ${target.id}`;

/** Resolves with what is not possible, and how it differs from the living database as a whole. */
async function giveItsOwn(restoring: Restoring, { isTrial }: { isTrial: boolean }): Promise<string[]> {
  const { target, log, durable, deps } = restoring;
  const word = isTrial ? 'try to give' : 'give';
  const point = await durable.step(`the dump, to ${word} what is its own`, () =>
    deps.catalog.point(target.id, log.record.way.point!),
  );
  return askInside<string[]>(
    durable,
    `${word} it what is its own`,
    { insideFunction: deps.loadFunction, clock: deps.clock },
    {
      ...{ ask: 'give', target: target.id, master: masterOfNew(restoring)!, point: point! },
      ...{ living: log.record.old!.database!, isTrial },
    },
  );
}
