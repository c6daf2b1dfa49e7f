import { reasonOf } from '../../domain/errors.ts';
import { type Finding, finding } from '../../domain/findings/finding.ts';
import { isOpen, isStalled, type RestoreRecord } from '../../domain/incidents/restore-record.ts';
import { monthlyCost } from '../../domain/incidents/way-cost.ts';
import { howToDrop } from '../../domain/incidents/what-stays.ts';
import { type Plan, targetOf } from '../../domain/plan/policy.ts';
import { shortMoment } from '../../domain/time.ts';
import { concurrently } from '../../execution/concurrency.ts';
import type { InventoryDeps } from './inventory-look.ts';
import type { Look } from './look.ts';

type RestoresDeps = Pick<InventoryDeps, 'catalog' | 'platform'> & { plan: Plan };

/** Restores whose execution has died, and databases that restores have left beside production. */
export async function lookAtRestores(deps: RestoresDeps, now: Date): Promise<Look> {
  const findings: Finding[] = [];
  const failures: string[] = [];
  await concurrently(await deps.catalog.standingRestores(), async (record) => {
    try {
      if (isStalled(record, now)) findings.push(stalled(record, deps));
      else if (!isOpen(record)) findings.push(...(await kept(record, deps)));
    } catch (error) {
      failures.push(`the restore ${record.id} of ${record.target}: ${reasonOf(error)}`);
    }
  });
  return { findings, failures };
}

function stalled(
  { target: id, id: restore, phase, aliveUntil }: RestoreRecord,
  { plan }: RestoresDeps,
): Finding {
  const message = `the execution of the restore ${restore} of ${id} died in its phase ${phase}: its next step was due by ${shortMoment(aliveUntil)} UTC`;
  return finding('restore-stalled', { target: targetOf(plan, id) ?? { id }, subject: id, message });
}

/** Those that exist still. The record forgets the others. */
async function kept(record: RestoreRecord, { catalog, plan, platform }: RestoresDeps): Promise<Finding[]> {
  const { target: id, kind, old, endedAt, kept: all = [] } = record;
  const there: typeof all = [];
  for (const each of all) {
    // Only a server knows its databases: the next dump looks whether it has this one.
    const source = kind === 'database' ? each : await platform.source({ kind, id: each.name });
    if (source?.resourceId === each.resourceId) there.push(each);
  }
  if (there.length < all.length) await catalog.putRestore({ ...record, kept: there });
  const target = targetOf(plan, id);
  const month = target && there.length > 0 && monthlyCost(target, (await catalog.observed(id)).platform);
  const costs = month ? `costs about $${month.toLocaleString('en')} a month, and its storage` : 'costs';
  return there.map(({ name }) => {
    const what = kind === 'database' ? `takes disk of its server: ${howToDrop(old!, name)}` : costs;
    const message = `${name} stays beside production since the restore ${record.id} of ${id} ended at ${shortMoment(endedAt!)} UTC, and ${what}`;
    return finding('database-kept', {
      target: target ?? { id },
      subject: name,
      id: name,
      message,
    });
  });
}
