import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { UnderstudyError } from '../../domain/errors.ts';
import type { ListedKey, ObjectHead, Vault } from '../../ports/vault.ts';
import { exists, isGone, isTaken, putInput, type VaultSettings } from './s3-objects.ts';
import { abortAndConfirm, openUploads, streamUp } from './s3-uploads.ts';

/** The vault in S3. Objects are encrypted with the configured key, written once, and read by their VersionId. */
export function s3Vault(s3: S3Client, settings: VaultSettings): Vault {
  const { bucket } = settings;
  return {
    stream: (source, options) => streamUp(s3, settings, source, options),
    async put(body, options) {
      const { VersionId } = await s3
        .send(new PutObjectCommand({ ...putInput(settings, options), Body: body }))
        .catch((cause) => {
          throw isTaken(cause) ? exists(options.key, cause) : cause;
        });
      return {
        key: options.key,
        versionId: VersionId ?? 'null',
        bytes: body.length,
        sha256: createHash('sha256').update(body).digest('hex'),
      };
    },
    head: (key) => head(s3, bucket, key),
    headVersion: (object) => head(s3, bucket, object.key, object.versionId),
    async read({ key, versionId }, signal) {
      try {
        const found = await s3.send(
          new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }),
          { abortSignal: signal },
        );
        return found.Body as Readable;
      } catch (error) {
        throw isGone(error)
          ? new UnderstudyError('artifact-missing', `${key} (version ${versionId}) is not in the vault`, {
              cause: error,
            })
          : error;
      }
    },
    async removeAllVersions(key) {
      // Lists everything before deleting anything: a page begins after a version that must still exist.
      const all: { key: string; versionId: string }[] = [];
      for await (const version of versions(s3, bucket, key)) if (version.key === key) all.push(version);
      for (const { versionId } of all)
        await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }));
    },
    async *list(prefix) {
      let last: ListedKey | undefined;
      for await (const { key, lastModified, hasBytes } of versions(s3, bucket, prefix)) {
        if (last && last.key !== key) yield last;
        const before = last?.key === key ? last : { lastModified, versions: 0 };
        const newest = [before.lastModified, lastModified].sort().at(-1)!;
        last = { key, lastModified: newest, versions: before.versions + Number(hasBytes) };
      }
      if (last) yield last;
    },
    openUploads: (prefix) => openUploads(s3, bucket, prefix),
    abortUpload: (upload) => abortAndConfirm(s3, bucket, upload),
  };
}

async function head(
  s3: S3Client,
  bucket: string,
  key: string,
  versionId?: string,
): Promise<ObjectHead | undefined> {
  try {
    const found = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }));
    return {
      versionId: found.VersionId ?? 'null',
      bytes: found.ContentLength ?? 0,
      ...(found.ObjectLockRetainUntilDate
        ? { lockedUntil: found.ObjectLockRetainUntilDate.toISOString() }
        : {}),
      ...(found.ObjectLockLegalHoldStatus === 'ON' ? { legalHold: true } : {}),
    };
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

async function* versions(
  s3: S3Client,
  bucket: string,
  prefix: string,
): AsyncGenerator<{ key: string; versionId: string; lastModified: string; hasBytes: boolean }> {
  let marker: { KeyMarker?: string; VersionIdMarker?: string } = {};
  for (;;) {
    const page = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix, ...marker }));
    const markers = new Set<object>(page.DeleteMarkers);
    const found = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map((version) => ({
      hasBytes: !markers.has(version),
      key: version.Key!,
      versionId: version.VersionId ?? 'null',
      lastModified: (version.LastModified ?? new Date(0)).toISOString(),
    }));
    // By bytes, as S3 sorts.
    yield* found.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
    if (!page.IsTruncated || !page.NextKeyMarker) return;
    marker = {
      KeyMarker: page.NextKeyMarker,
      VersionIdMarker: page.NextVersionIdMarker,
    };
  }
}
