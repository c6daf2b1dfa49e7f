import { toAwsCron } from '../../lib/adapters/aws/cron.ts';
import type { Plan } from '../../lib/domain/plan/policy.ts';
import type { PlatformSource } from '../../lib/domain/points/platform-source.ts';
import { type WatchDeps, watch } from '../../lib/workflows/watch/watch.ts';
import { credentials, HOME } from './builders.ts';
import { manualClock } from './doubles/clock.ts';
import { memoryDeps } from './doubles/deps.ts';
import { memoryPlatform } from './doubles/platform.ts';
import { schedulesOf } from './doubles/schedules.ts';
import { memoryScratchInstances, memoryScratchSecrets } from './doubles/scratch-instances.ts';
import { memoryVault } from './doubles/vault.ts';

/** A deployment at noon whose schedules are the plan's and whose topics have subscribers: a look finds nothing. */
export function watchWorld(plan: Plan, sources: PlatformSource[] = []) {
  const clock = manualClock('2026-11-20T12:00:00Z');
  const base = memoryDeps(clock);
  for (const topic of ['alerts', 'pages', 'alarms'] as const)
    base.alerts.subscribe(topic, { protocol: 'email', endpoint: `${topic}@example.org`, confirmed: true });
  const deployed = schedulesOf(plan);
  const platform = memoryPlatform({ clock, home: HOME, sources });
  const scratch = memoryScratchInstances();
  const vault = memoryVault(clock);
  const deps = {
    ...base,
    plan,
    vault,
    platform: platform as WatchDeps['platform'],
    scratch: scratch as WatchDeps['scratch'],
    scratchSecrets: memoryScratchSecrets(),
    schedules: { deployed: async () => deployed, expression: toAwsCron },
    keyState: async () => 'usable' as const,
    secrets: { credentials: async () => credentials() },
  } satisfies WatchDeps;
  return {
    ...base,
    deps,
    vault,
    platform,
    scratch,
    deployed,
    told: base.alerts.told,
    look: () => watch(deps),
    /** What is open, `code target subject`. */
    open: async () =>
      (await base.catalog.openFindings())
        .map(({ code, target, subject }) => `${code} ${target} ${subject}`)
        .sort(),
    /** How many looks have completed. */
    completed: () => base.metrics.counted.filter(({ name }) => name === 'WatchCompleted').length,
  };
}
