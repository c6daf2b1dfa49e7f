import type { AlertDeps } from '../../alerting/alerts.ts';
import { DEPLOYMENT } from '../../domain/findings/finding.ts';
import { parseRunName } from '../../domain/names.ts';
import type { Plan } from '../../domain/plan/policy.ts';
import { TAGS } from '../../domain/points/platform-source.ts';
import type { Run } from '../../domain/runs/run.ts';
import type { ScratchRecord } from '../../domain/runs/scratch-record.ts';
import { secondsBetween, utc } from '../../domain/time.ts';
import type { Secrets } from '../../ports/database.ts';
import type { Place, ScratchInstances, ScratchSecrets, ScratchState } from '../../ports/platform.ts';

export type SweepDeps = AlertDeps & {
  plan: Plan;
  scratch: ScratchInstances;
  /** Scratch instances of other places, where policies rehearse there. */
  scratchAt?: (place: Place) => ScratchInstances;
  home: string;
  scratchSecrets: ScratchSecrets;
  /** Checks whether a scratch instance is now in use as a database. */
  secrets: Secrets;
};

/** By then a rehearsal that starts again right after its end has done so. In seconds. */
const SETTLED = 600;

export async function hasEnded(record: ScratchRecord, deps: SweepDeps): Promise<boolean> {
  const run = await runOf(record, deps);
  return run !== undefined && run.state !== 'running';
}

/** Its instance is deleted, and its rehearsal ended without removing the rest, which makes others wait. */
export async function endedLongAgo(record: ScratchRecord, deps: SweepDeps, now: Date): Promise<boolean> {
  const run = await runOf(record, deps);
  return run?.endedAt !== undefined && run.state !== 'running' && secondsBetween(run.endedAt, now) >= SETTLED;
}

async function runOf(record: ScratchRecord, deps: SweepDeps): Promise<Run | undefined> {
  const name = parseRunName(record.run);
  return name && deps.catalog.run(name);
}

/** By its tags, which name its run. */
export function recordFrom(
  state: Pick<ScratchState, 'kind' | 'name' | 'tags'> & { resourceId?: string },
  place: string,
  deps: SweepDeps,
  now: Date,
): ScratchRecord {
  return {
    target: state.tags[TAGS.target] ?? DEPLOYMENT.id,
    policy: state.tags[TAGS.policy] ?? '',
    name: state.name,
    kind: state.kind,
    ...(place === deps.home ? {} : { place }),
    run: state.tags[TAGS.run] ?? '',
    state: 'making',
    beganAt: utc(now),
    expiresAt: state.tags[TAGS.expires] ?? utc(now),
    ...(state.resourceId === undefined ? {} : { resourceId: state.resourceId }),
  };
}
