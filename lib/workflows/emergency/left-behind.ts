import { reasonOf } from '../../domain/errors.ts';
import type { MissingSetting } from '../../ports/platform.ts';
import type { Restoring } from './restoring.ts';

/** What names the old database and will not follow to the new one. Only to be read: it stops nothing. */
export async function listLeftBehind({ declared, log, durable, deps }: Restoring): Promise<MissingSetting[]> {
  const { made, kind, old, settings } = log.record;
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
