import { createReadStream } from 'node:fs';
import { InputError, UnderstudyError } from '../../../../domain/errors.ts';
import type { Destination } from '../../../../ports/destination.ts';
import { connectInto } from '../connection.ts';

/**
 * Runs a file of SQL that was written by `openSqlFile`, statement by statement, without keeping it in memory. It begins
 * and ends its own transaction: after any failure nothing of it has happened. Rejects with `patch-refused` and PostgreSQL's message.
 */
export async function applySqlFile(path: string, into: Destination): Promise<void> {
  await refuseOtherFile(path);
  await refuseCutOff(path);
  const client = await connectInto(into);
  let committing = false;
  const failed = (cause: unknown) => {
    if (committing && (cause as { code?: string }).code === undefined)
      return new UnderstudyError(
        'patch-unknown',
        'the connection broke during COMMIT: nobody knows yet whether the patch happened',
        { hint: 'compare again with ./understudy diff', cause },
      );
    const { message, hint } = cause as { message: string; hint?: string };
    return new UnderstudyError(
      'patch-refused',
      `${message}${message.startsWith('nothing was changed') ? '' : '; nothing was changed'}`,
      {
        hint: hint ?? 'correct what PostgreSQL says, and apply the file again',
        cause,
      },
    );
  };
  try {
    for await (const statement of statementsOf(path)) {
      committing = statement.trim() === 'commit';
      await client.query(statement);
    }
  } catch (error) {
    throw error instanceof UnderstudyError ? error : failed(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** A statement ends with a line that is only a semicolon. */
async function* statementsOf(path: string): AsyncGenerator<string> {
  let lines: string[] = [];
  for await (const line of linesOf(path)) {
    if (line !== ';') {
      lines.push(line);
      continue;
    }
    yield lines.join('\n');
    lines = [];
  }
  if (lines.some((line) => line.trim() !== '')) yield lines.join('\n');
}

/** Before anything is run: a whole file is one transaction, whose end is its last statement. */
async function refuseCutOff(path: string): Promise<void> {
  let last = '';
  let commits = 0;
  for await (const statement of statementsOf(path)) {
    last = statement.trim();
    if (last === 'commit') commits++;
  }
  if (last === 'commit' && commits === 1) return;
  throw new UnderstudyError(
    'patch-cut-off',
    'the file is not complete, or is several files; nothing was changed',
    {
      hint: 'fetch it again, or make it anew with ./understudy restore',
    },
  );
}

/** Only a line feed ends a line: a value may contain other characters that a reader of lines takes for one. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(path, 'utf8')) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop()!;
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
  }
  if (rest !== '') yield rest;
}

async function refuseOtherFile(path: string): Promise<void> {
  const first = await firstLine(path);
  if (/^-- (?:Understudy: |Takes back )/.test(first)) return;
  throw new InputError(`${path} was not written by "restore"`, [], 'run other files with psql');
}

async function firstLine(path: string): Promise<string> {
  for await (const line of linesOf(path)) return line;
  return '';
}
