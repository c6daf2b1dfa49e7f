import { Refusal } from '../../domain/errors.ts';
import { runName } from '../../domain/names.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { DumpPoint } from '../../domain/points/recovery-point.ts';
import { type Manifest, totalRows } from '../../domain/proof/manifest.ts';
import { plusSeconds, utc } from '../../domain/time.ts';
import type { ClaimDeps } from '../../execution/claim.ts';
import { endingWith, refuseOtherTables } from '../../points/archive-stream.ts';
import type { Credentials, Engine, HeldSource, Secrets } from '../../ports/database.ts';
import type { PutOptions, Vault } from '../../ports/vault.ts';

export type DumpDeps = ClaimDeps & {
  vault: Vault;
  engine: Pick<Engine, 'hold' | 'databases'>;
  secrets: Secrets;
};

type Made = { point: DumpPoint; manifest: Manifest };

/**
 * Makes the stored point: holds the source, streams its archive while its facts are read, and writes the manifest
 * last. Reports sessions that the dump blocks in `blocked`.
 */
export async function capture(
  creating: DumpPoint,
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
        // Ends whatever is running, pg_dump or a count of rows.
        if (policy.dump.whenBlocking === 'end')
          ended.abort(
            new Refusal('dump-gave-way', `the dump ended because ${what}`, {
              hint: 'the policy says dump.whenBlocking: end; it is tried again at its next schedule',
            }),
          );
      }, either)
      .catch((error: Error) =>
        deps.log.warn('blocked sessions cannot be watched for during this dump', { reason: error.message }),
      );

    const content = source.content(policy.proof.depth, standing);
    // A failed fact must end the upload at once, not wait for pg_dump to finish in vain.
    content.catch((error) => archive.kill(error));
    // Every check of the source must pass before the archive may end.
    let rolesSql: Buffer = Buffer.alloc(0);
    const condition = async () => {
      await content;
      either.throwIfAborted();
      refuseOtherTables(await source.dataLines(), await archive.toc);
      await source.unchanged();
      rolesSql = await source.roles();
    };

    const options = putOptions(
      target,
      deps,
      creating.keys.dump,
      'application/octet-stream',
      source.facts.bytes,
    );
    const stored = await deps.vault.stream(endingWith(archive, condition), options);
    const roles = await deps.vault.put(
      rolesSql,
      putOptions(target, deps, creating.keys.roles, 'application/sql'),
    );
    const after = await source.sequences();
    ended.abort();
    await watching;

    const { content: facts, sequences: before } = await content;
    const manifest: Manifest = {
      schemaVersion: 1,
      target: target.id,
      point: creating.id,
      run: runName({ job: 'dump', target: target.id, scheduledFor: creating.scheduledFor }),
      source: source.facts,
      client: archive.client,
      extensions: source.extensions,
      parameters: source.parameters,
      ...facts,
      sequences: bothReadings(before, after),
      toc: { entries: (await archive.toc).entries.length, sha256: (await archive.toc).sha256 },
      dump: stored,
      roles,
    };
    const written = await deps.vault.put(
      Buffer.from(JSON.stringify(manifest)),
      putOptions(target, deps, creating.keys.manifest, 'application/json'),
    );
    const lock = lockOf(target, deps);
    const point: DumpPoint = {
      ...creating,
      state: 'available',
      snapshotAt: source.facts.snapshotAt,
      dump: stored,
      roles,
      manifest: written,
      database: source.facts.database,
      sourceBytes: source.facts.bytes,
      tables: facts.tables.length,
      rows: totalRows(facts.tables),
      fingerprinted: policy.proof.depth === 'fingerprints',
      ...(lock ? { lockedUntil: utc(lock.until) } : {}),
    };
    return { point, manifest };
  } finally {
    ended.abort();
    await source.release();
  }
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
