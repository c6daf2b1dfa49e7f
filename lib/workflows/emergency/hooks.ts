import { reasonOf } from '../../domain/errors.ts';
import { utc } from '../../domain/time.ts';
import { callHook } from './call-hook.ts';
import type { Afterwards, Restoring } from './restoring.ts';

/** The application’s own way to stop writing, instead of a database that is read-only. */
export async function freezeByHook(restoring: Restoring): Promise<void> {
  const { log, durable, deps } = restoring;
  const hook = log.record.settings.hooks.freeze!;
  await log.phase('freeze');
  // On record before it is called: what dies in between is thawed all the same.
  await log.note('the freeze', { hooked: { ...log.record.hooked, freeze: hook } });
  await callHook(restoring, hook, 'freeze');
  const frozenAt = await durable.step('the time of the freeze', async () => utc(deps.clock.now()));
  await log.note('frozen', { frozenAt });
}

/**
 * Production has the new database: each hook of the cutover, then the end of the freeze. Resolves with what failed, which
 * takes nothing back, and why the application may be stopped still.
 */
export async function closeHooks(restoring: Restoring): Promise<{ failed: string[]; stopped?: string }> {
  const { log } = restoring;
  const { cutover, hooks } = log.record.settings;
  const failed: string[] = [];
  for (const hook of cutover === 'none' ? [] : hooks.cutover) {
    const { hooked } = log.record;
    await log.note(`the hook ${hook}`, {
      hooked: { ...hooked, cutOver: [...(hooked?.cutOver ?? []), hook] },
    });
    await callHook(restoring, hook, 'cut-over').catch((error) => void failed.push(reasonOf(error)));
  }
  const { freeze } = log.record.hooked ?? {};
  const stopped =
    freeze &&
    (await callHook(restoring, freeze, 'thaw').then(
      () => undefined,
      (error) => reasonOf(error),
    ));
  return { failed, ...(stopped ? { stopped } : {}) };
}

/** An application that a hook has started against the new database, for as long as `use` takes. */
export async function withApplication<T>(
  restoring: Restoring,
  hook: string,
  use: (url: string) => Promise<T>,
): Promise<T> {
  const { log } = restoring;
  // On record before it is called: what dies in between is stopped all the same.
  await log.note('the application of a hook', { hooked: { ...log.record.hooked, application: hook } });
  try {
    return await use((await callHook(restoring, hook, 'start')).url!);
  } finally {
    await stopApplication(restoring, hook);
  }
}

/** What cannot be stopped is tried again when the restore is undone. */
async function stopApplication(restoring: Restoring, hook: string): Promise<void> {
  const { log } = restoring;
  await callHook(restoring, hook, 'stop').then(
    () => {
      const { application: _stopped, ...hooked } = log.record.hooked ?? {};
      return log.note('the application of a hook is stopped', { hooked });
    },
    (error) => log.add('it may run still', `the application of ${hook} may run still: ${reasonOf(error)}`),
  );
}

/** Undoes whatever hooks were called, or about to be, once the old database takes writes again. */
export async function undoHooks(
  restoring: Afterwards,
  trying: (what: string, work: () => Promise<unknown>) => Promise<unknown>,
): Promise<void> {
  const { freeze, application, cutOver = [] } = restoring.log.record.hooked ?? {};
  for (const hook of [...cutOver].reverse())
    await trying(`the hook ${hook} has done its cut-back`, () => callHook(restoring, hook, 'cut-back'));
  if (application)
    await trying(`the application of the hook ${application} is stopped`, () =>
      callHook(restoring, application, 'stop'),
    );
  if (freeze)
    await trying(`the application writes again, by the hook ${freeze}`, () =>
      callHook(restoring, freeze, 'thaw'),
    );
}
