import { createHash } from 'node:crypto';
import { UnderstudyError } from '../domain/errors.ts';
import type { StoredObject } from '../domain/points/recovery-point.ts';
import { type Manifest, manifestSchema } from '../domain/proof/manifest.ts';
import type { Vault } from '../ports/vault.ts';

/** A manifest by its recorded version, compared with the digest in the catalog. */
export async function readManifest(vault: Pick<Vault, 'read'>, stored: StoredObject): Promise<Manifest> {
  const chunks: Buffer[] = [];
  for await (const chunk of await vault.read(stored)) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks);
  const parsed = manifestSchema.safeParse(json(text));
  if (createHash('sha256').update(text).digest('hex') === stored.sha256 && parsed.success) return parsed.data;
  throw new UnderstudyError(
    'manifest-invalid',
    `${stored.key} is not the manifest whose digest the catalog holds`,
    { hint: 'verify its point: ./understudy run verify' },
  );
}

function json(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString('utf8'));
  } catch {
    return undefined;
  }
}
