import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { reasonOf, UnderstudyError } from '../../domain/errors.ts';
import type { StoredObject } from '../../domain/points/recovery-point.ts';
import type { OpenUpload, PutOptions } from '../../ports/vault.ts';
import { exists, isGone, isTaken, putInput, type VaultSettings } from './s3-objects.ts';

const MIB = 1_048_576;
/** S3 takes 10,000 parts of at least 5 MiB. Understudy uses 8 MiB of memory each, unless the database is too large for that. */
const PART = 8 * MIB;
const PARTS = 9_000;
const PARTS_IN_FLIGHT = 3;

/** Streams in constant memory: a few parts at a time, each checked by S3, the whole hashed on the way. */
export async function streamUp(
  s3: S3Client,
  settings: VaultSettings,
  source: AsyncIterable<Buffer>,
  options: PutOptions,
): Promise<StoredObject> {
  const hash = createHash('sha256');
  let bytes = 0;
  const partSize = Math.max(PART, Math.ceil((options.expectedBytes ?? 0) / PARTS));
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
      // Parts in flight are useless now, and S3 may take its time with them.
      await upload.abort();
      throw error;
    }
  }
  const beginnings: Promise<unknown>[] = [];
  const upload = new Upload({
    client: remembering(s3, beginnings),
    params: { ...putInput(settings, options), Body: Readable.from(hashed(), { objectMode: false }) },
    partSize,
    queueSize: PARTS_IN_FLIGHT,
  });
  try {
    const { VersionId } = await upload.done();
    return { key: options.key, versionId: VersionId ?? 'null', bytes, sha256: hash.digest('hex') };
  } catch (thrown) {
    const cause = broken ? broken.error : thrown;
    // An upload that S3 is still opening, or is about to, would never be found.
    for (let wait = 0; wait < 40 && bytes >= partSize && beginnings.length === 0; wait++) await sleep(50);
    await Promise.allSettled(beginnings);
    await confirmNothingIsLeft(s3, settings.bucket, options.key, cause);
    throw isTaken(cause) ? exists(options.key, cause) : cause;
  }
}

/** A failed upload must leave nothing that is billed or could complete. The error reports what could not be confirmed. */
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
        hint: 'the watch aborts it at its next look; AWS bills its parts until then',
        cause,
      },
    );
  }
}

/** A client that keeps the requests that open an upload, so that they can be awaited. */
function remembering(s3: S3Client, beginnings: Promise<unknown>[]): S3Client {
  return new Proxy(s3, {
    get(client, name) {
      if (name !== 'send') return Reflect.get(client, name) as unknown;
      return (command: PutObjectCommand, ...rest: []) => {
        const sent = client.send(command, ...rest);
        if ((command as unknown) instanceof CreateMultipartUploadCommand)
          beginnings.push(sent.catch(() => undefined));
        return sent;
      };
    },
  });
}

/** Uploads below a prefix that are neither completed nor aborted. */
export async function openUploads(s3: S3Client, bucket: string, prefix: string): Promise<OpenUpload[]> {
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
      UploadIdMarker: page.NextUploadIdMarker,
    };
  }
}

/** Parts that arrive after an abort revive it, so S3 is asked until it no longer knows the upload. */
export async function abortAndConfirm(
  s3: S3Client,
  bucket: string,
  { key, uploadId }: OpenUpload,
): Promise<void> {
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
