import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chown } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { RestoreFailed } from '../../../domain/errors.ts';
import type { RestoreRequest } from '../../../ports/database.ts';
import type { Programs } from '../programs.ts';
import type { ScratchServer } from '../scratch-server.ts';
import { createDatabase } from './database.ts';
import type { Restored } from './names.ts';
import { restoreParts } from './restore-parts.ts';
import { restoreRoles } from './roles.ts';

/** What the archive is called in the scratch directory. */
export const ARCHIVE = 'archive.dump';

/** Restores the archive phase by phase into a fresh scratch server, and says what had to be left out. */
export async function restoreInto(
  server: ScratchServer,
  programs: Programs,
  request: RestoreRequest,
): Promise<Restored> {
  const { manifest, phase } = request;
  const notes: string[] = [];
  try {
    phase('fetch');
    const archive = await fetchArtifact(server, ARCHIVE, await request.dump(), manifest.dump.sha256);
    const roles = await fetchArtifact(server, 'roles.sql', await request.roles(), manifest.roles.sha256);

    phase('roles');
    notes.push(...(await restoreRoles(server, programs, roles)));
    const made = await createDatabase(server, manifest);
    notes.push(...made.notes);

    phase('restore');
    const parts = await restoreParts(server, programs, archive, request, made.locale, notes);
    return { ...parts, notes };
  } catch (error) {
    // They may be what explains it.
    if (error instanceof RestoreFailed) error.notes.push(...notes);
    throw error;
  }
}

/** Fetches an object to the scratch directory and refuses it unless its bytes are those of the manifest. */
async function fetchArtifact(
  server: ScratchServer,
  name: string,
  source: Readable,
  sha256: string,
): Promise<string> {
  const path = join(server.directory, name);
  const hash = createHash('sha256');
  await pipeline(
    source,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(path, { mode: 0o600 }),
  );
  if (hash.digest('hex') !== sha256) {
    throw new RestoreFailed('checksum-mismatch', `the bytes of ${name} are not those that were dumped`, {
      hint: 'verify the point, and restore another one',
    });
  }
  const { uid, gid } = server.identity;
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
  return path;
}
