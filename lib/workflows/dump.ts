import { CredentialsRefused, Refusal, UnderstudyError } from '../domain/errors.ts';
import { finding } from '../domain/finding.ts';
import type { DumpJob } from '../domain/job.ts';
import { type Manifest, totalRows } from '../domain/manifest.ts';
import { pointId, runName, vaultKeys } from '../domain/names.ts';
import type { Target } from '../domain/policy.ts';
import type { RecoveryPoint, StoredObject } from '../domain/recovery-point.ts';
import { humanSeconds, plusSeconds, secondsBetween, utc } from '../domain/time.ts';
import type {
  Archive,
  Credentials,
  DatabaseEngine,
  HeldSource,
  Secrets,
  TableOfContents,
} from '../ports/database.ts';
import type { PutOptions, Vault } from '../ports/vault.ts';
import { type Done, type JobDeps, type JobOutcome, requireTarget, underClaim, type Work } from './claimed.ts';
import { raise, settle } from './tell.ts';

export type DumpDeps = JobDeps & { vault: Vault; engine: DatabaseEngine; secrets: Secrets };

/**
 * Dumps one target into the vault.
 *
 *   claim → point `creating` → hold the source still (locks, then one snapshot)
 *     → pg_dump streams to the vault while facts and fingerprints are read in the same snapshot
 *     → the upload may end only when pg_dump exited 0 and every fact is there and agrees
 *     → manifest → point `available` with the manifest's digest → ask for its verification
 *
 * Killed anywhere before the manifest is in the catalog there is no recovery point, and the watch clears away the rest.
 */
export async function dump(job: DumpJob, deps: DumpDeps): Promise<JobOutcome> {
  const target = requireTarget(deps.plan, job.target);
  return underClaim(deps, job, job, (work) => dumpOnce(job, target, deps, work));
}

async function dumpOnce(
  job: DumpJob,
  target: Target,
  deps: DumpDeps,
  { claim, signal }: Work,
): Promise<Done> {
  const started = deps.clock.now();
  const creating: RecoveryPoint = {
    id: pointId(job.scheduledFor, claim.attempt),
    target: target.id,
    kind: 'dump',
    place: 'vault',
    state: 'creating',
    scheduledFor: job.scheduledFor,
    keys: vaultKeys(target.id, job.scheduledFor, claim.attempt),
  };
  const adopted = await adopt(job, deps);
  if (adopted) return adopted;
  await deps.catalog.putPoint(claim, creating);
  const blocked: string[] = [];
  try {
    const made = await withCredentials(deps.secrets, target, (credentials) =>
      makePoint(creating, target, deps, credentials, blocked, signal),
    );
    const available: RecoveryPoint = {
      ...made.point,
      availableAt: utc(deps.clock.now()),
      dumpSeconds: secondsBetween(started, deps.clock.now()),
    };
    await deps.catalog.putPoint(claim, available);
    await settle(
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
 * An earlier attempt may have died between its point and the end of its run. What it made is ours and good: it is
 * adopted, and asked to be verified if it was not.
 */
async function adopt(job: DumpJob, deps: DumpDeps): Promise<Done | undefined> {
  const known = await deps.catalog.pointAt(job.target, job.scheduledFor);
  if (!known || !['available', 'verified', 'rehearsed'].includes(known.state)) return undefined;
  if (known.state === 'available') await askForVerification(job, known, deps);
  return { summary: `adopted ${known.id}, which an earlier attempt had finished`, point: known.id };
}

/** Runs with the target's credentials, and once more with fresh ones when they are refused: rotation happens. */
async function withCredentials<T>(
  secrets: Secrets,
  target: Target,
  work: (credentials: Credentials) => Promise<T>,
): Promise<T> {
  const credentials = await secrets.credentials(target);
  try {
    return await work(credentials);
  } catch (error) {
    if (!(error instanceof CredentialsRefused)) throw error;
    const fresh = await secrets.credentials(target, { again: true });
    if (fresh.password === credentials.password && fresh.user === credentials.user)
      throw new Refusal(error.code, error.message, { hint: error.hint, cause: error });
    return work(fresh);
  }
}

type Made = { point: RecoveryPoint; manifest: Manifest };

async function makePoint(
  creating: RecoveryPoint,
  target: Target,
  deps: DumpDeps,
  credentials: Credentials,
  blocked: string[],
  signal: AbortSignal,
): Promise<Made> {
  const { policy } = target;
  const ended = new AbortController();
  const either = AbortSignal.any([signal, ended.signal]);
  const source = await deps.engine.hold(credentials, policy, either);
  try {
    const standing = await source.sequences();
    const archive = source.archive();
    const watching = source
      .watchForBlocked((what) => {
        blocked.push(what);
        if (policy.dump.whenBlocking === 'end')
          archive.kill(
            new Refusal('dump-gave-way', `the dump ended because ${what}`, {
              hint: 'the policy says dump.whenBlocking: end; it is tried again at its next schedule',
            }),
          );
      }, either)
      .catch((error: Error) =>
        deps.log.warn('nobody looks out for blocked sessions during this dump', { reason: error.message }),
      );

    // One after the other: both ask in the same session, inside the snapshot.
    let before = standing;
    const content = source.columnMaxima(standing).then((complete) => {
      before = complete;
      return source.content(policy.proof.depth);
    });
    // A failed fact must end the upload, not wait for pg_dump to finish in vain.
    content.catch((error) => archive.kill(error));
    // The small things come before the large one may end: after it only the manifest can still go wrong.
    let roles: StoredObject | undefined;
    const condition = async () => {
      await content;
      consistent(await source.dataLines(), await archive.toc);
      await source.unchanged();
      roles = await deps.vault.put(
        await source.roles(),
        putOptions(target, deps, creating.keys.roles, 'application/sql'),
      );
    };

    const options = putOptions(
      target,
      deps,
      creating.keys.dump,
      'application/octet-stream',
      source.facts.bytes,
    );
    const stored = await deps.vault.stream(endingWith(archive, condition), options);
    const after = await source.sequences();
    ended.abort();
    await watching;

    const manifest: Manifest = {
      schemaVersion: 1,
      target: target.id,
      point: creating.id,
      run: runName({ job: 'dump', target: target.id, scheduledFor: creating.scheduledFor }),
      source: source.facts,
      client: archive.client,
      extensions: source.extensions,
      parameters: source.parameters,
      ...(await content),
      sequences: bothReadings(before, after),
      toc: { entries: (await archive.toc).entries.length, sha256: (await archive.toc).sha256 },
      dump: stored,
      roles: roles!,
    };
    const written = await deps.vault.put(
      Buffer.from(JSON.stringify(manifest)),
      putOptions(target, deps, creating.keys.manifest, 'application/json'),
    );
    const lock = lockOf(target, deps);
    const point: RecoveryPoint = {
      ...creating,
      state: 'available',
      snapshotAt: source.facts.snapshotAt,
      dump: stored,
      roles: roles!,
      manifest: written,
      sourceBytes: source.facts.bytes,
      fingerprinted: policy.proof.depth === 'fingerprints',
      ...(lock ? { lockedUntil: utc(lock.until) } : {}),
    };
    return { point, manifest };
  } finally {
    ended.abort();
    await source.release();
  }
}

/** The archive's stream, whose end is withheld until everything that must be true of it is known to be. */
async function* endingWith(archive: Archive, condition: () => Promise<unknown>): AsyncGenerator<Buffer> {
  yield* archive.stream;
  await condition();
}

/** The archive must hold exactly the tables whose rows were counted. */
function consistent(counted: string[], toc: TableOfContents): void {
  const archived = toc.entries.filter((entry) => entry.type === 'TABLE DATA').map((entry) => entry.what);
  const odd = [
    ...counted.filter((line) => !archived.includes(line)),
    ...archived.filter((line) => !counted.includes(line)),
  ];
  if (odd.length === 0 && counted.length === archived.length) return;
  throw new UnderstudyError(
    'toc-mismatch',
    `the archive and the counted tables disagree about ${odd.slice(0, 5).join(', ')}`,
    {
      hint: 'a table may have changed its kind while it was dumped; run the dump again',
    },
  );
}

function bothReadings(
  before: Awaited<ReturnType<HeldSource['sequences']>>,
  after: Awaited<ReturnType<HeldSource['sequences']>>,
): Manifest['sequences'] {
  const later = new Map(
    after.map((sequence) => [JSON.stringify([sequence.schema, sequence.name]), sequence.value]),
  );
  return before.map(({ value, ...sequence }) => ({
    ...sequence,
    before: value,
    after: later.get(JSON.stringify([sequence.schema, sequence.name])) ?? value,
  }));
}

function lockOf(target: Target, deps: DumpDeps): PutOptions['lock'] {
  const { lock, lockFor } = target.policy.vault;
  return lock === 'none' ? undefined : { mode: lock, until: plusSeconds(deps.clock.now(), lockFor) };
}

function putOptions(
  target: Target,
  deps: DumpDeps,
  key: string,
  contentType: string,
  expectedBytes?: number,
): PutOptions {
  return {
    key,
    contentType,
    expectedBytes,
    lock: lockOf(target, deps),
    tags: { 'understudy:target': target.id, 'understudy:retention': target.policy.name },
  };
}

/** Asked for only now, so that verification never races the dump. If this fails, the scheduled verification comes anyway. */
async function askForVerification(job: DumpJob, point: RecoveryPoint, deps: DumpDeps): Promise<void> {
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
    message: `while ${target.id} was dumped, ${what}, and everybody after it waited too`,
  });
}

function unfingerprinted(target: Target) {
  return finding('fingerprints-off', {
    target,
    subject: 'proof',
    message: `the policy ${target.policy.name} takes row counts only, so nothing of ${target.id} is ever proven`,
  });
}

function say(manifest: Manifest, point: RecoveryPoint): string {
  const rows = totalRows(manifest.tables).toLocaleString('en');
  return `${manifest.tables.length} tables with ${rows} rows, ${((point.dump?.bytes ?? 0) / 1e6).toFixed(1)} MB in ${humanSeconds(point.dumpSeconds ?? 0)}`;
}
