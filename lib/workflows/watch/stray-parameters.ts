import { DEPLOYMENT, type Finding, finding } from '../../domain/findings/finding.ts';
import { targetOf } from '../../domain/plan/policy.ts';
import { TAGS } from '../../domain/points/platform-source.ts';
import { isStrayOf } from '../../domain/runs/sweep-verdict.ts';
import type { StrayParameters } from '../../ports/platform.ts';
import { clearRest } from '../../restore/instance/teardown.ts';
import { endedLongAgo, hasEnded, recordFrom, type SweepDeps } from './scratch-records.ts';

/**
 * Removes parameters and secrets without an instance and a record. Those in use belong to an instance that is now a
 * database under another name.
 */
export async function sweepParameters(
  known: ReadonlySet<string>,
  place: string,
  deps: SweepDeps,
  now: Date,
  findings: Finding[],
): Promise<void> {
  for (const stray of await deps.scratch.strayParameters(known)) {
    if (!isStrayOf(stray, deps.stage, TAGS)) continue;
    // The list of records was read before: a rehearsal may have begun since, here or in another place.
    if ((await deps.catalog.openScratches()).some(({ name }) => name === stray.name)) continue;
    const record = recordFrom(stray, place, deps, now);
    const isOver = new Date(record.expiresAt) <= now || (await endedLongAgo(record, deps, now));
    if (!isOver) {
      if (await hasEnded(record, deps))
        findings.push(parametersKept(stray, deps, 'its parameter group is still being cleared away'));
      continue;
    }
    // On record during the removal: only the group leads to the secret, and the group goes first.
    const begun = await deps.catalog.beginScratch(record);
    // The list may lag: this one belongs to a live rehearsal.
    if (begun.beganAt !== record.beganAt || begun.startedAt !== undefined) continue;
    const kept = await clearRest(begun, deps);
    if (kept) findings.push(parametersKept(stray, deps, `${kept}; ${IF_RENAMED}`));
  }
}

const IF_RENAMED =
  'if the instance was renamed into service, give it its own parameter group and a new password: the secret of that name is deleted with the group';

function parametersKept({ name, tags }: StrayParameters, deps: SweepDeps, why: string): Finding {
  return finding('scratch-left-over', {
    target: targetOf(deps.plan, tags[TAGS.target] ?? '') ?? DEPLOYMENT,
    subject: name,
    message: `the scratch instance ${name} is gone, and ${why}`,
  });
}
