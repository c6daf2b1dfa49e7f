import type { Readable } from 'node:stream';
import type { StoredObject } from '../domain/points/recovery-point.ts';

/** How an object is to be stored. */
export type PutOptions = {
  key: string;
  contentType: string;
  tags: Record<string, string>;
  lock?: { mode: 'governance' | 'compliance'; until: Date } | undefined;
  /** The largest expected size in bytes: part sizes follow from it. */
  expectedBytes?: number | undefined;
};

/** What the vault currently reports of a key. */
export type ObjectHead = { versionId: string; bytes: number; lockedUntil?: string; legalHold?: boolean };

export type ListedKey = { key: string; lastModified: string; versions: number };

export type OpenUpload = { key: string; uploadId: string; startedAt: string };

/** Where dumps and manifests are stored. Every write refuses to overwrite. */
export type Vault = {
  /**
   * Streams a source of unknown length in constant memory. A source that ends counts as complete: its maker must fail
   * it if anything went wrong. On any failure the upload is aborted and its deletion confirmed, and there is no
   * object; the error reports if that could not be confirmed.
   */
  stream(source: AsyncIterable<Buffer>, options: PutOptions): Promise<StoredObject>;
  put(body: Buffer, options: PutOptions): Promise<StoredObject>;
  /** The current version, or undefined when there is none or a delete marker hides it. */
  head(key: string): Promise<ObjectHead | undefined>;
  /** That version's lock and hold, or undefined when it no longer exists. */
  headVersion(object: StoredObject): Promise<ObjectHead | undefined>;
  /** Exactly that version. Rejects with code `artifact-missing` when it no longer exists. */
  read(object: Pick<StoredObject, 'key' | 'versionId'>, signal?: AbortSignal): Promise<Readable>;
  /** Deletes every version and marker of the key, so that no billed byte remains. Locked ones are refused. */
  removeAllVersions(key: string): Promise<void>;
  /**
   * Keys below a prefix, as S3 sorts them, with the newest write of each, versions and markers included, and how many
   * versions have bytes.
   */
  list(prefix: string): AsyncIterable<ListedKey>;
  openUploads(prefix: string): Promise<OpenUpload[]>;
  /** Aborts and confirms that nothing of it is left. */
  abortUpload(upload: OpenUpload): Promise<void>;
};
