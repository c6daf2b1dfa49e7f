import { raise, reconcile } from '../../alerting/alerts.ts';
import { finding } from '../../domain/findings/finding.ts';
import { pointId, vaultKeys } from '../../domain/names.ts';
import { requireTarget, type Target } from '../../domain/plan/policy.ts';
import { type DumpPoint, isDump } from '../../domain/points/recovery-point.ts';
import { type Manifest, totalRows } from '../../domain/proof/manifest.ts';
import type { DumpJob } from '../../domain/runs/job.ts';
import type { Claim } from '../../domain/runs/run.ts';
import { humanSeconds, secondsBetween, utc } from '../../domain/time.ts';
import { many } from '../../domain/words.ts';
import { type ClaimedWork, type Done, type JobOutcome, underClaim } from '../../execution/claim.ts';
import { withCredentials } from '../../execution/credentials.ts';
import { expectReplica } from '../../points/replica.ts';
import { capture, type DumpDeps } from './capture.ts';
import { forgetDropped } from './forget-dropped.ts';

/**
 * Dumps one target into the vault.
 *
 *   claim → point `creating` → hold the source still (locks, then one snapshot)
 *     → pg_dump streams to the vault while facts and fingerprints are read in the same snapshot
 *     → the upload may end only when pg_dump exited 0 and every fact is there and agrees
 *     → manifest → point `available` with the manifest's digest → ask for its verification
 *
 * Killed anywhere before the manifest is in the catalog there is no recovery point, and the watch removes the rest.
 */
export async function dump(job: DumpJob, deps: DumpDeps): Promise<JobOutcome> {
  const target = requireTarget(deps.plan, job.target);
  return underClaim(deps, job, job, (work) => dumpOnce(job, target, deps, work));
}

async function dumpOnce(
  job: DumpJob,
  target: Target,
  deps: DumpDeps,
  { claim, signal }: ClaimedWork,
): Promise<Done> {
  const started = deps.clock.now();
  const creating: DumpPoint = {
    id: pointId(job.scheduledFor, claim.attempt),
    target: target.id,
    kind: 'dump',
    place: 'vault',
    state: 'creating',
    scheduledFor: job.scheduledFor,
    keys: vaultKeys(target.id, job.scheduledFor, claim.attempt),
  };
  const adopted = await adopt(job, target, claim, deps);
  if (adopted) return adopted;
  await deps.catalog.putPoint(claim, creating);
  const blocked: string[] = [];
  try {
    const made = await withCredentials(deps.secrets, target, async (credentials) => {
      const captured = await capture(creating, target, deps, credentials, blocked, signal);
      // A dump is good without it.
      await forgetDropped(target, credentials, deps).catch(() => undefined);
      return captured;
    });
    const available: DumpPoint = {
      ...made.point,
      availableAt: utc(deps.clock.now()),
      dumpSeconds: secondsBetween(started, deps.clock.now()),
    };
    await deps.catalog.putPoint(claim, available);
    await expectReplica(claim, target, available, deps);
    await reconcile(
      deps,
      target.id,
      ['dump-blocks-others', 'fingerprints-off'],
      [
        ...blocked.map((what) => blocking(target, what)),
        ...(available.fingerprinted ? [] : [unfingerprinted(target)]),
      ],
    );
    await askForVerification(job, available, deps);
    return { summary: say(made.manifest, available), point: available.id };
  } catch (error) {
    for (const what of blocked) await raise(deps, blocking(target, what));
    await deps.catalog
      .putPoint(claim, { ...creating, state: 'failed', why: (error as Error).message })
      .catch(() => undefined);
    throw error;
  }
}

/**
 * An earlier attempt may have died between its point and the end of its run. Its point is good: it is adopted, and
 * its verification is requested if that is missing.
 */
async function adopt(job: DumpJob, target: Target, claim: Claim, deps: DumpDeps): Promise<Done | undefined> {
  const known = await deps.catalog.pointAt(job.target, job.scheduledFor);
  if (!known || !isDump(known) || !['available', 'verified', 'rehearsed'].includes(known.state))
    return undefined;
  await expectReplica(claim, target, known, deps);
  if (known.state === 'available') await askForVerification(job, known, deps);
  return { summary: `adopted ${known.id}, which an earlier attempt had finished`, point: known.id };
}

/** Requested only now, so that verification never races the dump. If this fails, the scheduled verification follows. */
async function askForVerification(job: DumpJob, point: DumpPoint, deps: DumpDeps): Promise<void> {
  const message = {
    job: 'verify' as const,
    target: point.target,
    scheduledFor: job.scheduledFor,
    requestedBy: job.requestedBy,
    reason: 'the dump is done',
    point: point.id,
  };
  await deps.messages.publish(message).catch((error: Error) =>
    deps.log.warn('verification could not be asked for; its schedule will', {
      point: point.id,
      reason: error.message,
    }),
  );
}

function blocking(target: Target, what: string) {
  return finding('dump-blocks-others', {
    target,
    subject: 'dump',
    message: `while ${target.id} was dumped, ${what}, and every later session waited too`,
  });
}

function unfingerprinted(target: Target) {
  return finding('fingerprints-off', {
    target,
    subject: 'proof',
    message: `the policy ${target.policy.name} takes row counts only, so nothing of ${target.id} is ever proven`,
  });
}

function say(manifest: Manifest, point: DumpPoint): string {
  const rows = many(String(totalRows(manifest.tables)), 'row');
  return `${many(manifest.tables.length, 'table')} with ${rows}, ${((point.dump?.bytes ?? 0) / 1e6).toFixed(1)} MB in ${humanSeconds(point.dumpSeconds ?? 0)}`;
}
