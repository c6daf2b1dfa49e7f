import { reasonOf } from '../../domain/errors.ts';
import type { MissingSetting } from '../../ports/platform.ts';
import { instanceOf, type Restoring } from './restoring.ts';

/** What names the old database and will not follow to the new one. Only to be read: it stops nothing. */
export async function listLeftBehind(restoring: Restoring): Promise<MissingSetting[]> {
  const { declared, log, durable, deps } = restoring;
  const { made, old, settings } = log.record;
  const { kind } = instanceOf(restoring);
  if (!made || !old) return [];
  return durable
    .step('look for what names the old one', () =>
      deps.restored.leftBehind({
        kind,
        old: old.name,
        members: declared.source?.members ?? [],
        name: made.name,
        takesName: settings.cutover === 'rename',
      }),
    )
    .catch((error) => [
      { what: `what else names ${old.name}: unknown (${reasonOf(error)})`, command: 'look for it by hand' },
    ]);
}
