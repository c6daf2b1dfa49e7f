import { createHash } from 'node:crypto';
import { placedId, pointId, REPLICA, runName, type VaultKeys, vaultKeys } from '../../domain/names.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { DumpPoint, StoredObject } from '../../domain/points/recovery-point.ts';
import { fingerprinted, type Manifest, manifestSchema, totalRows } from '../../domain/proof/manifest.ts';
import { utc } from '../../domain/time.ts';
import { checkPresence } from '../../points/artifact.ts';
import type { Vault } from '../../ports/vault.ts';
import type { StoredAttempt } from './dumps-in.ts';
import type { RebuildCode } from './report.ts';

/** The moment and the attempt that a dump is named after, and where it lies. */
export type NamedDump = {
  target: Target;
  scheduledFor: string;
  attempt: number;
  place: DumpPoint['place'];
};

export type ReadDump = { point: DumpPoint } | { problem: { code: RebuildCode; message: string } };

/**
 * The point that an attempt of a dump is, by its manifest, if all of it is there as the manifest says. What the
 * manifest does not know (when it was verified, how long it took) is left out.
 */
export async function readDump(
  named: NamedDump,
  stored: StoredAttempt,
  vault: Vault,
  now: Date,
): Promise<ReadDump> {
  const { target, scheduledFor, attempt } = named;
  const keys = vaultKeys(target.id, scheduledFor, attempt);
  const listed = stored.manifest;
  if (!listed)
    return problem('dump-without-manifest', `${keys.dump} has no manifest, so it is no dump to restore`);
  const head = await vault.head(keys.manifest);
  if (!head) return problem('manifest-missing', `${keys.manifest} is hidden by a delete marker`);
  if (listed.versions > 1)
    return problem(
      'manifest-replaced',
      `${keys.manifest} has ${listed.versions} versions: it was written over, and nobody can say which one is Understudy’s`,
    );
  const text = await bytesOf(vault, { key: keys.manifest, versionId: head.versionId });
  const manifest = parsed(text);
  if (typeof manifest === 'string') return problem('manifest-invalid', `${keys.manifest} ${manifest}`);
  const odd = whyForeign(manifest, named, keys);
  if (odd) return problem('manifest-foreign', `${keys.manifest} ${odd}`);
  const sha256 = createHash('sha256').update(text).digest('hex');
  const written = { key: keys.manifest, versionId: head.versionId, bytes: text.length, sha256 };
  const point = pointOf(manifest, written, named, keys, utc(now));
  for (const object of [manifest.dump, manifest.roles]) {
    const [bad] = await checkPresence({ target, point, vault }, object);
    if (bad) return problem(bad.code as RebuildCode, bad.message);
  }
  const { lockedUntil, legalHold } = (await vault.headVersion(manifest.dump)) ?? {};
  return {
    point: {
      ...point,
      ...(lockedUntil ? { lockedUntil: utc(new Date(lockedUntil)) } : {}),
      ...(legalHold ? { legalHold } : {}),
    },
  };
}

const problem = (code: RebuildCode, message: string): ReadDump => ({ problem: { code, message } });

function pointOf(
  manifest: Manifest,
  written: StoredObject,
  { target, scheduledFor, attempt, place }: NamedDump,
  keys: VaultKeys,
  now: string,
): DumpPoint {
  const id = pointId(scheduledFor, attempt);
  return {
    id: place === REPLICA ? placedId(id, REPLICA) : id,
    target: target.id,
    kind: 'dump',
    place,
    state: 'available',
    scheduledFor,
    keys,
    snapshotAt: manifest.source.snapshotAt,
    // Since when this catalog has it: its upload ended long before.
    availableAt: now,
    rebuiltAt: now,
    dump: manifest.dump,
    roles: manifest.roles,
    manifest: written,
    database: manifest.source.database,
    sourceBytes: manifest.source.bytes,
    tables: manifest.tables.length,
    rows: totalRows(manifest.tables),
    fingerprinted: fingerprinted(manifest),
  };
}

/** Why it cannot be read, without a word of its content. */
function parsed(text: Buffer): Manifest | string {
  let json: unknown;
  try {
    json = JSON.parse(text.toString('utf8'));
  } catch {
    return 'is not JSON';
  }
  const { data, error } = manifestSchema.safeParse(json);
  return (
    data ?? `has another layout than this version’s: ${error?.issues[0]?.path.join('.') || 'its top level'}`
  );
}

/** A manifest that was put where it does not belong describes another dump than the one beside it. */
function whyForeign(
  { target: of, point, run, dump, roles }: Manifest,
  { target, scheduledFor, attempt }: NamedDump,
  keys: VaultKeys,
): string | undefined {
  if (of !== target.id) return `is of the target ${of}`;
  if (point !== pointId(scheduledFor, attempt)) return `is of the point ${point}`;
  if (run !== runName({ job: 'dump', target: of, scheduledFor })) return `is of the run ${run}`;
  if (dump.key !== keys.dump || roles.key !== keys.roles) return `names other objects: ${dump.key}`;
  return undefined;
}

async function bytesOf(vault: Vault, object: Pick<StoredObject, 'key' | 'versionId'>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of await vault.read(object)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
