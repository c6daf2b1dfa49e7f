import type { Manifest } from '../../../../domain/proof/manifest.ts';
import type { Destination, LoadOnto, OntoResult } from '../../../../ports/destination.ts';
import { connectInto, identifier } from '../connection.ts';
import type { Programs } from '../programs.ts';
import { makeRunDirectory, sweepRunDirectories } from '../scratch-directory.ts';
import type { ArchiveEntry } from './archive-toc.ts';
import { createLike } from './copy-database.ts';
import { lackingRoles, makeEmptyBeside } from './empty-beside.ts';
import { fetchArtifact } from './fetch.ts';
import { givenTo, statementsOfDatabase, whyNotRun } from './of-database.ts';
import { restoreOnto } from './onto.ts';

/** Makes a database anew like a dump's source, and loads the dump into it, which lies in `directory` meanwhile. */
export async function loadWhole(
  into: Destination,
  programs: readonly Programs[],
  directory: string,
  { manifest, dump, roles, jobs, phase, signal, from, secondsLeft, beside }: LoadOnto,
): Promise<OntoResult> {
  // A call that died has left its archive, and there is no room for two.
  await sweepRunDirectories(directory);
  const run = await makeRunDirectory(directory);
  const place = { directory: run.path, identity: {} };
  const { database, owner } = manifest.source;
  const ofSettings = (entries: readonly ArchiveEntry[]) =>
    runEach(into, statementsOfDatabase(entries, database, into.database).settings);
  const ofAll = (entries: readonly ArchiveEntry[]) => {
    const { settings, rest } = statementsOfDatabase(entries, database, into.database);
    return runEach(into, [...settings, givenTo(into.database, owner), ...rest]);
  };
  try {
    phase('fetch');
    const archive = await fetchArtifact(place, 'archive.dump', dump, manifest.dump);
    const ofRoles = await fetchArtifact(place, 'roles.sql', roles, manifest.roles);
    const anew = () =>
      beside ? makeEmptyBeside(into, manifest.source, beside.mark) : makeEmpty(into, manifest.source);
    const made = from ? [] : await anew();
    // On the living server a role is as it is, and one that it lacks is a person's to make.
    const ours = beside ? { whole: ofSettings } : { whole: ofAll, roles: ofRoles };
    const result = await restoreOnto(into, programs, {
      ...{ archive, manifest, owners: true, privileges: true, jobs, phase, signal },
      onRead: () => undefined,
      paced: { from, secondsLeft, signal },
      ...ours,
    });
    const lacking = beside ? await lackingRoles(into, ofRoles) : [];
    return { ...result, notes: [...made, ...lacking, ...result.notes] };
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

/** Runs statements about the database itself. Returns what was not possible. */
async function runEach(into: Destination, statements: readonly string[]): Promise<string[]> {
  const client = await connectInto(into);
  try {
    const notes: string[] = [];
    for (const statement of statements) {
      const why = await whyNotRun(client, statement);
      if (why) notes.push(why);
    }
    return notes;
  } finally {
    await client.end();
  }
}
