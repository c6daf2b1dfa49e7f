import { join } from 'node:path';
import { UnderstudyError } from '../../../../domain/errors.ts';
import { writtenIn } from '../../../../domain/proof/definition.ts';
import type { SchemaFacts } from '../../../../domain/proof/manifest.ts';
import { keyOfObject, type Rewritten } from '../../../../domain/proof/proof.ts';
import { decoded } from '../bytes.ts';
import { rows } from '../connection.ts';
import { digest, schemaFacts } from '../facts/schema/schema-facts.ts';
import { formatEnding, start } from '../process.ts';
import type { Programs } from '../programs.ts';
import { SUPERUSER } from '../scratch-server.ts';
import { ARCHIVE } from './restore.ts';
import { DATABASE, RESTORER, type RestoreServer } from './restorer.ts';

/** The database in which the archive's definitions are created again. */
const AGAIN = 'understudy_again';

/**
 * A second look at objects whose expressions a copy writes differently than its source: those that mean the same, in
 * the form of `keyOfObject`. The archive must contain the source's own text, and that text, created again on the same
 * server, must be written as the copy writes it. What this server could not create again is judged by the archive
 * alone.
 */
export async function confirmWritten(
  server: RestoreServer,
  programs: Programs,
  objects: readonly Rewritten[],
): Promise<Set<string>> {
  const encoding = await encodingOf(server);
  const statements = (await definitionsIn(server, programs, encoding)).split(HEADER);
  const inArchive = objects.filter((object) => {
    const named = statements.filter((statement) => names(statement, object.name));
    const texts = named.length > 0 ? named : statements;
    return writtenIn(object.source).every((expression) => texts.some((text) => holds(text, expression)));
  });
  if (inArchive.length === 0) return new Set();
  const again = await madeAgain(server, programs, encoding);
  return new Set(
    inArchive
      .filter(({ kind, name, copy }) => {
        const made = Object.hasOwn(again[kind] ?? {}, name) ? again[kind]![name] : undefined;
        return made === undefined || sameWriting(made, copy);
      })
      .map(keyOfObject),
  );
}

const sameWriting = (a: string, b: string) => JSON.stringify(writtenIn(a)) === JSON.stringify(writtenIn(b));

/** The facts of the archive's definitions, created again in an empty database. Errors there say nothing about the copy. */
async function madeAgain(server: RestoreServer, programs: Programs, encoding: string): Promise<SchemaFacts> {
  const maker = await server.connect(SUPERUSER, 'postgres');
  try {
    await maker.query(`create database ${AGAIN} template template0 encoding '${encoding}' locale 'C'`);
    const args = [
      '--schema-only',
      '--no-owner',
      '--no-privileges',
      '--no-comments',
      '--no-security-labels',
      '--no-subscriptions',
      `--dbname=${AGAIN}`,
      join(server.directory, ARCHIVE),
    ];
    await start(join(programs.bin, 'pg_restore'), args, server.environment(SUPERUSER, AGAIN), {
      ...server.identity,
      cwd: server.directory,
      stdout: 'ignore',
    }).ended;
    const client = await server.connect(SUPERUSER, AGAIN);
    try {
      return await schemaFacts(client);
    } finally {
      await client.end();
    }
  } finally {
    await maker.query(`drop database if exists ${AGAIN} with (force)`).catch(() => undefined);
    await maker.end();
  }
}

async function encodingOf(server: RestoreServer): Promise<string> {
  const client = await server.connect(RESTORER, DATABASE);
  try {
    const [found] = await rows<{ encoding: string }>(
      client,
      'select pg_catalog.getdatabaseencoding() as encoding',
    );
    return found!.encoding;
  } finally {
    await client.end();
  }
}

async function definitionsIn(server: RestoreServer, programs: Programs, encoding: string): Promise<string> {
  const args = ['--schema-only', '--file=-', join(server.directory, ARCHIVE)];
  const { child, ended } = start(join(programs.bin, 'pg_restore'), args, server.environment(RESTORER, ''), {
    ...server.identity,
    cwd: server.directory,
  });
  const chunks: Buffer[] = [];
  child.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ending = await ended;
  if (ending.code !== 0)
    throw new UnderstudyError('archive-text', formatEnding('pg_restore --schema-only', ending));
  return decoded(Buffer.concat(chunks), encoding);
}

/** What pg_restore writes above each entry. */
const HEADER = /^--\n-- Name: /m;

/** Is it the statement of an entry with the object's name, or with the name of the object's table? */
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
