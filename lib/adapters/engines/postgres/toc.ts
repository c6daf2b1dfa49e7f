import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { UnderstudyError } from '../../../domain/errors.ts';
import type { TableOfContents, TocEntry } from '../../../ports/database.ts';
import { fromBytes } from './bytes.ts';
import { childEnvironment, formatEnding, isVerdict, start } from './process.ts';
import type { Programs } from './programs.ts';

/**
 * Entry types of several words, or that begin one of several, by the catalog that such an entry comes from: none
 * begins another of its catalog.
 */
const TYPES: Record<number, readonly string[]> = {
  0: [
    'DATABASE PROPERTIES',
    'INDEX ATTACH',
    'MATERIALIZED VIEW DATA',
    'ROW SECURITY',
    'SECURITY LABEL',
    'SEQUENCE OWNED BY',
    'SEQUENCE SET',
    'SHELL TYPE',
    'STATISTICS DATA',
    'TABLE ATTACH',
    'TABLE DATA',
    'USER MAPPING',
  ],
  826: ['DEFAULT ACL'],
  1259: ['FOREIGN TABLE', 'INDEX', 'MATERIALIZED VIEW', 'SEQUENCE', 'TABLE', 'VIEW'],
  2328: ['FOREIGN DATA WRAPPER'],
  2601: ['ACCESS METHOD'],
  2606: ['CHECK CONSTRAINT', 'CONSTRAINT', 'FK CONSTRAINT'],
  2612: ['PROCEDURAL LANGUAGE'],
  2613: ['BLOB METADATA'],
  2616: ['OPERATOR CLASS'],
  2753: ['OPERATOR FAMILY'],
  3466: ['EVENT TRIGGER'],
  3600: ['TEXT SEARCH DICTIONARY'],
  3601: ['TEXT SEARCH PARSER'],
  3602: ['TEXT SEARCH CONFIGURATION'],
  3764: ['TEXT SEARCH TEMPLATE'],
  6102: ['SUBSCRIPTION TABLE'],
  6106: ['PUBLICATION TABLE'],
  6237: ['PUBLICATION TABLES IN SCHEMA'],
};

/** Parses `pg_restore --list`. */
export function parseToc(listing: string): TableOfContents {
  const lines = listing.split('\n').filter((line) => /^\d+; /.test(line));
  const entries = lines.map(parseLine);
  const sha256 = createHash('sha256').update(lines.join('\n')).digest('hex');
  return { entries, sha256 };
}

function parseLine(line: string): TocEntry {
  const [, id, catalog, what] = /^(\d+); (\d+) \d+ (.*)$/.exec(line) ?? [];
  if (!id || !what)
    throw new UnderstudyError('toc-unreadable', `unknown line in the archive's table of contents: ${line}`);
  return { id: Number(id), type: typeOf(what, Number(catalog)), what };
}

/** Names may be anything (a schema called DATA, say), so the entry's catalog decides. */
function typeOf(what: string, catalog: number): string {
  const type = TYPES[catalog]?.find((candidate) => what.startsWith(`${candidate} `));
  return type ?? what.split(' ', 1)[0]!;
}

/** The line of a table's data in pg_dump's list. */
export function dataLine(table: { schema: string; name: string; owner: string }): string {
  return `TABLE DATA ${table.schema} ${table.name} ${table.owner}`.replace(/[\r\n]/g, ' ');
}

/**
 * Reads the table of contents from the head of a streamed archive. The program gets chunks until it has read enough
 * and closes its input; it does not need the rest of the archive.
 */
export function tocReader(programs: Programs): {
  offer(chunk: Buffer): Promise<void>;
  toc: Promise<TableOfContents>;
  kill(): void;
} {
  const { child, ended } = start(join(programs.bin, 'pg_restore'), ['--list'], childEnvironment(), {
    stdin: 'pipe',
  });
  const input = child.stdin!;
  let open = true;
  input.on('error', () => (open = false)).on('close', () => (open = false));
  const chunks: Buffer[] = [];
  child.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk));
  const toc = ended.then((ending) => {
    if (ending.code !== 0)
      throw new UnderstudyError(
        isVerdict(ending) ? 'toc-unreadable' : 'reader-failed',
        formatEnding('pg_restore --list', ending),
      );
    return parseToc(fromBytes(Buffer.concat(chunks)));
  });
  toc.catch(() => undefined);
  return {
    toc,
    async offer(chunk) {
      if (!open) return;
      if (chunk.length === 0) input.end();
      else if (!input.write(chunk)) await drained(input);
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

/** Waits until a child takes more input or has closed it. Removes its listeners: an archive has very many chunks. */
export async function drained(input: Writable): Promise<void> {
  const over = new AbortController();
  await Promise.race([
    once(input, 'drain', { signal: over.signal }),
    once(input, 'close', { signal: over.signal }),
  ]).catch(() => undefined);
  over.abort();
}
