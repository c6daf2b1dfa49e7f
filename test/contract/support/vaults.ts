import { createHash, randomBytes } from 'node:crypto';
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { s3 } from '../../../lib/adapters/aws/clients.ts';
import { s3Vault } from '../../../lib/adapters/aws/s3-vault.ts';
import type { StoredObject } from '../../../lib/domain/points/recovery-point.ts';
import type { OpenUpload, PutOptions, Vault } from '../../../lib/ports/vault.ts';
import { systemClock } from '../../../lib/runtime/system-clock.ts';
import { memoryVault } from '../../support/doubles/vault.ts';
import { impatient } from './impatient.ts';
import { stage, unique } from './stage.ts';

/** A vault, and the strangers who can reach what lies in it. */
export type VaultUnderTest = {
  vault: Vault;
  /** Every version and marker of a key: what is billed. */
  versions(key: string): Promise<{ versionId: string; marker: boolean }[]>;
  hide(key: string): Promise<void>;
  replace(key: string, body: Buffer): Promise<StoredObject>;
  hold(object: StoredObject, on: boolean): Promise<void>;
  leaveOpen(key: string): Promise<OpenUpload>;
};

export const VAULTS: [string, () => Promise<VaultUnderTest>][] = [
  ['in memory', async () => inMemory()],
  ['in S3', () => inS3()],
];

function inMemory(): VaultUnderTest {
  const vault = memoryVault(systemClock);
  return {
    vault,
    versions: async (key) => vault.versions(key),
    hide: async (key) => vault.hide(key),
    replace: async (key, body) => vault.replace(key, body),
    hold: async (object, on) => vault.hold(object, on),
    leaveOpen: async (key) => vault.leaveOpen(key),
  };
}

/** The adapter on moto; with an endpoint of a proxy the vault's own requests go through that. */
export async function inS3(
  options: { endpoint?: string; kmsKey?: string } = {},
): Promise<VaultUnderTest & { client: S3Client; bucket: string }> {
  const bucket = (await stage()).environment['UNDERSTUDY_VAULT']!;
  const Bucket = bucket;
  const endpoint = process.env['AWS_ENDPOINT_URL']!;
  const direct = new S3Client({ endpoint, forcePathStyle: true });
  if (options.endpoint) process.env['AWS_ENDPOINT_URL_S3'] = options.endpoint;
  const client = await impatient(s3({ pathStyle: true }));
  return {
    client,
    bucket,
    vault: s3Vault(client, { bucket, kmsKey: options.kmsKey }),
    async versions(key) {
      const found = await direct.send(new ListObjectVersionsCommand({ Bucket, Prefix: key }));
      const objects = (found.Versions ?? []).map((each) => ({ ...each, marker: false }));
      const markers = (found.DeleteMarkers ?? []).map((each) => ({ ...each, marker: true }));
      return [...objects, ...markers].flatMap(({ Key, VersionId, marker }) =>
        Key === key ? [{ versionId: VersionId!, marker }] : [],
      );
    },
    hide: async (Key) => void (await direct.send(new DeleteObjectCommand({ Bucket, Key }))),
    async replace(Key, Body) {
      const { VersionId } = await direct.send(new PutObjectCommand({ Bucket, Key, Body }));
      return { key: Key, versionId: VersionId!, bytes: Body.length, sha256: sha256(Body) };
    },
    async hold({ key: Key, versionId: VersionId }, on) {
      const LegalHold = { Status: on ? ('ON' as const) : ('OFF' as const) };
      await direct.send(new PutObjectLegalHoldCommand({ Bucket, Key, VersionId, LegalHold }));
    },
    async leaveOpen(Key) {
      const { UploadId } = await direct.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      return { key: Key, uploadId: UploadId!, startedAt: new Date().toISOString() };
    },
  };
}

export const MIB = 1_048_576;
/** The adapter's parts, unless the database is larger than they can hold. */
export const PART = 8 * MIB;

export const sha256 = (body: Buffer) => createHash('sha256').update(body).digest('hex');

export function options(changes: Partial<PutOptions> = {}): PutOptions {
  const key = changes.key ?? `crm/2026/11/20/${unique('point')}.dump`;
  return { key, contentType: 'application/octet-stream', tags: { 'understudy:target': 'crm' }, ...changes };
}

let pool = Buffer.alloc(0);

/** So many bytes that repeat nowhere. */
export function bytes(length: number): Buffer {
  if (pool.length < length) pool = randomBytes(length);
  return pool.subarray(0, length);
}

/** A body in chunks as a program writes them, that may fail when so many bytes have passed. */
export async function* chunks(body: Buffer, fails?: { after: number; with: Error }): AsyncGenerator<Buffer> {
  const end = fails ? fails.after : body.length;
  for (let at = 0; at < end; at += 65_537) yield body.subarray(at, Math.min(end, at + 65_537));
  if (fails) throw fails.with;
}

export async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const found: Buffer[] = [];
  for await (const chunk of stream) found.push(chunk);
  return Buffer.concat(found);
}
