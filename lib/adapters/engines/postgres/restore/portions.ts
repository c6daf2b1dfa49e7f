import { Refusal } from '../../../../domain/errors.ts';
import { type Manifest, totalRows } from '../../../../domain/proof/manifest.ts';
import type { LoadProgress } from '../../../../ports/destination.ts';
import { identifier, rows } from '../connection.ts';
import { keyOf } from '../facts/writes.ts';
import { withoutErrors } from './apart-from.ts';
import { type ArchiveEntry, formatEntry } from './archive-toc.ts';
import type { Outcome } from './pg-restore.ts';
import { DATABASE, type RestoreServer } from './restorer.ts';

/** A load that may stop between two portions, and go on in another process. */
export type Paced = {
  /** Where an earlier call stopped; undefined at the beginning. */
  from?: LoadProgress | undefined;
  secondsLeft: () => number;
  /** Ends the portion that is being loaded. */
  signal: AbortSignal;
};

/** Bytes of a source that one portion should bring, as far as its rows tell. */
const PORTION_BYTES = 2 ** 31;

/** The entries of a section, in order. A comment has none of its own: pg_restore gives it that of the entry before it. */
export function ofSection(entries: readonly ArchiveEntry[], wanted: 'data' | 'post-data'): ArchiveEntry[] {
  let current: ArchiveEntry['section'] = 'pre-data';
  return entries.filter(({ section }) => {
    if (section !== 'none') current = section;
    return current === wanted;
  });
}

/**
 * Consecutive entries whose weights together are not above `most`, or one that is above it alone. A comment stays with what
 * it is about.
 */
export function portionsOf(
  entries: readonly ArchiveEntry[],
  weigh: (entry: ArchiveEntry) => number,
  most: number,
): ArchiveEntry[][] {
  const portions: ArchiveEntry[][] = [];
  let left = 0;
  for (const entry of entries) {
    const weight = weigh(entry);
    if (portions.length === 0 || (weight > left && entry.section !== 'none')) {
      portions.push([]);
      left = most;
    }
    portions.at(-1)!.push(entry);
    left -= weight;
  }
  return portions;
}

/**
 * An entry weighs the rows of its table, which an index reads as well, or its large objects, each as a row; everything else
 * weighs nothing.
 */
function weighing(entries: readonly ArchiveEntry[], manifest: Manifest) {
  const ofTable = new Map(
    manifest.tables.map(({ schema, name, rows: count }) => [keyOf(schema, name), Number(count)]),
  );
  const weigh = ({ schema, name }: ArchiveEntry) => ofTable.get(keyOf(schema ?? '', name)) ?? 0;
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const READS = ['INDEX', 'CONSTRAINT', 'FK CONSTRAINT'];
  return (entry: ArchiveEntry): number => {
    if (entry.type === 'TABLE DATA') return weigh(entry);
    if (entry.type === 'BLOB METADATA') return largeObjectsOf(entry).length;
    if (entry.type === 'BLOBS') {
      const made = entry.needs
        .flatMap((id) => byId.get(id) ?? [])
        .filter(({ type }) => type === 'BLOB METADATA');
      return made.length === 0 ? Number(manifest.largeObjects.count) : made.flatMap(largeObjectsOf).length;
    }
    if (!READS.includes(entry.type)) return 0;
    const tables = entry.needs.flatMap((id) => byId.get(id) ?? []).filter(({ type }) => type === 'TABLE');
    return Math.max(0, ...tables.map(weigh));
  };
}

/** The oids of the large objects that an entry makes: from pg_dump 17 on, one line each. Before, they are definitions. */
const largeObjectsOf = ({ type, definition }: ArchiveEntry): string[] =>
  type === 'BLOB METADATA' ? (definition.match(/^\d+$/gm) ?? []) : [];

export type Portioned = {
  section: 'data' | 'post-data';
  /** Of the whole archive that is restored. */
  entries: readonly ArchiveEntry[];
  manifest: Manifest;
  /** Entries of this section that earlier calls have done. */
  done: number;
  run: (portion: readonly ArchiveEntry[]) => Promise<void>;
};

/**
 * Restores a section portion by portion. Resolves with undefined when all of it is there, else with how many entries are. A
 * portion that was ended is done again by the next call, and one that a whole call was too short for entry by entry.
 */
export async function inPortions(
  { section, entries, manifest, done, run }: Portioned,
  { from, secondsLeft, signal }: Paced,
): Promise<(Pick<LoadProgress, 'smaller'> & { done: number }) | undefined> {
  const all = totalRows(manifest.tables) + Number(manifest.largeObjects.count);
  const most = (all * PORTION_BYTES) / Math.max(1, manifest.source.bytes);
  const left = ofSection(entries, section).slice(done);
  const isSmall = from?.smaller === true;
  let longest = 0;
  let count = done;
  for (const portion of portionsOf(left, weighing(entries, manifest), isSmall ? -1 : most)) {
    const isFirst = count === done;
    if (!isFirst && secondsLeft() <= 1.5 * longest) return { done: count };
    const began = Date.now();
    await run(portion);
    if (signal.aborted) {
      if (isFirst && from && isSmall) throw tooLarge(portion);
      return { done: count, ...(isFirst && from ? { smaller: true } : {}) };
    }
    longest = Math.max(longest, (Date.now() - began) / 1000);
    count += portion.length;
  }
  return undefined;
}

const tooLarge = (portion: readonly ArchiveEntry[]) =>
  new Refusal(
    'does-not-fit',
    `${portion.map(formatEntry).join(', ')} alone takes longer than a function may run`,
    { hint: 'load the dump from a machine of yours: restore --to has all the time that it needs' },
  );

/** Ends what a call that died has left in the database: its sessions, and rows and large objects that are not done. */
export async function clearUnfinished(
  server: RestoreServer,
  entries: readonly ArchiveEntry[],
  done: number,
): Promise<void> {
  const client = await server.connect('', DATABASE);
  try {
    await client.query(
      `select pg_catalog.pg_terminate_backend(pid, 30000) from pg_catalog.pg_stat_activity
       where datname = pg_catalog.current_database() and application_name = 'understudy' and pid <> pg_catalog.pg_backend_pid()`,
    );
    const left = ofSection(entries, 'data').slice(done);
    const names = left
      .filter(({ type }) => type === 'TABLE DATA')
      .map(({ schema, name }) => keyOf(schema ?? '', name));
    const there = await rows<{ schema: string; name: string }>(
      client,
      `select n.nspname as schema, c.relname as name from pg_catalog.pg_class c
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p')`,
    );
    const wanted = new Set(names);
    const tables = there.filter(({ schema, name }) => wanted.has(keyOf(schema, name)));
    for (const { schema, name } of tables)
      await client.query(`truncate only ${identifier(schema)}.${identifier(name)}`);
    // Some thousand at once at most: each is locked. One that stays is reported when it cannot be made again.
    for (const objects of left.map(largeObjectsOf).filter(({ length }) => length > 0))
      await client
        .query(
          'select pg_catalog.lo_unlink(oid) from pg_catalog.pg_largeobject_metadata where oid = any($1)',
          [objects],
        )
        .catch(() => undefined);
  } finally {
    await client.end();
  }
}

/** What a call that died has made is not made again. Each entry is restored as a whole, so what is there is complete. */
export function withoutExisting(outcome: Outcome): Outcome {
  const isThere = /already exists|already member of publication|^multiple primary keys for table/;
  return withoutErrors(outcome, ({ message }) => isThere.test(message));
}
