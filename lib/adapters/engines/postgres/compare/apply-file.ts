import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { InputError, UnderstudyError } from '../../../../domain/errors.ts';
import type { Destination } from '../../../../ports/destination.ts';
import { connectInto } from '../connection.ts';

/**
 * Runs a file of SQL that was written by `openSqlFile`, statement by statement, without keeping it in memory. It begins
 * and ends its own transaction: after any failure nothing of it has happened. Rejects with `patch-refused` and PostgreSQL's message.
 */
export async function applySqlFile(path: string, into: Destination): Promise<void> {
  await refuseOtherFile(path);
  const client = await connectInto(into);
  const failed = (cause: unknown) => {
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
    for await (const statement of statementsOf(path)) await client.query(statement);
  } catch (error) {
    throw error instanceof UnderstudyError ? error : failed(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** A statement ends with a line that is only a semicolon. A file that was cut off has no last one. */
async function* statementsOf(path: string): AsyncGenerator<string> {
  let lines: string[] = [];
  for await (const line of createInterface({
    input: createReadStream(path),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    if (line !== ';') {
      lines.push(line);
      continue;
    }
    yield lines.join('\n');
    lines = [];
  }
  if (lines.some((line) => line.trim() !== ''))
    throw new UnderstudyError('patch-cut-off', 'the file ends within a statement; nothing was changed', {
      hint: 'fetch it again, or make it anew with ./understudy restore',
    });
}

async function refuseOtherFile(path: string): Promise<void> {
  const first = await firstLine(path);
  if (/^-- (?:Understudy: |Takes back )/.test(first)) return;
  throw new InputError(`${path} was not written by "restore"`, [], 'run other files with psql');
}

async function firstLine(path: string): Promise<string> {
  for await (const line of createInterface({ input: createReadStream(path, { end: 4000 }) })) return line;
  return '';
}
