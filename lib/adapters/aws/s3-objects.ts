import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import { UnderstudyError } from '../../domain/errors.ts';
import type { PutOptions } from '../../ports/vault.ts';

export type VaultSettings = { bucket: string; kmsKey?: string | undefined };

/** How every object is written: encrypted, tagged, locked where the policy wants it, checked by S3, and over nothing. */
export function putInput(settings: VaultSettings, options: PutOptions): Omit<PutObjectCommandInput, 'Body'> {
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

/** Is it not there (any more)? A delete marker asked for by its version answers 405. */
export function isGone(error: unknown): boolean {
  const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
  return (
    ['NoSuchKey', 'NotFound', 'NoSuchVersion', 'NoSuchUpload'].includes(name ?? '') ||
    $metadata?.httpStatusCode === 404 ||
    $metadata?.httpStatusCode === 405
  );
}

/** Is there an object already? */
export function isTaken(error: unknown): boolean {
  const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
  return name === 'PreconditionFailed' || $metadata?.httpStatusCode === 412;
}

export function exists(key: string, cause: unknown): UnderstudyError {
  return new UnderstudyError('object-exists', `${key} exists already, and Understudy does not overwrite it`, {
    cause,
  });
}
