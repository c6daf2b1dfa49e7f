import { RestoreFailed } from '../../../../domain/errors.ts';
import type { RestoreRequest } from '../../../../ports/database.ts';
import type { Programs } from '../programs.ts';
import type { ScratchServer } from '../scratch-server.ts';
import { createDatabase } from './copy-database.ts';
import { fetchArtifact } from './fetch.ts';
import { restoreParts } from './restore-parts.ts';
import { restoreRoles } from './restore-roles.ts';
import type { RestoredDatabase } from './restorer.ts';

/** The name of the archive in the scratch directory. */
export const ARCHIVE = 'archive.dump';

/** Restores the archive phase by phase into a fresh scratch server, and returns what was left out. */
export async function restoreInto(
  server: ScratchServer,
  programs: Programs,
  request: RestoreRequest,
): Promise<RestoredDatabase> {
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
    const parts = await restoreParts(server, programs, archive, request, made.locale, notes);
    return { ...parts, notes };
  } catch (error) {
    // They may explain the failure.
    if (error instanceof RestoreFailed) error.notes.push(...notes);
    throw error;
  }
}
