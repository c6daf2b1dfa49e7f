import { UnderstudyError } from '../domain/errors.ts';
import { placedId, REPLICA } from '../domain/names.ts';
import type { Target } from '../domain/plan/policy.ts';
import { type DumpPoint, fewRebuilt, isDump } from '../domain/points/recovery-point.ts';
import type { VerifyJob } from '../domain/runs/job.ts';
import type { Claim } from '../domain/runs/run.ts';
import { secondsBetween, utc } from '../domain/time.ts';
import type { ClaimDeps } from '../execution/claim.ts';
import type { Vault } from '../ports/vault.ts';

export type Vaults = {
  vault: Vault;
  /** The vault's copy in another Region, if there is one. */
  replica?: Vault | undefined;
};

/**
 * The time between two looks for an awaited replica, and how long after its snapshot they end; then only schedules
 * look. In seconds.
 */
const LOOK_AGAIN = 900;
const AWAITED_FOR = 6 * 3600;

/**
 * Records that a dump will arrive in the vault's replica, if the policy has one. S3 keeps keys and VersionIds when it
 * replicates, so the references are known before the replica exists.
 * https://docs.aws.amazon.com/AmazonS3/latest/dev/replication-how-setup.html
 */
export async function expectReplica(
  claim: Claim,
  target: Target,
  point: DumpPoint,
  deps: ClaimDeps,
): Promise<void> {
  if (!target.policy.vault.replica) return;
  const id = placedId(point.id, REPLICA);
  // An earlier attempt may have recorded it, and the replica may be verified by now.
  if (await deps.catalog.point(target.id, id)) return;
  const { availableAt: _available, verifiedAt: _verified, verifySeconds: _seconds, ...rest } = point;
  await deps.catalog.putPoint(claim, { ...rest, id, place: REPLICA, state: 'creating' });
}

/**
 * Requests the verification of every replica of the target that awaits it, each in its own function, and returns
 * which. A replica that is not there is awaited if this message was about its original, which has just been made.
 */
export async function askForReplicas(
  job: VerifyJob,
  target: Target,
  deps: ClaimDeps & Vaults,
): Promise<string[]> {
  // Replicas that requested each other would never end if none can be verified.
  if (job.point !== undefined && originalOf(job.point) !== job.point) return [];
  const replicas = (await deps.catalog.points(target.id, { states: ['creating', 'available'] }))
    .filter(isDump)
    .filter((point) => point.place === REPLICA);
  const waiting = fewRebuilt(replicas).reverse();
  if (waiting.length > 0 && !deps.replica)
    deps.log.warn('the policy expects replicas, and this deployment has no replica bucket', {
      target: target.id,
      points: waiting.map(({ id }) => id),
    });
  const asked: string[] = [];
  for (const point of deps.replica ? waiting : []) {
    const there = point.state === 'available' || (await isThere(point, vaultOf(point, deps)));
    if (there) await requeue(job, point, 1, 'it has arrived in the replica', deps);
    else if (originalOf(point.id) === job.point) await awaitIt(job, point, deps);
    if (there) asked.push(point.id);
  }
  return asked;
}

/**
 * The replica that a message names, if it can be verified: all its objects are there, under the VersionIds of the
 * vault. Undefined while S3 still replicates, which for large objects may take hours and is no failure: the message
 * comes again. The watch reports it when it is late.
 */
export async function arrived(
  job: VerifyJob,
  point: DumpPoint,
  deps: ClaimDeps & Vaults,
): Promise<DumpPoint | undefined> {
  if (point.place !== REPLICA || point.state !== 'creating') return point;
  if (!(await isThere(point, vaultOf(point, deps)))) {
    await awaitIt(job, point, deps);
    return undefined;
  }
  const availableAt = utc(deps.clock.now());
  await deps.catalog.movePoint(point.target, point.id, 'available', { availableAt });
  return { ...point, state: 'available', availableAt };
}

async function awaitIt(job: VerifyJob, point: DumpPoint, deps: ClaimDeps): Promise<void> {
  const age = secondsBetween(point.snapshotAt ?? point.scheduledFor, deps.clock.now());
  if (age <= AWAITED_FOR) await requeue(job, point, LOOK_AGAIN, 'it had not arrived in the replica', deps);
}

function requeue(
  job: VerifyJob,
  point: DumpPoint,
  seconds: number,
  reason: string,
  deps: ClaimDeps,
): Promise<void> {
  return deps.messages.postpone({ ...job, point: point.id, again: false, reason }, seconds);
}

async function isThere(point: DumpPoint, replica: Vault): Promise<boolean> {
  for (const object of [point.dump, point.roles, point.manifest])
    if (!object || !(await replica.headVersion(object))) return false;
  return true;
}

/** The id of the dump that a replica is a copy of; a dump's own. */
export function originalOf(id: string): string {
  return id.replace(/@replica$/, '');
}

/** Where a dump lies. */
export function vaultOf(point: DumpPoint, { vault, replica }: Vaults): Vault {
  if (point.place !== REPLICA) return vault;
  if (replica) return replica;
  throw new UnderstudyError(
    'replica-unknown',
    `${point.id} lies in a replica bucket that this deployment no longer has`,
    {
      hint: 'deploy with the parameter replicaBucket until the last of its points has expired',
    },
  );
}
