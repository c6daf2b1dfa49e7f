import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import { UnderstudyError } from '../../domain/errors.ts';
import type { PutOptions } from '../../ports/vault.ts';

export type VaultSettings = { bucket: string; kmsKey?: string | undefined };

/** How every object is written: encrypted, tagged, locked if the policy says so, checked by S3, and never over another. */
export function putInput(settings: VaultSettings, options: PutOptions): Omit<PutObjectCommandInput, 'Body'> {
  return {
    Bucket: settings.bucket,
    Key: options.key,
    ContentType: options.contentType,
    // An existing object belongs to another attempt or is evidence: nothing is ever overwritten.
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

/** Does the object not exist (any more)? A delete marker that is requested by its version answers 405. */
export function isGone(error: unknown): boolean {
  const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
  return (
    ['NoSuchKey', 'NotFound', 'NoSuchVersion', 'NoSuchUpload'].includes(name ?? '') ||
    $metadata?.httpStatusCode === 404 ||
    $metadata?.httpStatusCode === 405
  );
}

/** Does an object exist already? */
export function isTaken(error: unknown): boolean {
  const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
  return name === 'PreconditionFailed' || $metadata?.httpStatusCode === 412;
}

export function exists(key: string, cause: unknown): UnderstudyError {
  return new UnderstudyError('object-exists', `${key} exists already, and Understudy does not overwrite it`, {
    cause,
  });
}
