import { codeOf, reasonOf } from '../../domain/errors.ts';
import { attempt, unwrap } from '../../execution/durable-run.ts';
import { askInside } from './ask-inside.ts';
import { renamed, restartServices } from './cut-over.ts';
import { closeNew } from './fence.ts';
import { atOld, thawOld } from './freeze.ts';
import { undoHooks } from './hooks.ts';
import { renewFunctions } from './renew-functions.ts';
import type { Afterwards } from './restoring.ts';

/** What was put back, and what could not be. */
export type Undone = {
  undone: string[];
  failed: string[];
  /** Production has its old database, whatever became of services, functions and hooks. */
  isBack: boolean;
};

/** How long a name may lead to the former address after a renaming, in seconds: RDS's own names live for five. */
const NAMES_SETTLE = 60;

/**
 * Puts production back as it was, in the reverse order: names, secrets, the fence, the freeze. Where the new database
 * was in reach of the application it is closed first, and if it cannot be, the old one stays closed: never two writers.
 * Everything else is tried whatever became of the one before. `anyway`: a secret that was written since goes back, too.
 */
export async function undo(given: Afterwards, { anyway = false } = {}): Promise<Undone> {
  const restoring = { ...given, deps: { ...given.deps, cancelled: undefined } };
  const { log, durable, deps } = restoring;
  const { id, takenBy, switched, old, made, closed, held, settings } = log.record;
  const result: Undone = { undone: [], failed: [], isBack: false };
  const trying = async (what: string, work: () => Promise<unknown>) => {
    try {
      await work();
      result.undone.push(what);
      return true;
    } catch (error) {
      result.failed.push(`${what}: ${reasonOf(error)}`);
      return false;
    }
  };
  const { newIs, oldIs, secrets = [] } = switched ?? {};
  if (newIs || secrets.length > 0) {
    const isClosed = await trying('the new database lets nobody in', () => closeNew(restoring));
    if (!isClosed) {
      result.failed.push('so nothing else was tried, and the old database stays closed');
      return result;
    }
  }
  if (newIs && made && old)
    await trying(`${newIs} is called ${made.name} again`, () =>
      renamed(restoring, made.resourceId, newIs, made.name),
    );
  if (oldIs && old)
    await trying(`${oldIs} is called ${old.name} again`, () =>
      renamed(restoring, old.resourceId, oldIs, old.name, made?.resourceId),
    );
  for (const versions of [...secrets].reverse())
    await trying(`the secret ${versions.secret} is as it was`, async () =>
      unwrap(
        await attempt(durable, `put the secret ${versions.secret} back`, () =>
          deps.applicationSecrets.putBack(versions, { anyway }),
        ),
      ),
    );
  // A catalog that does not answer must not keep production closed.
  if (switched) await log.note('names and secrets are back', { undoing: true }).catch(() => undefined);
  const at = atOld(restoring);
  if (oldIs) await durable.pause('let the names settle', Math.min(NAMES_SETTLE, deps.pace.most));
  if (closed && at)
    await trying(`${old!.name} lets sessions in again`, () =>
      persistently(restoring, 'open it again', (name) =>
        askInside(durable, name, deps, { ask: 'unfence', ...at, databases: closed }),
      ),
    );
  if (held && at)
    await trying(`${old!.name} takes writes again`, () =>
      persistently(restoring, 'let it take writes', (name) => thawOld(restoring, name)),
    );
  result.isBack = result.failed.length === 0;
  if (secrets.length > 0 && settings.services.length > 0)
    result.failed.push(...(await restartServices(restoring)));
  if (secrets.length > 0)
    // Each rollback renews them: one before may have failed to put a secret back.
    result.failed.push(...(await renewFunctions(restoring, `${id}-${takenBy?.slice(0, 8) ?? 'back'}`)));
  await undoHooks(restoring, trying);
  return result;
}

/** How often production is asked to open again while it cannot be reached. */
const TRIES = 10;

/** A name that has not settled yet, or a server that is full, must not leave production closed. */
export async function persistently(
  { durable, deps }: Afterwards,
  name: string,
  work: (name: string) => Promise<unknown>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await work(`${name}, try ${attempt}`);
      return;
    } catch (error) {
      if (codeOf(error) !== 'source-unreachable' || attempt === TRIES) throw error;
      await durable.pause(`${name}: wait to try again, ${attempt}`, Math.min(NAMES_SETTLE, deps.pace.most));
    }
  }
}
