import { createHash, randomUUID } from 'node:crypto';
import type { StoredObject } from '../../../lib/domain/points/recovery-point.ts';
import type { Clock } from '../../../lib/ports/clock.ts';
import type { ObjectHead, OpenUpload, PutOptions } from '../../../lib/ports/vault.ts';

/** A version of a key, or a delete marker. */
export type Version = {
  key: string;
  versionId: string;
  at: string;
  marker: boolean;
  body: Buffer;
  options?: PutOptions;
  legalHold: boolean;
};

/** A versioned bucket with object lock, in memory: what S3 itself would know. */
export class Bucket {
  readonly uploads = new Map<string, OpenUpload>();
  private stored: Version[] = [];
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Newest first, markers included. */
  versions(key: string): Version[] {
    return this.stored.filter((version) => version.key === key);
  }

  /** The object one sees under a key: none when a delete marker is on top. */
  current(key: string): Version | undefined {
    const [newest] = this.versions(key);
    return newest?.marker ? undefined : newest;
  }

  exactly({ key, versionId }: Pick<StoredObject, 'key' | 'versionId'>): Version | undefined {
    return this.versions(key).find((version) => version.versionId === versionId && !version.marker);
  }

  add(key: string, body: Buffer, rest: Partial<Version> = {}): StoredObject {
    const { versionId = randomUUID() } = rest;
    const at = this.clock.now().toISOString();
    this.stored.unshift({ key, versionId, at, marker: false, body, legalHold: false, ...rest });
    return { key, versionId, bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') };
  }

  /** Removes one version for good; a locked one is refused, a marker never is. */
  remove(version: Version): void {
    const until = version.options?.lock?.until;
    if (version.legalHold || (until && until > this.clock.now()))
      throw new Error(`${version.key} (version ${version.versionId}) is locked`);
    this.stored = this.stored.filter((each) => each !== version);
  }

  keys(prefix: string): string[] {
    const keys = this.stored.map((version) => version.key).filter((key) => key.startsWith(prefix));
    return [...new Set(keys)].sort();
  }

  open(key: string): OpenUpload {
    const upload = { key, uploadId: randomUUID(), startedAt: this.clock.now().toISOString() };
    this.uploads.set(upload.uploadId, upload);
    return upload;
  }
}

export function headOf(version: Version | undefined): ObjectHead | undefined {
  if (!version) return undefined;
  const until = version.options?.lock?.until;
  return {
    versionId: version.versionId,
    bytes: version.body.length,
    ...(until ? { lockedUntil: until.toISOString() } : {}),
    ...(version.legalHold ? { legalHold: true } : {}),
  };
}
