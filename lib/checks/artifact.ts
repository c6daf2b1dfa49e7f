import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { type Finding, type FindingCode, finding } from '../domain/finding.ts';
import { type Manifest, manifestSchema } from '../domain/manifest.ts';
import { placedId, REPLICA } from '../domain/names.ts';
import type { Target } from '../domain/policy.ts';
import type { DumpPoint, StoredObject } from '../domain/recovery-point.ts';
import type { DatabaseEngine, Inspection } from '../ports/database.ts';
import type { Vault } from '../ports/vault.ts';

/** What a check of one stored point needs to know. */
export type Subject = { target: Target; point: DumpPoint; vault: Vault };

function about({ target, point }: Subject, code: FindingCode, message: string): Finding {
  return finding(code, { target, subject: point.id, message: `${point.id} of ${target.id}: ${message}` });
}

/** Is the recorded version there, of its recorded size, and still the one that a plain GET would give? */
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
        `${object.key}: version ${current.versionId} has taken the place of ${object.versionId}`,
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

/** Reads the manifest by its recorded version and holds it against the digest in the catalog. */
export async function checkManifest(subject: Subject): Promise<{ manifest?: Manifest; findings: Finding[] }> {
  const recorded = subject.point.manifest;
  if (!recorded)
    return { findings: [about(subject, 'manifest-missing', 'the catalog knows of no manifest')] };
  const current = await subject.vault.head(recorded.key);
  if (!current) return { findings: [about(subject, 'manifest-missing', `${recorded.key} is gone`)] };
  if (current.versionId !== recorded.versionId) {
    return {
      findings: [about(subject, 'manifest-invalid', `${recorded.key}: another version has taken its place`)],
    };
  }
  const text = Buffer.concat(await toArray(await subject.vault.read(recorded)));
  if (createHash('sha256').update(text).digest('hex') !== recorded.sha256) {
    return {
      findings: [
        about(
          subject,
          'manifest-invalid',
          `${recorded.key} is not the manifest whose digest the catalog holds`,
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

/** Reads a small object whole and compares its SHA-256. */
export async function checkSmall(subject: Subject, object: StoredObject): Promise<Finding[]> {
  const hash = createHash('sha256');
  for await (const chunk of await subject.vault.read(object)) hash.update(chunk as Buffer);
  return hash.digest('hex') === object.sha256
    ? []
    : [about(subject, 'checksum-mismatch', `${object.key} is not what was written`)];
}

/**
 * One pass over the archive without a disk: its SHA-256, its size, its table of contents against the manifest, and for
 * `full` every byte of every table parsed by pg_restore.
 */
export async function checkArchive(
  subject: Subject,
  manifest: Manifest,
  depth: 'checksum' | 'readable' | 'full',
  engine: DatabaseEngine,
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

  const findings: Finding[] = [];
  if (bytes !== dump.bytes)
    findings.push(
      about(subject, 'artifact-size-mismatch', `${dump.key} has ${bytes} bytes, ${dump.bytes} were written`),
    );
  if (hash.digest('hex') !== dump.sha256)
    findings.push(
      about(subject, 'checksum-mismatch', `the SHA-256 of ${dump.key} is not that of what was written`),
    );
  if (inspection.problem !== undefined)
    findings.push(about(subject, 'archive-unreadable', inspection.problem));
  if (inspection.toc && inspection.toc.sha256 !== manifest.toc.sha256) {
    findings.push(
      about(
        subject,
        'toc-mismatch',
        `the archive lists ${inspection.toc.entries.length} entries, the manifest ${manifest.toc.entries}, and they are not the same`,
      ),
    );
  }
  return findings;
}

/** Holds the manifest against what the catalog says of the same objects. */
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

async function toArray(stream: Readable): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return chunks;
}
