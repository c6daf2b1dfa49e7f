import { toErrorInfo } from '../../domain/errors.ts';
import { type Plan, requireTarget, type Target } from '../../domain/plan/policy.ts';
import type { Manifest } from '../../domain/proof/manifest.ts';
import { readManifest } from '../../points/read-manifest.ts';
import type { Clock } from '../../ports/clock.ts';
import type { InstanceCopy, Instances } from '../../ports/database.ts';
import type { Log } from '../../ports/messages.ts';
import type { ScratchSecrets } from '../../ports/platform.ts';
import type { Vault } from '../../ports/vault.ts';
import { loadedTableTasks, proveLoadedSchema } from './loaded-tasks.ts';
import { openCopy, refuseOpenQuarantine } from './open-copy.ts';
import { NOTHING_PROVEN, type ProveRequest, type ProveResult, SHOWN } from './proof-slices.ts';
import {
  assertionTasks,
  pageTasks,
  proveHeartbeat,
  proveSchema,
  smokeTasks,
  type Task,
  tableTasks,
} from './proof-tasks.ts';

export type ProveDeps = {
  plan: Plan;
  vault: Pick<Vault, 'read'>;
  instances: Pick<Instances, 'open' | 'since'>;
  secrets: ScratchSecrets;
  clock: Clock;
  log: Log;
  secondsLeft: () => number;
};

const RESERVE_SECONDS = 45;

/**
 * Proves a restored instance, or the next slice of it: schema and heartbeat first, then every table, the assertions,
 * every index and page. The order is stable and the number is kept, so a slice that skips one is noticed. Each task
 * is done or noted as not done; nothing unchecked counts as good.
 */
export async function proveInstance(request: ProveRequest, deps: ProveDeps): Promise<ProveResult> {
  const result = structuredClone(NOTHING_PROVEN);
  const target = requireTarget(deps.plan, request.target);
  try {
    const manifest = request.manifest && (await readManifest(deps.vault, request.manifest));
    const copy = await openCopy(request, target, RESERVE_SECONDS, deps);
    try {
      if (request.from === 0) await refuseOpenQuarantine(copy);
      await proveFrom(request, target, manifest, copy, result, deps);
    } finally {
      await copy.close();
    }
  } catch (error) {
    result.failure = toErrorInfo(error);
    deps.log.error('the scratch instance could not be proven', {
      name: request.name,
      failure: result.failure,
    });
  }
  return { ...result, differences: result.differences.slice(0, SHOWN) };
}

async function proveFrom(
  request: ProveRequest,
  target: Target,
  manifest: Manifest | undefined,
  copy: InstanceCopy,
  result: ProveResult,
  deps: ProveDeps,
): Promise<void> {
  const tasks: Task[] = [
    ...(manifest ? [schemaTask(manifest, request, copy, result)] : []),
    ...(request.heartbeat ? [() => proveHeartbeat(request, request.heartbeat!, copy, result)] : []),
    ...(manifest ? rowTasks(manifest, request, copy, result) : []),
    ...assertionTasks(request, target, manifest, copy, result),
    ...smokeTasks(request, target, copy, result),
  ];
  if (request.from === 0) result.compared.tables = manifest?.tables.length ?? 0;
  const slice = sliceOf(deps);
  const next = await slice(tasks, request.from);
  if (next !== undefined) {
    result.next = next;
    return;
  }
  // amcheck comes last, and is installed then: whatever that triggers in the copy is in no table that was counted.
  if (request.from < tasks.length && deps.secondsLeft() < RESERVE_SECONDS) {
    result.next = PAGES;
    return;
  }
  const first = Math.max(0, request.from - PAGES);
  const page = await slice(await pageTasks(copy, result, first === 0), first);
  if (page !== undefined) result.next = PAGES + page;
}

const schemaTask =
  (manifest: Manifest, { loaded, since }: ProveRequest, copy: InstanceCopy, result: ProveResult): Task =>
  () =>
    loaded ? proveLoadedSchema(manifest, loaded, copy, result) : proveSchema(manifest, since, copy, result);

const rowTasks = (
  manifest: Manifest,
  { loaded, since }: ProveRequest,
  copy: InstanceCopy,
  result: ProveResult,
): Task[] =>
  loaded ? loadedTableTasks(manifest, loaded, copy, result) : tableTasks(manifest, since, copy, result);

/** Indexes and pages count from here: the number of assertions before them comes from the plan, which may change in between. */
const PAGES = 1_000_000;

/**
 * Runs tasks while the function has time, and resolves with where it stopped. At least one in each slice: a task that
 * is too long for a whole slice is noted as not done, and the next slice continues after it.
 */
function sliceOf({ secondsLeft }: ProveDeps) {
  let worked = false;
  return async (tasks: readonly Task[], from: number): Promise<number | undefined> => {
    for (let index = from; index < tasks.length; index++) {
      if (worked && secondsLeft() < RESERVE_SECONDS) return index;
      await tasks[index]!();
      worked = true;
    }
    return undefined;
  };
}
