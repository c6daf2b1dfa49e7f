import { reasonOf } from '../../domain/errors.ts';
import { placedId, pointId, REPLICA, VAULT } from '../../domain/names.ts';
import { type Plan, targetOf } from '../../domain/plan/policy.ts';
import type { DumpPoint, RecoveryPoint } from '../../domain/points/recovery-point.ts';
import { secondsBetween } from '../../domain/time.ts';
import { concurrentlyFrom } from '../../execution/concurrency.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Vault } from '../../ports/vault.ts';
import { dumpsIn, type StoredAttempt, type StoredDump } from './dumps-in.ts';
import { type ReadDump, readDump } from './read-dump.ts';
import type { Tally } from './report.ts';

/** A bucket with manifests: the vault, or the bucket that it is replicated to. */
export type DumpSource = { vault: Vault; place: DumpPoint['place'] };

export type RebuildDumpsDeps = {
  plan: Plan;
  catalog: Pick<Catalog, 'adoptPoint' | 'point' | 'pointAt'>;
  now: Date;
  dryRun: boolean;
  /** Called after each dump. */
  onRead: () => void;
};

/** A dump takes 15 minutes at most: an object of the last hour may be one whose manifest is being written. */
const MAY_BE_BEING_MADE = 3600;

/** Adds a point for each whole dump of the listing that the catalog lacks. One that fails stops no other. */
export async function rebuildDumps(
  { vault, place }: DumpSource,
  only: string | undefined,
  tally: Tally,
  deps: RebuildDumpsDeps,
): Promise<void> {
  const strangers = new Map<string, number>();
  const listing = vault.list(only === undefined ? '' : `${only}/`);
  await concurrentlyFrom(dumpsIn(listing, tally.others), async (stored) => {
    const { target, scheduledFor } = stored;
    if (!targetOf(deps.plan, target)) strangers.set(target, (strangers.get(target) ?? 0) + 1);
    else
      await rebuildDump(stored, { vault, place }, tally, deps).catch((error) =>
        tally.failures.push(`the dump of ${target} for ${scheduledFor}: ${reasonOf(error)}`),
      );
    deps.onRead();
  });
  for (const [target, dumps] of strangers) {
    const message = `${dumps} dumps are of ${target}, which is not in understudy.yml: add it, and rebuild again`;
    tally.findings.push({ target, code: 'target-unknown', message });
  }
}

/** All attempts of one moment are one point: the last whole one, as if it had been the run's last. */
async function rebuildDump(
  stored: StoredDump,
  { vault, place }: DumpSource,
  tally: Tally,
  deps: RebuildDumpsDeps,
): Promise<void> {
  const { scheduledFor } = stored;
  const target = targetOf(deps.plan, stored.target)!;
  const counted = tally.of(target.id);
  const known = await knownOf(stored, place, deps);
  if (known && known.state !== 'failed') {
    counted.known++;
    return;
  }
  const problems: Extract<ReadDump, { problem: unknown }>['problem'][] = [];
  for (const [attempt, objects] of lastFirst(stored)) {
    if (isYoung(objects, deps.now) && !objects.manifest) {
      counted.beingMade++;
      continue;
    }
    const read = await readDump({ target, scheduledFor, attempt, place }, objects, vault, deps.now);
    if ('problem' in read) {
      problems.push(read.problem);
      continue;
    }
    // What died on the way to this one is of no use, and harms nothing.
    const worse = problems.filter(({ code }) => code !== 'dump-without-manifest');
    tally.findings.push(...worse.map((each) => ({ target: target.id, ...each })));
    if (known) tally.findings.push(differing(read.point, known));
    else if (deps.dryRun || (await deps.catalog.adoptPoint(read.point))) counted.added.push(read.point.id);
    else counted.known++;
    return;
  }
  // Of a dump that is known to have failed, remains are no news.
  if (known) counted.known++;
  else tally.findings.push(...problems.map((each) => ({ target: target.id, ...each })));
}

async function knownOf(
  { target, scheduledFor, attempts }: StoredDump,
  place: DumpPoint['place'],
  { catalog }: RebuildDumpsDeps,
): Promise<RecoveryPoint | undefined> {
  if (place === VAULT) return catalog.pointAt(target, scheduledFor);
  for (const attempt of attempts.keys()) {
    const known = await catalog.point(target, placedId(pointId(scheduledFor, attempt), REPLICA));
    if (known) return known;
  }
  return undefined;
}

const lastFirst = ({ attempts }: StoredDump) => [...attempts].sort(([a], [b]) => b - a);

const isYoung = (objects: StoredAttempt, now: Date) =>
  Object.values(objects).some(({ lastModified }) => secondsBetween(lastModified, now) < MAY_BE_BEING_MADE);

function differing(found: DumpPoint, known: RecoveryPoint) {
  const message = `${found.keys.manifest} is whole, but the catalog has ${known.id} as ${known.state}, which is not overwritten; restore it by hand: docs/emergency.md, 3a`;
  return { target: found.target, code: 'record-differs' as const, message };
}
