import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { reasonOf, UnderstudyError } from '../../domain/errors.ts';
import type { StoredObject } from '../../domain/recovery-point.ts';
import type { ObjectHead, OpenUpload, PutOptions, Vault } from '../../ports/vault.ts';

const MIB = 1_048_576;
/** S3 takes 10,000 parts of at least 5 MiB. Eight of memory each, unless the database is too large for that. */
const PART = 8 * MIB;
const PARTS = 9_000;
const PARTS_IN_FLIGHT = 3;

export type VaultSettings = { bucket: string; kmsKey?: string | undefined };

/** The vault in S3. Objects are encrypted with the configured key, written once, and read by their VersionId. */
export function s3Vault(s3: S3Client, settings: VaultSettings): Vault {
  const { bucket } = settings;
  return {
    stream: (source, options) => streamUp(s3, settings, source, options),
    async put(body, options) {
      const { VersionId } = await s3
        .send(new PutObjectCommand({ ...input(settings, options), Body: body }))
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
          { ...(signal ? { abortSignal: signal } : {}) },
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
      // Listed whole before any is deleted: a page begins after a version that must still be there.
      const all: { key: string; versionId: string }[] = [];
      for await (const version of versions(s3, bucket, key)) if (version.key === key) all.push(version);
      for (const { versionId } of all)
        await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }));
    },
    async *list(prefix) {
      let last: { key: string; lastModified: string } | undefined;
      for await (const { key, lastModified } of versions(s3, bucket, prefix)) {
        if (last && last.key !== key) yield last;
        last = last?.key === key && last.lastModified > lastModified ? last : { key, lastModified };
      }
      if (last) yield last;
    },
    openUploads: (prefix) => openUploads(s3, bucket, prefix),
    abortUpload: (upload) => abortAndConfirm(s3, bucket, upload),
  };
}

function input(settings: VaultSettings, options: PutOptions): Omit<PutObjectCommandInput, 'Body'> {
  return {
    Bucket: settings.bucket,
    Key: options.key,
    ContentType: options.contentType,
    // An existing object is another's, or evidence: nothing is ever written over.
    IfNoneMatch: '*',
    // S3 checks the SHA-256 of every part it is sent.
    ChecksumAlgorithm: 'SHA256',
    Tagging: new URLSearchParams(options.tags).toString(),
    ...(settings.kmsKey
      ? { ServerSideEncryption: 'aws:kms' as const, SSEKMSKeyId: settings.kmsKey, BucketKeyEnabled: true }
      : {}),
    ...(options.lock
      ? {
          ObjectLockMode:
            options.lock.mode === 'compliance' ? ('COMPLIANCE' as const) : ('GOVERNANCE' as const),
          ObjectLockRetainUntilDate: options.lock.until,
        }
      : {}),
  };
}

/** Streams in constant memory: a few parts at a time, each hashed by S3, the whole hashed on the way. */
async function streamUp(
  s3: S3Client,
  settings: VaultSettings,
  source: AsyncIterable<Buffer>,
  options: PutOptions,
): Promise<StoredObject> {
  const hash = createHash('sha256');
  let bytes = 0;
  let broken: { error: unknown } | undefined;
  async function* hashed() {
    try {
      for await (const chunk of source) {
        hash.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    } catch (error) {
      broken = { error };
      // Parts in flight are of no use any more, and S3 may take its time with them.
      await upload.abort();
      throw error;
    }
  }
  const upload = new Upload({
    client: s3,
    params: { ...input(settings, options), Body: Readable.from(hashed(), { objectMode: false }) },
    partSize: Math.max(PART, Math.ceil((options.expectedBytes ?? 0) / PARTS)),
    queueSize: PARTS_IN_FLIGHT,
  });
  try {
    const { VersionId } = await upload.done();
    return { key: options.key, versionId: VersionId ?? 'null', bytes, sha256: hash.digest('hex') };
  } catch (thrown) {
    const cause = broken ? broken.error : thrown;
    await confirmNothingIsLeft(s3, settings.bucket, options.key, cause);
    throw isTaken(cause) ? exists(options.key, cause) : cause;
  }
}

/** A failed upload must leave nothing that is billed or could complete. What cannot be confirmed is said with the failure. */
async function confirmNothingIsLeft(
  s3: S3Client,
  bucket: string,
  key: string,
  cause: unknown,
): Promise<void> {
  try {
    const own = (await openUploads(s3, bucket, key)).filter((upload) => upload.key === key);
    for (const upload of own) await abortAndConfirm(s3, bucket, upload);
  } catch (error) {
    throw new UnderstudyError(
      'upload-not-aborted',
      `the dump failed (${reasonOf(cause)}) and its upload to ${key} could not be confirmed aborted (${reasonOf(error)})`,
      {
        hint: 'the next watch aborts it; its parts are billed until then',
        cause,
      },
    );
  }
}

async function openUploads(s3: S3Client, bucket: string, prefix: string): Promise<OpenUpload[]> {
  const found: OpenUpload[] = [];
  let marker: { KeyMarker?: string; UploadIdMarker?: string } = {};
  for (;;) {
    const page = await s3.send(
      new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...marker }),
    );
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Key?.startsWith(prefix))
        found.push({ key: Key, uploadId: UploadId!, startedAt: (Initiated ?? new Date(0)).toISOString() });
    }
    if (!page.IsTruncated || !page.NextKeyMarker) return found;
    marker = {
      KeyMarker: page.NextKeyMarker,
      ...(page.NextUploadIdMarker ? { UploadIdMarker: page.NextUploadIdMarker } : {}),
    };
  }
}

/** Parts that arrive after an abort revive it, so S3 is asked until it no longer knows the upload. */
async function abortAndConfirm(s3: S3Client, bucket: string, { key, uploadId }: OpenUpload): Promise<void> {
  const upload = { Bucket: bucket, Key: key, UploadId: uploadId };
  for (let attempt = 0; attempt < 5; attempt++) {
    await s3.send(new AbortMultipartUploadCommand(upload)).catch((error) => {
      if (!isGone(error)) throw error;
    });
    const left = await s3.send(new ListPartsCommand(upload)).then(
      () => true,
      (error) => {
        if (isGone(error)) return false;
        throw error;
      },
    );
    if (!left) return;
  }
  throw new UnderstudyError(
    'upload-not-aborted',
    `the upload of ${key} is still open after five attempts to abort it`,
  );
}

async function head(
  s3: S3Client,
  bucket: string,
  key: string,
  versionId?: string,
): Promise<ObjectHead | undefined> {
  try {
    const found = await s3.send(
      new HeadObjectCommand({ Bucket: bucket, Key: key, ...(versionId ? { VersionId: versionId } : {}) }),
    );
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
): AsyncGenerator<{ key: string; versionId: string; lastModified: string }> {
  let marker: { KeyMarker?: string; VersionIdMarker?: string } = {};
  for (;;) {
    const page = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix, ...marker }));
    const found = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map((version) => ({
      key: version.Key!,
      versionId: version.VersionId ?? 'null',
      lastModified: (version.LastModified ?? new Date(0)).toISOString(),
    }));
    // By bytes, as S3 sorts from page to page.
    yield* found.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
    if (!page.IsTruncated || !page.NextKeyMarker) return;
    marker = {
      KeyMarker: page.NextKeyMarker,
      ...(page.NextVersionIdMarker ? { VersionIdMarker: page.NextVersionIdMarker } : {}),
    };
  }
}

function isGone(error: unknown): boolean {
  const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
  // A delete marker asked for by its version answers 405.
  return (
    ['NoSuchKey', 'NotFound', 'NoSuchVersion', 'NoSuchUpload'].includes(name ?? '') ||
    $metadata?.httpStatusCode === 404 ||
    $metadata?.httpStatusCode === 405
  );
}

function isTaken(error: unknown): boolean {
  const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
  return name === 'PreconditionFailed' || $metadata?.httpStatusCode === 412;
}

function exists(key: string, cause: unknown): UnderstudyError {
  return new UnderstudyError('object-exists', `${key} exists already and is not written over`, { cause });
}
