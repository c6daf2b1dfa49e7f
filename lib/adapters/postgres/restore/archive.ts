import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TocEntry } from '../../../ports/database.ts';
import { sayEnding, start } from '../process.ts';
import type { Programs } from '../programs.ts';
import type { ScratchServer } from '../scratch-server.ts';
import { parseToc } from '../toc.ts';
import { DATABASE, RESTORER, RestoreFailed } from './names.ts';

const PRIVILEGE_TYPES = ['ACL', 'DEFAULT ACL'];
/** Only a superuser may create these; managed services let their master user. They are plain definitions, restored last. */
const SUPERUSER_TYPES = ['EVENT TRIGGER', 'PUBLICATION', 'PUBLICATION TABLE', 'PUBLICATION TABLES IN SCHEMA'];
/** A copy that subscribes takes over production's replication slot, and production's rows go to it. */
const NEVER_RESTORED = ['SUBSCRIPTION', 'SUBSCRIPTION TABLE', 'DATABASE', 'DATABASE PROPERTIES'];

/** Comments and labels of what is left out. */
const OF_THESE = /^(?:COMMENT|SECURITY LABEL) - (?:SUBSCRIPTION|DATABASE) /;

/** Says nothing about the archive: only that a role like the one of a managed service may not do it here. */
const NEEDS_SUPERUSER =
  /must be superuser|permission denied (?:for language|to create|to set parameter|for foreign-data wrapper)|only superuser|superuser-only/i;

/** What is in the archive. */
export async function listArchive(
  server: ScratchServer,
  programs: Programs,
  archive: string,
): Promise<TocEntry[]> {
  const list = start(
    join(programs.bin, 'pg_restore'),
    ['--list', archive],
    server.environment(RESTORER, DATABASE),
    { ...server.identity, cwd: server.directory },
  );
  const chunks: Buffer[] = [];
  list.child.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ending = await list.ended;
  if (ending.code !== 0) throw new RestoreFailed('restore-failed', sayEnding('pg_restore --list', ending));
  return parseToc(Buffer.concat(chunks).toString('utf8')).entries;
}

/** What is restored when, and by whom. */
export function partition(entries: TocEntry[]) {
  const parts = {
    schemas: [] as TocEntry[],
    main: [] as TocEntry[],
    privileges: [] as TocEntry[],
    refresh: [] as TocEntry[],
    superuser: [] as TocEntry[],
    never: [] as TocEntry[],
  };
  for (const entry of entries) {
    const ofExtension =
      entry.type === 'EXTENSION' || (entry.type === 'COMMENT' && entry.name.startsWith('EXTENSION '));
    if (ofExtension) continue;
    if (NEVER_RESTORED.includes(entry.type) || OF_THESE.test(entry.what)) parts.never.push(entry);
    else if (PRIVILEGE_TYPES.includes(entry.type)) parts.privileges.push(entry);
    else if (entry.type === 'MATERIALIZED VIEW DATA') parts.refresh.push(entry);
    else if (SUPERUSER_TYPES.includes(entry.type)) parts.superuser.push(entry);
    else if (entry.type === 'COMMENT' && /^(EVENT TRIGGER|PUBLICATION) /.test(entry.name))
      parts.superuser.push(entry);
    else if (entry.type === 'SCHEMA') parts.schemas.push(entry);
    else parts.main.push(entry);
  }
  return parts;
}

/** Restores some of the archive's entries, and fails at the first error. */
export async function pgRestore(
  server: ScratchServer,
  programs: Programs,
  archive: string,
  part: {
    name: string;
    entries: TocEntry[];
    user: string;
    jobs: number;
    options: string[];
    leftOut: string[];
  },
): Promise<void> {
  if (part.entries.length === 0) return;
  const list = join(server.directory, `${part.name}.list`);
  await writeFile(list, `${part.entries.map((entry) => entry.line).join('\n')}\n`, { mode: 0o644 });
  const args = [
    ...part.options,
    '--exit-on-error',
    '--no-tablespaces',
    '--no-password',
    `--jobs=${part.jobs}`,
    `--use-list=${list}`,
    `--dbname=${DATABASE}`,
    archive,
  ];
  const { ended } = start(join(programs.bin, 'pg_restore'), args, server.environment(part.user, DATABASE), {
    ...server.identity,
    cwd: server.directory,
    stdout: 'ignore',
  });
  const ending = await ended;
  if (ending.code !== 0 && NEEDS_SUPERUSER.test(ending.stderr)) {
    throw new RestoreFailed('restore-needs-superuser', sayEnding('pg_restore', ending), {
      hint: 'a managed service would refuse this too, unless it makes an exception for its master user; rehearse on an instance of the service',
    });
  }
  if (ending.code !== 0 && part.leftOut.length > 0 && /does not exist/.test(ending.stderr)) {
    throw new RestoreFailed('restore-needs-extension', sayEnding('pg_restore', ending), {
      hint: `the source has ${part.leftOut.join(', ')}, which cannot be made here; add it to the image, or rehearse where it exists`,
    });
  }
  if (ending.code !== 0) {
    throw new RestoreFailed('restore-failed', sayEnding('pg_restore', ending), {
      hint: 'the same error would meet you in an emergency; mend it at the source and dump again',
    });
  }
}
