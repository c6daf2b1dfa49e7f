import { RestoreFailed } from '../../../../domain/errors.ts';
import type { RowsRequest } from '../../../../ports/comparison.ts';
import type { RestoreRequest } from '../../../../ports/database.ts';
import type { Programs } from '../programs.ts';
import type { ScratchServer } from '../scratch-server.ts';
import { createDatabase } from './copy-database.ts';
import { fetchArtifact } from './fetch.ts';
import { restoreParts } from './restore-parts.ts';
import { restoreRoles } from './restore-roles.ts';
import { restoreRows } from './restore-rows.ts';
import type { RestoredDatabase } from './restorer.ts';

/** The name of the archive in the scratch directory. */
export const ARCHIVE = 'archive.dump';

/** Restores the archive phase by phase into a fresh scratch server, and returns what was left out. */
export function restoreInto(
  server: ScratchServer,
  programs: Programs,
  request: RestoreRequest,
): Promise<RestoredDatabase> {
  return intoDatabase(server, programs, request, (archive, locale, notes) =>
    restoreParts(server, programs, archive, request, locale, notes),
  );
}

/** Restores only what is compared: definitions, and the rows of the wanted tables. */
export function restoreRowsInto(
  server: ScratchServer,
  programs: Programs,
  request: RowsRequest,
): Promise<{ notes: string[] }> {
  return intoDatabase(server, programs, request, (archive, _locale, notes) =>
    restoreRows(server, programs, archive, request, notes),
  );
}

/** Fetches the archive, and makes its roles and its database, before the rest is restored. */
async function intoDatabase<T>(
  server: ScratchServer,
  programs: Programs,
  request: Pick<RestoreRequest, 'manifest' | 'phase' | 'dump' | 'roles'>,
  rest: (archive: string, locale: boolean, notes: string[]) => Promise<T>,
): Promise<T & { notes: string[] }> {
  const { manifest, phase } = request;
  const notes: string[] = [];
  try {
    phase('fetch');
    const archive = await fetchArtifact(server, ARCHIVE, request.dump, manifest.dump);
    const roles = await fetchArtifact(server, 'roles.sql', request.roles, manifest.roles);

    phase('roles');
    notes.push(...(await restoreRoles(server, programs, roles)));
    const made = await createDatabase(server, manifest);
    notes.push(...made.notes);

    phase('restore');
    return { ...(await rest(archive, made.locale, notes)), notes };
  } catch (error) {
    // They may explain the failure.
    if (error instanceof RestoreFailed) error.notes.push(...notes);
    throw error;
  }
}
