import { reasonOf } from '../../domain/errors.ts';
import { attempt, unwrap } from '../../execution/durable-run.ts';
import { renamed } from './cut-over.ts';
import { atOld, thawOld } from './freeze.ts';
import { askInside } from './inside-databases.ts';
import type { Restoring } from './restoring.ts';

/** What was put back, and what could not be. */
export type Undone = { undone: string[]; failed: string[] };

/**
 * Puts production back as it was, in the reverse order: names, secrets, the fence, the freeze. Each is tried whatever
 * became of the one before; who wants the restore to end wants this all the more.
 */
export async function undo(given: Restoring): Promise<Undone> {
  const restoring = { ...given, deps: { ...given.deps, cancelled: undefined } };
  const { log, durable, deps } = restoring;
  const { switched, old, made, fenced, held } = log.record;
  const result: Undone = { undone: [], failed: [] };
  const trying = async (what: string, work: () => Promise<unknown>) => {
    try {
      await work();
      result.undone.push(what);
    } catch (error) {
      result.failed.push(`${what}: ${reasonOf(error)}`);
    }
  };
  const { newIs, oldIs, secrets = [] } = switched ?? {};
  if (newIs && made && old)
    await trying(`${newIs} is called ${made.name} again`, () =>
      renamedBack(restoring, made.resourceId, newIs, made.name),
    );
  if (oldIs && old)
    await trying(`${oldIs} is called ${old.name} again`, () =>
      renamedBack(restoring, old.resourceId, oldIs, old.name),
    );
  for (const versions of [...secrets].reverse())
    await trying(`the secret ${versions.secret} is as it was`, async () =>
      unwrap(
        await attempt(durable, `put the secret ${versions.secret} back`, () =>
          deps.applicationSecrets.putBack(versions),
        ),
      ),
    );
  const at = atOld(restoring);
  if (fenced && at)
    await trying(`${old!.name} lets sessions in again`, () =>
      askInside(durable, 'open it again', deps.insideFunction, { ask: 'unfence', ...at }),
    );
  if (held && at) await trying(`${old!.name} takes writes again`, () => thawOld(restoring));
  return result;
}

/** One that never got the other name keeps its own. */
async function renamedBack(
  restoring: Restoring,
  resourceId: string,
  from: string,
  to: string,
): Promise<void> {
  await renamed(restoring, resourceId, from, to);
}
