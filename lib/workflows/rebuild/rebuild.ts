import { type Plan, requireTarget } from '../../domain/plan/policy.ts';
import { concurrently } from '../../execution/concurrency.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Platform } from '../../ports/platform.ts';
import { type DumpSource, rebuildDumps } from './rebuild-dumps.ts';
import { rebuildSnapshots } from './rebuild-snapshots.ts';
import { type RebuildReport, Tally } from './report.ts';

export type RebuildRequest = {
  /** Only this target. */
  target?: string | undefined;
  dryRun: boolean;
};

export type RebuildDeps = {
  plan: Plan;
  catalog: Pick<Catalog, 'adoptPoint' | 'point' | 'pointAt'>;
  /** Where manifests are read. */
  dumps: DumpSource;
  platform: Pick<Platform, 'source' | 'snapshots'>;
  clock: Clock;
  stage: string;
  home: string;
  onRead?: () => void;
};

/**
 * Makes the catalog's points anew from what holds them: dumps from their manifests, snapshots and copies from their
 * tags. Adds what the catalog lacks and changes no record, so it may run twice, or while dumps are made. A point comes
 * back `available`: nobody has verified it since.
 */
export async function rebuild({ target, dryRun }: RebuildRequest, deps: RebuildDeps): Promise<RebuildReport> {
  const { plan, dumps, onRead = () => undefined } = deps;
  const targets = target === undefined ? plan.targets : [requireTarget(plan, target)];
  const tally = new Tally();
  const common = { ...deps, dryRun, now: deps.clock.now() };
  for (const { id } of targets) tally.of(id);
  await rebuildDumps(dumps, target, tally, { ...common, onRead });
  await concurrently(targets, async (each) => {
    if (each.platform) await rebuildSnapshots(each, each.platform, tally, common);
  });
  return tally.report(dryRun);
}
