import { Refusal, toErrorInfo } from '../../domain/errors.ts';
import { humanSeconds } from '../../domain/time.ts';
import { poll } from '../../execution/poll.ts';
import type { MissingSetting } from '../../ports/platform.ts';
import { CHANGE_TAKES, EVENTS_SAY_WHY } from '../../restore/instance/bring-up.ts';
import { listLeftBehind } from './left-behind.ts';
import { ABORTED } from './restore-log.ts';
import { instanceOf, type Restoring } from './restoring.ts';

/** Everything that a restore does not bring back, as far as a request can give it; the rest is named with its command. */
export async function completeNew(restoring: Restoring): Promise<void> {
  const { declared, log, durable, deps } = restoring;
  await log.phase('complete');
  const { made, old } = log.record;
  const { kind } = instanceOf(restoring);
  if (!old || !declared.source) {
    await log.note('its settings', {
      incomplete: ['every setting: the old instance is gone, so they are not known'],
    });
    return;
  }
  const missing = await poll<MissingSetting[]>(durable, deps, {
    name: 'complete its settings',
    deadline: CHANGE_TAKES,
    look: async () => {
      const found = await deps.restored.complete(kind, old.name, made!.name);
      const waiting = found.filter(({ command }) => command === undefined);
      return waiting.length === 0
        ? { state: 'done', value: found }
        : { state: 'waiting', seen: waiting.map(({ what }) => what).join(', ') };
    },
    late: (seen, waited) =>
      new Refusal('settings-late', `${made!.name} still lacks ${seen} after ${humanSeconds(waited)}`, {
        hint: EVENTS_SAY_WHY,
      }),
  }).catch((error) => {
    // Data that waits is worse than a setting that is missing: a person decides.
    const { code, message } = toErrorInfo(error);
    if (code === ABORTED) throw error;
    return [{ what: message, command: 'set it by hand' }];
  });
  const elsewhere = await listLeftBehind(restoring);
  await log.note('its settings', {
    incomplete: [...missing, ...elsewhere].map(({ what, command }) =>
      command ? `${what}: ${command}` : what,
    ),
  });
}
