import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { digestOnDisk, fetchArtifact } from '../../lib/adapters/engines/postgres/restore/fetch.ts';
import { InputError } from '../../lib/domain/errors.ts';
import { REPLICA, VAULT } from '../../lib/domain/names.ts';
import { requireTarget } from '../../lib/domain/plan/policy.ts';
import type { RecoveryPoint } from '../../lib/domain/points/recovery-point.ts';
import { type Manifest, manifestSchema } from '../../lib/domain/proof/manifest.ts';
import { shortMoment } from '../../lib/domain/time.ts';
import { many } from '../../lib/domain/words.ts';
import { readManifest } from '../../lib/points/read-manifest.ts';
import { chooseDump } from '../../lib/workflows/emergency/choose-dump.ts';
import type { PointReport } from '../../lib/workflows/operator/show-point.ts';
import { estimateLeft } from './estimate-left.ts';
import { humanBytes } from './print-result.ts';
import type { ProgressLine } from './renderer.ts';
import type { RestoreOptions } from './restore-options.ts';
import { restorePointOf } from './restore-point.ts';
import type { Session } from './session.ts';

/** What is restored: an archive on this machine, with what belongs to it. */
export type ArchiveSource = {
  archive: string;
  roles?: string;
  manifest?: Manifest;
  /** The point, where it came from the vault. */
  point?: string;
  said: string;
};

/** What is listed: an archive as a stream, which is read as far as is needed. */
export type ArchiveHead = { chunks: AsyncIterable<Buffer>; said: string };

/** Fetches a dump of the vault with the person's own credentials, and compares it with its manifest. */
export async function fromVault(
  session: Session,
  id: string,
  options: RestoreOptions,
  directory: string,
  { live, say }: ProgressLine,
): Promise<ArchiveSource> {
  const { stored, vault, said } = await chosenInVault(session, id, options, say);
  const manifest = await readManifest(vault, stored.manifest!);
  const place = { directory, identity: {} };
  let fetched = 0;
  const began = Date.now();
  const counted = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      fetched += chunk.length;
      const of = manifest.dump.bytes;
      const seconds = (Date.now() - began) / 1000;
      const left = estimateLeft({ phase: 'fetching', seconds, part: fetched / of });
      live(`fetching; ${humanBytes(fetched)} of ${humanBytes(of)}${left ? `; ${left}` : ''}`);
      yield chunk;
    }
  };
  const dump = async () => Readable.from(counted(await vault.read(manifest.dump)), { objectMode: false });
  const archive = await fetchArtifact(place, 'archive.dump', dump, manifest.dump);
  const roles = await fetchArtifact(place, 'roles.sql', () => vault.read(manifest.roles), manifest.roles);
  return {
    archive,
    roles,
    manifest,
    point: stored.id,
    said,
  };
}

/** The head of a dump of the vault: what it contains stands there, and no more is fetched. */
export async function headOfVault(
  session: Session,
  id: string,
  options: RestoreOptions,
  { say }: ProgressLine,
): Promise<ArchiveHead> {
  const { stored, vault, said } = await chosenInVault(session, id, options, say);
  const fetching = new AbortController();
  const chunks = async function* () {
    try {
      yield* (await vault.read(stored.dump!, fetching.signal)) as AsyncIterable<Buffer>;
    } finally {
      fetching.abort();
    }
  };
  return { chunks: chunks(), said };
}

/** The head of a file of an archive, or of the one in a directory. */
export function headOfFile(path: string): ArchiveHead {
  const archive = archiveAt(path);
  return { chunks: createReadStream(archive), said: archive };
}

/** The dump that was asked for, and the vault with the person's own credentials. */
async function chosenInVault(
  session: Session,
  id: string,
  options: RestoreOptions,
  say: ProgressLine['say'],
) {
  const target = requireTarget(session.plan(), id);
  const points = await session.invoke<RecoveryPoint[]>('operator', {
    ask: 'points',
    target: id,
    limit: 1000,
  });
  const known = { points: async () => points };
  const { stored, notes } = await chooseDump(target, restorePointOf(options), new Date(), known, [
    VAULT,
    REPLICA,
  ]);
  for (const note of notes) say(note);
  const { bucket, region } = await session.invoke<PointReport>('operator', {
    ask: 'point',
    target: id,
    point: stored.id,
  });
  const said = `${stored.id} (${shortMoment(stored.snapshotAt!)} UTC)`;
  return { stored, vault: await session.bucket(bucket ?? missingReplica(stored.id), region), said };
}

function missingReplica(id: string): never {
  throw new InputError(
    `${id} lies in a replica bucket that this deployment does not name`,
    [],
    'deploy with the parameters replicaBucket, replicaRegion and replicaKey',
  );
}

/** A file of an archive, or a directory with one; its manifest and roles lie beside it, if they are there. */
export async function fromFile(path: string): Promise<ArchiveSource> {
  const archive = archiveAt(path);
  const beside = (end: string) => {
    const file = join(dirname(archive), `${basename(archive).replace(/\.dump$/, '')}${end}`);
    return existsSync(file) ? file : undefined;
  };
  const [manifestFile, roles] = [beside('.manifest.json'), beside('.roles.sql')];
  const manifest = manifestFile && manifestSchema.parse(JSON.parse(readFileSync(manifestFile, 'utf8')));
  if (manifest && (await digestOnDisk(archive)) !== manifest.dump.sha256)
    throw new InputError(
      `${archive} is damaged or belongs to another manifest: its SHA-256 differs from ${manifestFile}`,
    );
  if (manifest && roles && (await digestOnDisk(roles)) !== manifest.roles.sha256)
    throw new InputError(
      `${roles} is damaged or belongs to another manifest: its SHA-256 differs from ${manifestFile}`,
    );
  return { archive, ...(manifest ? { manifest } : {}), ...(roles ? { roles } : {}), said: archive };
}

function archiveAt(path: string): string {
  if (!existsSync(path)) throw new InputError(`there is no file ${path}`);
  return statSync(path).isDirectory() ? archiveIn(path) : path;
}

function archiveIn(directory: string): string {
  const dumps = readdirSync(directory).filter((name) => name.endsWith('.dump'));
  if (dumps.length === 1) return join(directory, dumps[0]!);
  throw new InputError(
    `${directory} has ${many(dumps.length, 'file')} that end in .dump`,
    [],
    'name the file itself with --file',
  );
}
