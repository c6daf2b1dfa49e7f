import type { RestoreSettings } from '../../domain/plan/policy.ts';
import type { Hooks } from '../../ports/hooks.ts';

/** Every hook that a restore may call is there, before anything begins. */
export async function requireHooks({ hooks }: RestoreSettings, deps: { hooks: Hooks }): Promise<void> {
  for (const hook of new Set([hooks.freeze ?? [], hooks.cutover].flat())) await deps.hooks.check(hook);
}
