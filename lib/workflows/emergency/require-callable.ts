import type { RestoreSettings } from '../../domain/plan/policy.ts';
import type { Functions } from '../../ports/functions.ts';
import type { Hooks } from '../../ports/hooks.ts';

/** Every hook that a restore may call is there, and every function can start anew, before anything begins. */
export async function requireCallable(
  { hooks, functions }: RestoreSettings,
  deps: { hooks: Hooks; functions: Functions },
): Promise<void> {
  const { freeze = [], application = [], migrations = [], cutover } = hooks;
  for (const hook of new Set([freeze, application, migrations, cutover].flat())) await deps.hooks.check(hook);
  for (const ref of functions) await deps.functions.check(ref);
}
