import { createHash } from 'node:crypto';
import { refusalOf, UnderstudyError } from '../domain/errors.ts';
import { type Finding, type FindingCode, finding } from '../domain/findings/finding.ts';
import { placedId, REPLICA } from '../domain/names.ts';
import type { Target } from '../domain/plan/policy.ts';
import type { DumpPoint, StoredObject } from '../domain/points/recovery-point.ts';
import { type Manifest, manifestSchema } from '../domain/proof/manifest.ts';
import type { Engine, Inspection } from '../ports/database.ts';
import type { Vault } from '../ports/vault.ts';

/** What a check of one stored point needs. */
export type Subject = { target: Target; point: DumpPoint; vault: Vault };

function about({ target, point }: Subject, code: FindingCode, message: string): Finding {
  return finding(code, { target, subject: point.id, message: `${point.id} of ${target.id}: ${message}` });
}

/** Does the recorded version exist, in its recorded size, and would a plain GET return it? */
export async function checkPresence(subject: Subject, object: StoredObject): Promise<Finding[]> {
  const current = await subject.vault.head(object.key);
  if (!current) {
    const recorded = await subject.vault.headVersion(object);
    const hidden = recorded ? 'a delete marker hides it' : 'it is gone';
    return [about(subject, 'artifact-missing', `${object.key}: ${hidden}`)];
  }
  if (current.versionId !== object.versionId) {
    return [
      about(
        subject,
        'artifact-replaced',
        `${object.key}: version ${current.versionId} was written over ${object.versionId}`,
      ),
    ];
  }
  if (current.bytes !== object.bytes) {
    return [
      about(
        subject,
        'artifact-size-mismatch',
        `${object.key} has ${current.bytes} bytes, ${object.bytes} were written`,
      ),
    ];
  }
  return [];
}

/** The manifest of a dump that is to be restored. Rejects with the code of the first finding against it. */
export async function requireManifest(subject: Subject): Promise<Manifest> {
  const { manifest, findings } = await checkManifest(subject);
  if (manifest) return manifest;
  const { code, message, next: hint } = findings[0]!;
  throw refusalOf({ code, message, hint });
}

/** Reads the manifest by its recorded version and compares it with the digest in the catalog. */
export async function checkManifest(subject: Subject): Promise<{ manifest?: Manifest; findings: Finding[] }> {
  const recorded = subject.point.manifest;
  if (!recorded)
    return { findings: [about(subject, 'manifest-missing', 'the catalog has no manifest of it')] };
  const current = await subject.vault.head(recorded.key);
  if (!current) return { findings: [about(subject, 'manifest-missing', `${recorded.key} is gone`)] };
  if (current.versionId !== recorded.versionId) {
    return {
      findings: [about(subject, 'manifest-invalid', `${recorded.key}: another version was written over it`)],
    };
  }
  const text = await readWhole(subject.vault, recorded, current.bytes);
  if (createHash('sha256').update(text).digest('hex') !== recorded.sha256) {
    return {
      findings: [
        about(
          subject,
          'manifest-invalid',
          `${recorded.key} is damaged: its SHA-256 differs from the catalog`,
        ),
      ],
    };
  }
  try {
    return { manifest: manifestSchema.parse(JSON.parse(text.toString('utf8'))), findings: [] };
  } catch (error) {
    return {
      findings: [
        about(
          subject,
          'manifest-invalid',
          `${recorded.key} cannot be read: ${(error as Error).message.split('\n')[0]}`,
        ),
      ],
    };
  }
}

/** Reads a small object completely and compares its SHA-256. */
export async function checkSmall(subject: Subject, object: StoredObject): Promise<Finding[]> {
  const body = await readWhole(subject.vault, object, object.bytes);
  return createHash('sha256').update(body).digest('hex') === object.sha256
    ? []
    : [
        about(
          subject,
          'checksum-mismatch',
          `${object.key} is damaged: its SHA-256 differs from the manifest`,
        ),
      ];
}

type Depth = 'checksum' | 'readable' | 'full';

/**
 * Reads the archive once, without a disk: its SHA-256, its size, its table of contents against the manifest, and for
 * `full` every byte of every table, parsed by pg_restore. If the SHA-256 is right and pg_restore reports something,
 * the archive is read again, and the second reading decides. Rejects when it could not be read.
 */
export async function checkArchive(
  subject: Subject,
  manifest: Manifest,
  depth: Depth,
  engine: Pick<Engine, 'inspect'>,
  signal: AbortSignal,
): Promise<Finding[]> {
  const first = await readArchive(subject, manifest, depth, engine, signal);
  const bytesDiffer = first.some(({ code }) => code === 'checksum-mismatch');
  return first.length === 0 || bytesDiffer ? first : readArchive(subject, manifest, depth, engine, signal);
}

async function readArchive(
  subject: Subject,
  manifest: Manifest,
  depth: Depth,
  engine: Pick<Engine, 'inspect'>,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { dump } = manifest;
  const hash = createHash('sha256');
  let bytes = 0;
  const archive = await subject.vault.read(dump, signal);
  async function* hashed(): AsyncGenerator<Buffer> {
    for await (const chunk of archive as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  }
  let inspection: Inspection = {};
  if (depth === 'checksum') for await (const _ of hashed());
  else
    inspection = await engine.inspect(hashed(), Number.parseInt(manifest.client.version, 10), depth, signal);

  if (bytes < dump.bytes) throw brokeOff(dump, bytes, dump.bytes);
  const findings: Finding[] = [];
  if (bytes !== dump.bytes)
    findings.push(
      about(subject, 'artifact-size-mismatch', `${dump.key} has ${bytes} bytes, ${dump.bytes} were written`),
    );
  if (hash.digest('hex') !== dump.sha256)
    findings.push(
      about(subject, 'checksum-mismatch', `${dump.key} is damaged: its SHA-256 differs from the manifest`),
    );
  else if (inspection.failure !== undefined) throw readerFailed(subject, inspection.failure);
  if (inspection.problem !== undefined)
    findings.push(about(subject, 'archive-unreadable', inspection.problem));
  if (inspection.toc && inspection.toc.sha256 !== manifest.toc.sha256) {
    findings.push(
      about(
        subject,
        'toc-mismatch',
        `the archive lists ${inspection.toc.entries.length} entries, the manifest ${manifest.toc.entries}, and they differ`,
      ),
    );
  }
  return findings;
}

function readerFailed({ target, point }: Subject, said: string): UnderstudyError {
  return new UnderstudyError('reader-failed', `${said}. This says nothing about ${point.id}`, {
    hint: `verify again: ./understudy run verify ${target.id} --point ${point.id} --again; if pg_restore is killed again, it needs more memory`,
  });
}

/** Compares the manifest with the catalog's record of the same objects. */
export function checkAgreement(subject: Subject, manifest: Manifest): Finding[] {
  const { point } = subject;
  const agrees =
    // A replica has its original's manifest.
    point.id === (point.place === REPLICA ? placedId(manifest.point, REPLICA) : manifest.point) &&
    manifest.target === point.target &&
    same(manifest.dump, point.dump) &&
    same(manifest.roles, point.roles);
  return agrees
    ? []
    : [about(subject, 'manifest-invalid', 'the manifest and the catalog name different objects')];
}

function same(a: StoredObject, b: StoredObject | undefined): boolean {
  return a.key === b?.key && a.versionId === b.versionId && a.sha256 === b.sha256 && a.bytes === b.bytes;
}

async function readWhole(vault: Vault, object: StoredObject, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of await vault.read(object)) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  if (body.length < bytes) throw brokeOff(object, body.length, bytes);
  return body;
}

/** The vault has all bytes, and fewer arrived: the read broke off, which says nothing about the object. */
function brokeOff({ key }: StoredObject, arrived: number, bytes: number): UnderstudyError {
  return new UnderstudyError('read-incomplete', `reading ${key} ended after ${arrived} of ${bytes} bytes`, {
    hint: 'the connection to the vault broke; verify again',
  });
}
