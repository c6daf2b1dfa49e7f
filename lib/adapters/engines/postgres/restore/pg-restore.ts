import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { withoutValues } from '../error-text.ts';
import { type Ending, start } from '../process.ts';
import type { Programs } from '../programs.ts';
import { conninfo } from '../sql.ts';
import type { ArchiveEntry } from './archive-toc.ts';
import { DATABASE, type RestoreServer } from './restorer.ts';

export type Part = {
  name: string;
  entries: readonly ArchiveEntry[];
  user: string;
  jobs?: number;
  options?: readonly string[];
  /** Ends it. */
  signal?: AbortSignal | undefined;
  /** May it end unfinished, because it is done again? */
  mayEnd?: boolean;
  /** Called as the rows of each table begin to be restored. */
  onTable?: (() => void) | undefined;
};

/** The error of one entry, without values of rows. `said` is the whole text, `message` its first line. */
export type EntryError = { entry: ArchiveEntry | undefined; message: string; said: string };
export type Outcome = { ending: Ending; errors: EntryError[] };

/** The most that is kept of a restore's errors. */
const KEPT_BYTES = 4 << 20;

/**
 * Restores some of the archive's entries, continues after errors so that every affected entry is known, and returns
 * the result.
 */
export async function pgRestore(
  server: RestoreServer,
  programs: Programs,
  archive: string,
  part: Part,
): Promise<Outcome> {
  if (part.entries.length === 0) return { ending: { code: 0, signal: null, stderr: '' }, errors: [] };
  const list = join(server.directory, `${part.name}.list`);
  await writeFile(list, part.entries.map(({ id }) => `${id};\n`).join(''), { mode: 0o644 });
  const environment = server.environment(part.user, DATABASE);
  const owned = server.foreign
    ? [
        ...(server.foreign.owners ? [] : ['--no-owner']),
        ...(server.foreign.privileges ? [] : ['--no-privileges']),
      ]
    : [];
  const args = [
    ...owned,
    ...(part.options ?? []),
    // Only with this option does it name the entry of an error.
    '--verbose',
    '--no-tablespaces',
    '--no-password',
    `--jobs=${part.jobs ?? 1}`,
    `--use-list=${list}`,
    // Settings of libpq alone: the name may be anything, and secrets stay out of the arguments.
    `--dbname=dbname=${conninfo(environment['PGDATABASE']!)}`,
    archive,
  ];
  const { child, ended } = start(join(programs.bin, 'pg_restore'), args, environment, {
    ...server.identity,
    cwd: server.directory,
    stdout: 'ignore',
  });
  const said = complaints(child.stderr!, part.onTable);
  const end = () => void child.kill('SIGTERM');
  part.signal?.addEventListener('abort', end);
  if (part.signal?.aborted) end();
  const ending = await ended;
  part.signal?.removeEventListener('abort', end);
  if (ending.code === 0) return { ending, errors: [] };
  const stderr = said();
  return {
    ending: stderr === '' ? ending : { ...ending, stderr: stderr.slice(-8000) },
    errors: errorsOf(stderr, part.entries),
  };
}

/** Collects what a verbose program writes, except for its progress. */
export function complaints(stderr: Readable, onTable: () => void = () => undefined): () => string {
  const kept: string[] = [];
  let bytes = 0;
  let rest = '';
  stderr.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      if (TABLE.test(line)) onTable();
      if (TABLE.test(line) || (PROGRESS.test(line) && !ERROR.test(line))) continue;
      bytes += line.length + 1;
      if (bytes < KEPT_BYTES) kept.push(line);
    }
  });
  return () => [...kept, rest].join('\n').trim();
}

// pg_restore writes its name, a space, a level and the text one after another (src/common/logging.c). Parallel jobs
// write in between: a line may begin with the names and levels of several messages, or with none.
const NAMES = '^(?:pg_restore:| )*';
const BEGIN = '^(?:pg_restore:|error:|warning:|detail:|hint:| )*';
const TABLE = new RegExp(`${BEGIN}processing data for table `);
const FROM = new RegExp(`${BEGIN}from TOC entry (\\d+); `);
const ERROR = new RegExp(
  `(?:${NAMES}error: .*?|${BEGIN}could not execute query: |${BEGIN}COPY failed for table ".*": )\\bERROR: {2}(.*)$`,
);
const PROGRESS =
  /^[ ]*pg_restore:(?:pg_restore:| )*(?!pg_restore:| |error:|warning:|hint:|detail:|from TOC entry )/;

/** The errors in pg_restore's output, each with its entry. */
export function errorsOf(stderr: string, entries: readonly ArchiveEntry[]): EntryError[] {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const errors: EntryError[] = [];
  let entry: ArchiveEntry | undefined;
  for (const line of withoutValues(stderr.split('\n'))) {
    const from = FROM.exec(line);
    const error = ERROR.exec(line);
    if (from) entry = byId.get(Number(from[1]));
    else if (error) errors.push({ entry, message: error[1]!, said: line });
    else if (/^(?:CONTEXT|HINT):/.test(line) && errors.length > 0) errors.at(-1)!.said += `\n${line}`;
  }
  return errors;
}
