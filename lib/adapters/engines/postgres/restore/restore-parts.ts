import { availableParallelism } from 'node:os';
import type { RestoreFailed } from '../../../../domain/errors.ts';
import type { RestoreRequest } from '../../../../ports/database.ts';
import type { Programs } from '../programs.ts';
import { SUPERUSER } from '../scratch-server.ts';
import { type ArchiveEntry, formatEntry, readArchiveToc } from './archive-toc.ts';
import { lendCreate, prepareDatabase, takeBack } from './copy-database.ts';
import { createExtensions, makeRoomForRows } from './extensions.ts';
import { failureOf } from './failure.ts';
import { leaveOut, partsOf } from './parts.ts';
import { type Outcome, type Part, pgRestore } from './pg-restore.ts';
import { emptyViews, refreshable, unreachableViews } from './refresh.ts';
import { exceptionsOf, isNamed } from './restore-exceptions.ts';
import { RESTORER, type RestoredDatabase, type RestoreServer } from './restorer.ts';

const EXTENSION = 'extension ';

/** What is restored, and what becomes of failures. */
export type PartsRequest = Pick<
  RestoreRequest,
  'manifest' | 'leaveOut' | 'restoreAs' | 'onTable' | 'serially'
> & {
  jobs?: number;
  /** The entries that are wanted; else all. */
  choose?: (entries: readonly ArchiveEntry[]) => ArchiveEntry[];
  /** Takes a failure, and the rest is restored; else the first one ends the restore. */
  onFailure?: (failure: RestoreFailed) => void;
};

/** Restores an archive into the prepared database, part by part. */
export async function restoreParts(
  server: RestoreServer,
  programs: Programs,
  archive: string,
  request: PartsRequest,
  locale: boolean,
  notes: string[],
): Promise<Omit<RestoredDatabase, 'notes'>> {
  const { manifest, leaveOut: names = [], restoreAs = 'master', onTable } = request;
  const user = restoreAs === 'superuser' ? SUPERUSER : RESTORER;
  const jobs = request.serially ? 1 : (request.jobs ?? availableParallelism());
  const archived = await readArchiveToc(archive);
  const all = request.choose?.(archived) ?? archived;
  const { kept, left } = leaveOut(all, (entry) => isNamed(entry, names));
  const parts = partsOf(kept);
  const without = { extensions: [] as string[], named: left, locale };
  formatLeft(all, left, names, notes);

  const run = (part: Part) => pgRestore(server, programs, archive, part);
  const restore = async (part: Part, allowed?: (outcome: Outcome) => Outcome) => {
    let outcome = await run(part);
    // Parallel jobs may have written between an entry and its error. Views are filled again to know whose each is.
    if (allowed && (part.jobs ?? 1) > 1 && outcome.errors.length > 1)
      outcome = await run({ ...part, jobs: 1 });
    const failure = failureOf(allowed ? allowed(outcome) : outcome, kept, without);
    if (!failure) return;
    if (!request.onFailure) throw failure;
    request.onFailure(failure);
  };
  await restore({ name: 'schemas', entries: parts.schemas, user });
  const unwanted = names
    .filter((name) => name.startsWith(EXTENSION))
    .map((name) => name.slice(EXTENSION.length));
  without.extensions = await createExtensions(server, manifest, unwanted, notes);
  await prepareDatabase(server, manifest);
  // The owner of a table must be allowed to create in its schema; that right is checked only when privileges come.
  const lent = server.foreign && !server.foreign.owners ? [] : await lendCreate(server);
  const tables = async () => {
    // A piped archive does not tell where data lies, and with jobs pg_restore then adds some constraints before their rows.
    await restore({ name: 'pre-data', entries: parts.main, user, jobs, options: ['--section=pre-data'] });
    const rows = await makeRoomForRows(server, parts.extensionRows, notes);
    if (rows.left.length > 0)
      notes.push(
        `left out, because their extension’s tables ${server.foreign ? 'belong to this database' : 'do not exist here'}: rows of ${rows.left.map(({ schema, name }) => `${schema}.${name}`).join(', ')}`,
      );
    // The archive has no dependencies among the tables of extensions, and triggers of one may read rows of another.
    await restore({ name: 'extension-rows', entries: rows.kept, user, onTable });
    await restore({ name: 'data', entries: parts.main, user, jobs, options: ['--section=data'], onTable });
    await restore({ name: 'post-data', entries: parts.main, user, jobs, options: ['--section=post-data'] });
    return rows;
  };
  const rows = await tables().catch(async (error: unknown) => {
    // A scratch server goes away with what it lent.
    if (server.foreign) await takeBack(server, lent).catch(() => undefined);
    throw error;
  });
  await takeBack(server, lent);
  const ofMembers = (outcome: Outcome) => withoutMembers(outcome, kept, notes);
  await restore({ name: 'privileges', entries: parts.privileges, user: SUPERUSER }, ofMembers);

  // Their owners read other tables by rights that exist only now.
  const { kept: filled, empty } = await refreshable(server, parts.refresh);
  await restore({ name: 'refresh', entries: filled, user, jobs }, (outcome) => {
    empty.push(...unreachableViews(outcome.errors));
    return apartFrom(outcome, empty);
  });
  const views = emptyViews(empty);
  notes.push(...views.notes);
  // Their owner would have to be a superuser too, and the copy has no superuser of the source.
  await restore({ name: 'superuser', entries: parts.superuser, user: SUPERUSER, options: ['--no-owner'] });
  if (parts.never.length > 0)
    notes.push(
      `left out so that the copy cannot act on its source: ${parts.never.map((entry) => `${entry.type} ${entry.name}`).join(', ')}`,
    );
  return {
    leftOut: without.extensions,
    exceptions: [...exceptionsOf([...left, ...rows.left]), ...views.exceptions],
  };
}

function formatLeft(
  all: readonly ArchiveEntry[],
  left: readonly ArchiveEntry[],
  names: readonly string[],
  notes: string[],
): void {
  const named = left.filter((entry) => isNamed(entry, names)).map(formatEntry);
  if (named.length > 0) notes.push(`left out, as rehearsal.leaveOut says: ${named.join(', ')}`);
  const unknown = names.filter((name) => !all.some((entry) => isNamed(entry, [name])));
  if (unknown.length > 0)
    notes.push(`rehearsal.leaveOut names objects that the archive does not have: ${unknown.join(', ')}`);
}

/** A result without the errors of these entries. */
function apartFrom({ ending, errors }: Outcome, entries: readonly ArchiveEntry[]): Outcome {
  const left = errors.filter(({ entry }) => !entry || !entries.includes(entry));
  return left.length === 0 && errors.length > 0
    ? { ending: { ...ending, code: 0 }, errors: [] }
    : { ending, errors: left };
}

/** Privileges on members of an extension fail where the extension is left out, or has another version. */
function withoutMembers(outcome: Outcome, all: readonly ArchiveEntry[], notes: string[]): Outcome {
  const ids = new Set(all.map(({ id }) => id));
  const members = outcome.errors.flatMap(({ entry, message }) =>
    entry && /does not exist/.test(message) && !entry.needs.some((id) => ids.has(id)) ? [entry] : [],
  );
  if (members.length > 0)
    notes.push(
      `left out, because their extension is not here: privileges on ${members.map(({ name }) => name).join(', ')}`,
    );
  return apartFrom(outcome, members);
}
