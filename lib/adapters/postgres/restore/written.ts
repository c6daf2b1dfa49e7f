import { join } from 'node:path';
import { UnderstudyError } from '../../../domain/errors.ts';
import { keyOfObject, type Rewritten } from '../../../domain/proof.ts';
import { digest } from '../facts/schema/schema.ts';
import { sayEnding, start } from '../process.ts';
import type { Programs } from '../programs.ts';
import type { ScratchServer } from '../scratch-server.ts';
import { RESTORER } from './names.ts';
import { ARCHIVE } from './restore.ts';

/**
 * A second look at objects whose expressions a copy writes in another way than its source: those of which the archive
 * holds the source's own text, as `keyOfObject` says them. PostgreSQL made the copy from that text without an error, so
 * it means the same, however the server writes it out afterwards.
 */
export async function writtenInArchive(
  server: ScratchServer,
  programs: Programs,
  objects: readonly Rewritten[],
): Promise<Set<string>> {
  const statements = (await definitionsIn(server, programs)).split(HEADER);
  return new Set(
    objects
      .filter((object) => {
        const named = statements.filter((statement) => names(statement, object.name));
        const texts = named.length > 0 ? named : statements;
        return object.written.every((expression) => texts.some((text) => holds(text, expression)));
      })
      .map(keyOfObject),
  );
}

async function definitionsIn(server: ScratchServer, programs: Programs): Promise<string> {
  const args = ['--schema-only', '--file=-', join(server.directory, ARCHIVE)];
  const { child, ended } = start(join(programs.bin, 'pg_restore'), args, server.environment(RESTORER, ''), {
    ...server.identity,
    cwd: server.directory,
  });
  const chunks: Buffer[] = [];
  child.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ending = await ended;
  if (ending.code !== 0)
    throw new UnderstudyError('archive-text', sayEnding('pg_restore --schema-only', ending));
  return Buffer.concat(chunks).toString('utf8');
}

/** What pg_restore writes above each entry. */
const HEADER = /^--\n-- Name: /m;

/** Is the statement of an entry that is called like the object, or like the table that the object is of? */
function names(statement: string, object: string): boolean {
  const title = statement.slice(0, statement.indexOf('\n'));
  const [, relation, own] = object.match(/"(?:[^"]|"")+"|[^\s."(),]+/g) ?? [];
  return [relation, own].some(
    (part) => part !== undefined && title.includes(part.replace(/^"|"$/g, '').replaceAll('""', '"')),
  );
}

function holds(text: string, expression: { length: number; digest: string }): boolean {
  for (let at = 0; at + expression.length <= text.length; at++) {
    if (at > 0 && !/[\s(,=]/.test(text[at - 1]!)) continue;
    if (digest(text.slice(at, at + expression.length)) === expression.digest) return true;
  }
  return false;
}
