import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chown } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RestoreRequest, TocEntry } from '../../../ports/database.ts';
import type { Programs } from '../programs.ts';
import { type ScratchServer, SUPERUSER } from '../scratch-server.ts';
import { listArchive, partition, pgRestore } from './archive.ts';
import { createDatabase, lendCreate, prepareDatabase, takeBack } from './database.ts';
import { createExtensions } from './extensions.ts';
import { RESTORER, RestoreFailed } from './names.ts';
import { restoreRoles } from './roles.ts';

/** What the archive is called in the scratch directory. */
export const ARCHIVE = 'archive.dump';

/** Restores the archive phase by phase into a fresh scratch server, and says what had to be left out. */
export async function restoreInto(
  server: ScratchServer,
  programs: Programs,
  request: RestoreRequest,
): Promise<{ leftOut: string[]; notes: string[] }> {
  const { manifest, phase } = request;
  const notes: string[] = [];

  phase('fetch');
  const archive = await fetchArtifact(server, ARCHIVE, await request.dump(), manifest.dump.sha256);
  const roles = await fetchArtifact(server, 'roles.sql', await request.roles(), manifest.roles.sha256);

  phase('roles');
  notes.push(...(await restoreRoles(server, programs, roles)));
  notes.push(...(await createDatabase(server, manifest)));

  phase('restore');
  const toc = await listArchive(server, programs, archive);
  const parts = partition(toc);
  let leftOut: string[] = [];
  const restore = (name: string, entries: TocEntry[], user: string, jobs = 1, options: string[] = []) =>
    pgRestore(server, programs, archive, { name, entries, user, jobs, options, leftOut });
  await restore('schemas', parts.schemas, RESTORER);
  leftOut = await createExtensions(server, manifest, notes);
  await prepareDatabase(server, manifest);
  // The owner of a table must be allowed to create in its schema; whether it still is shows only when privileges come.
  const lent = await lendCreate(server);
  await restore('main', parts.main, RESTORER, availableParallelism());
  await takeBack(server, lent);
  await restore('privileges', parts.privileges, SUPERUSER);
  // Their owners read other tables by rights that only now are there.
  await restore('refresh', parts.refresh, RESTORER, availableParallelism());
  // Their owner would have to be a superuser too, and the copy has none of the source's.
  await restore('superuser', parts.superuser, SUPERUSER, 1, ['--no-owner']);
  if (parts.never.length > 0)
    notes.push(
      `not restored, lest the copy act on its source: ${parts.never.map((entry) => `${entry.type} ${entry.name}`).join(', ')}`,
    );
  return { leftOut, notes };
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
