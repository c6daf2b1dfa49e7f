import { Refusal } from '../../domain/errors.ts';
import { humanSeconds } from '../../domain/time.ts';
import { poll } from '../../execution/poll.ts';
import { EVENTS_SAY_WHY } from '../../restore/instance/bring-up.ts';
import type { Afterwards } from './restoring.ts';

/** How long a deletion may take, in seconds. */
const DELETION_TAKES = 2 * 3600;

/**
 * Deletes what a drill has made, once its target has its old database again. What cannot be deleted stays on record, and
 * is told of weekly.
 */
export async function removeNew({ log, durable, deps }: Afterwards): Promise<void> {
  const { made, kind } = log.record;
  // A drill makes instances and clusters alone.
  if (!made || kind === 'database') return;
  const waiting = { ...deps, cancelled: undefined };
  await poll(durable, waiting, {
    name: `delete ${made.name}`,
    deadline: DELETION_TAKES,
    look: async () => {
      const seen = await deps.restored.removeDrilled(kind, made.name);
      return seen === 'gone' ? { state: 'done', value: null } : { state: 'waiting', seen };
    },
    late: (seen, waited) =>
      new Refusal('drill-left-over', `${made.name} is not gone after ${humanSeconds(waited)}: ${seen}`, {
        hint: EVENTS_SAY_WHY,
      }),
  }).catch(() => undefined);
  await durable
    .step('remove its parameters and its password', async () => {
      await deps.restored.removeParameters(kind, made.name);
      await deps.passwords.destroy(made.name);
    })
    .catch(() => undefined);
}
