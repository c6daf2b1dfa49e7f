import { availableParallelism } from 'node:os';
import type { RestoreFailed } from '../../../../domain/errors.ts';
import type { RestoreRequest } from '../../../../ports/database.ts';
import type { LoadProgress } from '../../../../ports/destination.ts';
import type { Programs } from '../programs.ts';
import { SUPERUSER } from '../scratch-server.ts';
import { apartFrom, withoutMembers } from './apart-from.ts';
import { type ArchiveEntry, formatEntry, readArchiveToc } from './archive-toc.ts';
import { lendCreate, prepareDatabase, takeBack } from './copy-database.ts';
import { createExtensions, makeRoomForRows } from './extensions.ts';
import { failureOf } from './failure.ts';
import { inSections } from './in-sections.ts';
import { leaveOut, partsOf } from './parts.ts';
import { type Outcome, type Part, pgRestore } from './pg-restore.ts';
import { ofSection, type Paced, withoutExisting } from './portions.ts';
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
  /** It may stop before the end, and is taken up by another call. */
  paced?: Paced | undefined;
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
): Promise<Omit<RestoredDatabase, 'notes'> & { next?: LoadProgress }> {
  const { paced } = request;
  const from = paced?.from;
  const { manifest, leaveOut: names = [], restoreAs = 'master', onTable } = request;
  const user = restoreAs === 'superuser' ? SUPERUSER : RESTORER;
  const jobs = request.serially ? 1 : (request.jobs ?? availableParallelism());
  const archived = await readArchiveToc(archive);
  const all = request.choose?.(archived) ?? archived;
  const { kept, left } = leaveOut(all, (entry) => isNamed(entry, names));
  const parts = partsOf(kept);
  const without = { extensions: [] as string[], named: left, locale };
  formatLeft(all, left, names, notes);

  const run = (part: Part) => pgRestore(server, programs, archive, { ...part, signal: paced?.signal });
  const restore = async (part: Part, allowed?: (outcome: Outcome) => Outcome) => {
    let outcome = await run(part);
    // Parallel jobs may have written between an entry and its error. Views are filled again to know whose each is.
    if (allowed && (part.jobs ?? 1) > 1 && outcome.errors.length > 1)
      outcome = await run({ ...part, jobs: 1 });
    // A portion is done again by the next call; everything else is begun only where there is time for it.
    if (paced?.signal.aborted) {
      if (part.mayEnd) return;
      throw paced.signal.reason;
    }
    const failure = failureOf(allowed ? allowed(outcome) : outcome, kept, without);
    if (!failure) return;
    if (!request.onFailure) throw failure;
    request.onFailure(failure);
  };
  const unwanted = names
    .filter((name) => name.startsWith(EXTENSION))
    .map((name) => name.slice(EXTENSION.length));
  const begin = async (): Promise<string[]> => {
    await restore({ name: 'schemas', entries: parts.schemas, user });
    without.extensions = await createExtensions(server, manifest, unwanted, notes);
    await prepareDatabase(server, manifest);
    // The owner of a table must be allowed to create in its schema; that right is checked only when privileges come.
    return server.foreign && !server.foreign.owners ? [] : lendCreate(server);
  };
  const main = (section: 'data' | 'post-data', entries: readonly ArchiveEntry[] = parts.main): Part => ({
    ...{ name: section, entries, user, jobs, options: [`--section=${section}`], mayEnd: true },
    ...(section === 'data' ? { onTable } : {}),
  });
  const progress = (data: number | 'all', postData: number): LoadProgress => ({
    ...{ lent, leftOut: without.extensions, data, postData },
  });
  const last = ofSection(parts.main, 'post-data').length;
  const isOnlyEnding = from?.data === 'all' && from.postData === last;
  if (from) without.extensions = from.leftOut;
  const lent = from ? from.lent : await begin();
  const tables = async () => {
    // A piped archive does not tell where data lies, and with jobs pg_restore then adds some constraints before their rows.
    if (!from)
      await restore({ name: 'pre-data', entries: parts.main, user, jobs, options: ['--section=pre-data'] });
    const rows = await makeRoomForRows(server, parts.extensionRows, notes);
    if (rows.left.length > 0)
      notes.push(
        `left out, because their extension’s tables ${server.foreign ? 'belong to this database' : 'do not exist here'}: rows of ${rows.left.map(({ schema, name }) => `${schema}.${name}`).join(', ')}`,
      );
    // The archive has no dependencies among the tables of extensions, and triggers of one may read rows of another.
    if (!from) await restore({ name: 'extension-rows', entries: rows.kept, user, onTable });
    if (paced)
      return {
        ...rows,
        next: await inSections(server, { entries: parts.main, manifest }, paced, {
          progress,
          isOnlyEnding,
          restore: (section, portion) =>
            restore(main(section, portion), section === 'post-data' && from ? withoutExisting : undefined),
        }),
      };
    await restore(main('data'));
    await restore(main('post-data'));
    return { ...rows, next: undefined };
  };
  const rows = await tables().catch(async (error: unknown) => {
    // A scratch server goes away with what it lent.
    if (server.foreign) await takeBack(server, lent).catch(() => undefined);
    throw error;
  });
  if (rows.next) return { leftOut: without.extensions, exceptions: [], next: rows.next };
  const ending = async () => {
    await takeBack(server, lent);
    const ofMembers = (outcome: Outcome) => withoutMembers(outcome, kept, notes);
    await restore({ name: 'privileges', entries: parts.privileges, user: SUPERUSER }, ofMembers);

    // Their owners read other tables by rights that exist only now.
    const { kept: filled, empty } = await refreshable(server, parts.refresh);
    await restore({ name: 'refresh', entries: filled, user, jobs }, (outcome) => {
      empty.push(...unreachableViews(outcome.errors));
      return apartFrom(outcome, empty);
    });
    // Their owner would have to be a superuser too, and the copy has no superuser of the source.
    await restore(
      { name: 'superuser', entries: parts.superuser, user: SUPERUSER, options: ['--no-owner'] },
      from ? withoutExisting : undefined,
    );
    return emptyViews(empty);
  };
  const views = await ending().catch((error: unknown) => {
    // Another call has more time for it than was left of this one.
    if (!paced?.signal.aborted || isOnlyEnding) throw error;
    return undefined;
  });
  if (!views) return { leftOut: without.extensions, exceptions: [], next: progress('all', last) };
  notes.push(...views.notes);
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
