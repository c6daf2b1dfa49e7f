import type { Manifest } from '../../../../domain/proof/manifest.ts';
import type { Destination, LoadOnto, OntoResult } from '../../../../ports/destination.ts';
import { connectInto, identifier } from '../connection.ts';
import type { Programs } from '../programs.ts';
import { makeRunDirectory, sweepRunDirectories } from '../scratch-directory.ts';
import type { ArchiveEntry } from './archive-toc.ts';
import { createLike } from './copy-database.ts';
import { fetchArtifact } from './fetch.ts';
import { restoreOnto } from './onto.ts';
import { splitStatements } from './role-statements.ts';

/** Makes a database anew like a dump's source, and loads the dump into it, which lies in `directory` meanwhile. */
export async function loadWhole(
  into: Destination,
  programs: readonly Programs[],
  directory: string,
  { manifest, dump, roles, jobs, phase, signal, from, hasTime }: LoadOnto,
): Promise<OntoResult> {
  // A call that died has left its archive, and there is no room for two.
  await sweepRunDirectories(directory);
  const run = await makeRunDirectory(directory);
  const place = { directory: run.path, identity: {} };
  try {
    phase('fetch');
    const archive = await fetchArtifact(place, 'archive.dump', dump, manifest.dump);
    const ofRoles = await fetchArtifact(place, 'roles.sql', roles, manifest.roles);
    const made = from ? [] : await makeEmpty(into, manifest.source);
    const result = await restoreOnto(into, programs, {
      ...{ archive, manifest, roles: ofRoles, owners: true, privileges: true, jobs, phase, signal },
      onRead: () => undefined,
      paced: { from, hasTime, signal },
      whole: (entries) => giveDatabaseItsOwn(into, manifest.source, entries),
    });
    return { ...result, notes: [...made, ...result.notes] };
  } finally {
    await run.release();
  }
}

/** Returns what was not possible. */
async function makeEmpty(into: Destination, source: Manifest['source']): Promise<string[]> {
  const client = await connectInto({ ...into, database: 'postgres' });
  try {
    await client.query(`drop database if exists ${identifier(into.database)} with (force)`);
    return await createLike(client, into.database, source);
  } finally {
    await client.end();
  }
}

/**
 * Gives a database its settings, privileges and owner, which pg_restore gives only to one that it creates. Returns what
 * was not possible.
 */
async function giveDatabaseItsOwn(
  into: Destination,
  { database, owner }: Pick<Manifest['source'], 'database' | 'owner'>,
  entries: readonly ArchiveEntry[],
): Promise<string[]> {
  const notes: string[] = [];
  const client = await connectInto(into);
  const run = async (statement: string) => {
    await client.query(statement).catch(({ code }: Error & { code?: string }) => {
      // Its values may be anything that somebody has set: only its first words are said.
      const what = statement.split(/\s+/, 3).join(' ').toLowerCase();
      notes.push(`of the database itself, not possible: ${what} … (${code ?? 'no answer'})`);
    });
  };
  try {
    for (const { definition } of entries.filter(isOfDatabase))
      for (const statement of statementsOf(definition))
        await run(renamed(statement, database, into.database));
    await run(`alter database ${identifier(into.database)} owner to ${identifier(owner)}`);
  } finally {
    await client.end();
  }
  return notes;
}

const isOfDatabase = ({ type, name }: ArchiveEntry) =>
  type === 'DATABASE PROPERTIES' || (/^(?:ACL|COMMENT)$/.test(type) && /^DATABASE /.test(name));

/** What pg_dump writes of a database. Nothing else is run here: it would be run as the master user of the new one. */
const OF_DATABASE =
  /^(?:alter database|alter role .* in database|comment on database|(?:grant|revoke) .* on database|security label .* on database) /is;
const statementsOf = (definition: string) =>
  splitStatements(definition).filter((each) => OF_DATABASE.test(each));

/** The same statement for a database of another name. */
function renamed(statement: string, from: string, to: string): string {
  if (from === to) return statement;
  const names = [from, identifier(from)].map((name) => `DATABASE ${name} `);
  const found = names.find((name) => statement.includes(name));
  return found ? statement.replace(found, `DATABASE ${identifier(to)} `) : statement;
}
