import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chown } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { RestoreFailed, reasonOf, UnderstudyError } from '../../../../domain/errors.ts';
import type { StoredObject } from '../../../../domain/points/recovery-point.ts';
import type { ScratchServer } from '../scratch-server.ts';

type Place = Pick<ScratchServer, 'directory' | 'identity'>;

/**
 * Fetches an object to the scratch directory and refuses it unless its bytes match the manifest. A failure to fetch
 * says nothing about the bytes.
 */
export async function fetchArtifact(
  { directory, identity }: Place,
  name: string,
  open: () => Promise<Readable>,
  object: StoredObject,
): Promise<string> {
  const path = join(directory, name);
  const { sha256, bytes } = await fetchTo(path, open).catch((cause: unknown) => {
    if (cause instanceof UnderstudyError || (cause as Error).name === 'AbortError') throw cause;
    throw new UnderstudyError('fetch-failed', `fetching ${object.key} failed: ${reasonOf(cause)}`, {
      hint: 'the point was not judged; check space, network and the right to read the vault, then rehearse again',
      cause,
    });
  });
  if (bytes < object.bytes)
    throw new UnderstudyError(
      'fetch-failed',
      `fetching ${object.key} ended after ${bytes} of ${object.bytes} bytes`,
      { hint: 'the connection to the vault broke, and the point was not judged; rehearse again' },
    );
  if (sha256 !== object.sha256)
    throw new RestoreFailed(
      'checksum-mismatch',
      `${object.key} is damaged: its SHA-256 differs from the manifest`,
      { hint: 'verify the point, and restore another one' },
    );
  const { uid, gid } = identity;
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
  return path;
}

async function fetchTo(
  path: string,
  open: () => Promise<Readable>,
): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  await pipeline(
    await open(),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    },
    createWriteStream(path, { mode: 0o600 }),
  );
  return { sha256: hash.digest('hex'), bytes };
}

/** The SHA-256 of the fetched file as it is on the disk now; undefined where it cannot be read. */
export async function digestOnDisk(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    return hash.digest('hex');
  } catch {
    return undefined;
  }
}
