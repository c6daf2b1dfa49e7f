import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { Refusal, UnderstudyError } from '../../../domain/errors.ts';

const run = promisify(execFile);

/** One installation of PostgreSQL's programs. */
export type Programs = { bin: string; version: string; major: number };

/** Where to look: `PG_BIN` first, then the layouts of Debian and Homebrew, and PATH. */
export function candidateDirectories(pgBin: string | undefined, path: string): string[] {
  const versioned = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt'].flatMap((root) =>
    existsSync(root)
      ? readdirSync(root)
          .filter((name) => /^(\d+|postgresql@\d+)$/.test(name))
          .map((name) => join(root, name, 'bin'))
      : [],
  );
  const all = [...(pgBin ? [pgBin] : []), ...versioned, ...path.split(delimiter)];
  return [...new Set(all)].filter((directory) => directory !== '' && existsSync(join(directory, 'pg_dump')));
}

/** The programs in these directories, newest major first (those of `PG_BIN` keep their place within a major). */
export async function findPrograms(directories: readonly string[]): Promise<Programs[]> {
  const found = await Promise.all(
    directories.map(async (bin) => {
      const { stdout } = await run(join(bin, 'pg_dump'), ['--version'], { env: {} });
      const version = /\(PostgreSQL\) (\d+(?:\.\d+)*)/.exec(stdout)?.[1];
      return version ? [{ bin, version, major: Number.parseInt(version, 10) }] : [];
    }),
  );
  return found.flat().sort((a, b) => b.major - a.major);
}

/**
 * The client for dumping a server of this major: one of the same major. An older one does not know what it would
 * omit, and no server of that major can rehearse what a newer one writes.
 */
export function clientFor(programs: readonly Programs[], serverMajor: number): Programs {
  const same = programs.find((candidate) => candidate.major === serverMajor);
  if (same) return same;
  const have = programs.map((candidate) => candidate.version).join(', ') || 'none';
  const said = `the server is PostgreSQL ${serverMajor}, but the clients here are ${have}`;
  const hint = `install postgresql-client-${serverMajor} (in the image: add ${serverMajor} to PG_MAJORS)`;
  if (nearest(programs, serverMajor + 1)) throw new Refusal('client-other-major', said, { hint });
  throw new Refusal('client-too-old', `${said}; an older pg_dump cannot dump it`, { hint });
}

/** The lowest major from this one on; of several installations the first, which is that of `PG_BIN`. */
function nearest(programs: readonly Programs[], from: number): Programs | undefined {
  const lowest = Math.min(...programs.filter(({ major }) => major >= from).map(({ major }) => major));
  return programs.find(({ major }) => major === lowest);
}

/** Programs that can read an archive of this major: the same, or the next newer. */
export function readerFor(programs: readonly Programs[], major: number): Programs {
  const reader = nearest(programs, major);
  if (reader) return reader;
  const have = programs.map((candidate) => candidate.version).join(', ') || 'none';
  throw new UnderstudyError(
    'reader-too-old',
    `an archive of PostgreSQL ${major} needs a pg_restore of ${major} or newer, but the clients here are ${have}`,
    {
      hint: `install postgresql-client-${major}`,
    },
  );
}
