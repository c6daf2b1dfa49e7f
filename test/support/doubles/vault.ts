import { Readable } from 'node:stream';
import { UnderstudyError } from '../../../lib/domain/errors.ts';
import type { StoredObject } from '../../../lib/domain/points/recovery-point.ts';
import type { Clock } from '../../../lib/ports/clock.ts';
import type { OpenUpload, PutOptions, Vault } from '../../../lib/ports/vault.ts';
import { Bucket, headOf, type Version } from './bucket.ts';
import { manualClock } from './clock.ts';

export type MemoryVault = Vault & {
  /** Newest first, markers included, each with the options it was put with. */
  versions(key: string): Version[];
  /** What strangers and time do: a delete marker, another object written over it, a hold, bytes that rot in place. */
  hide(key: string): void;
  replace(key: string, body: Buffer): StoredObject;
  hold(object: StoredObject, on: boolean): void;
  rot(object: StoredObject, change: (body: Buffer) => Buffer): void;
  /** What S3 replicates into a bucket keeps its VersionId. */
  receive(object: StoredObject, body: Buffer): void;
  /** An upload whose writer died. */
  leaveOpen(key: string): OpenUpload;
};

/** The vault in memory. An upload is open while it streams; its object is there at its end, all at once or not at all. */
export function memoryVault(clock: Clock = manualClock()): MemoryVault {
  const bucket = new Bucket(clock);
  const write = (body: Buffer, options: PutOptions) => {
    if (bucket.current(options.key))
      throw new UnderstudyError(
        'object-exists',
        `${options.key} exists already, and Understudy does not overwrite it`,
      );
    return bucket.add(options.key, Buffer.from(body), { options });
  };
  const known = (object: StoredObject) => {
    const found = bucket.exactly(object);
    if (!found) throw new Error(`there is no version ${object.versionId} of ${object.key}`);
    return found;
  };
  return {
    async stream(source, options) {
      const { uploadId } = bucket.open(options.key);
      try {
        const chunks: Buffer[] = [];
        for await (const chunk of source) chunks.push(Buffer.from(chunk));
        return write(Buffer.concat(chunks), options);
      } finally {
        bucket.uploads.delete(uploadId);
      }
    },
    put: async (body, options) => write(body, options),
    head: async (key) => headOf(bucket.current(key)),
    headVersion: async (object) => headOf(bucket.exactly(object)),
    async read(object, signal) {
      signal?.throwIfAborted();
      const found = bucket.exactly(object);
      if (found) return Readable.from([Buffer.from(found.body)]);
      const message = `${object.key} (version ${object.versionId}) is not in the vault`;
      throw new UnderstudyError('artifact-missing', message);
    },
    async removeAllVersions(key) {
      for (const version of bucket.versions(key)) bucket.remove(version);
    },
    async *list(prefix) {
      for (const key of bucket.keys(prefix)) {
        const all = bucket.versions(key);
        yield { key, lastModified: all[0]!.at, versions: all.filter(({ marker }) => !marker).length };
      }
    },
    openUploads: async (prefix) =>
      [...bucket.uploads.values()].filter((upload) => upload.key.startsWith(prefix)),
    abortUpload: async ({ uploadId }) => void bucket.uploads.delete(uploadId),

    versions: (key) => bucket.versions(key),
    hide: (key) => void bucket.add(key, Buffer.alloc(0), { marker: true }),
    replace: (key, body) => bucket.add(key, body),
    hold(object, on) {
      known(object).legalHold = on;
    },
    rot(object, change) {
      const version = known(object);
      version.body = change(Buffer.from(version.body));
    },
    receive: ({ key, versionId }, body) => void bucket.add(key, Buffer.from(body), { versionId }),
    leaveOpen: (key) => bucket.open(key),
  };
}
