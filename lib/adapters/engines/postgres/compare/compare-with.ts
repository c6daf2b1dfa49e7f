import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Client } from 'pg';
import { UnderstudyError } from '../../../../domain/errors.ts';
import type { Manifest } from '../../../../domain/proof/manifest.ts';
import type { CompareRequest, ComparisonResult } from '../../../../ports/comparison.ts';
import type { Credentials } from '../../../../ports/database.ts';
import { connect } from '../connection.ts';
import { withoutValues } from '../error-text.ts';
import { DATABASE, RESTORER } from '../restore/restorer.ts';
import type { ScratchServer } from '../scratch-server.ts';
import { compare, type FileRequest } from './compare.ts';
import { holdsIn } from './holds-in.ts';

/** A lock that somebody holds must not keep an emergency waiting. */
const LOCK_WAIT = "set lock_timeout = '30s'";

/** Compares the rows on a scratch server with a living database; ends with the signal. */
export async function compareWith(
  server: ScratchServer,
  credentials: Credentials,
  manifest: Pick<Manifest, 'tables'>,
  request: CompareRequest,
): Promise<ComparisonResult> {
  const clients: Client[] = [];
  const close = () => Promise.allSettled(clients.map((client) => client.end()));
  const abort = () => void close();
  request.signal.addEventListener('abort', abort, { once: true });
  try {
    clients.push(await server.connect(RESTORER, DATABASE));
    clients.push(await connect(credentials));
    const [copy, living] = clients as [Client, Client];
    await living.query(LOCK_WAIT);
    return await delivered(server.directory, request, (asked) => compare(copy, living, manifest, asked));
  } catch (error) {
    throw request.signal.aborted ? request.signal.reason : withoutRows(error);
  } finally {
    request.signal.removeEventListener('abort', abort);
    await close();
  }
}

/** Gives the files of a request their paths in the scratch directory, and delivers them from there. */
async function delivered(
  directory: string,
  { patch, rows, deliver, ...rest }: CompareRequest,
  work: (request: FileRequest) => Promise<ComparisonResult>,
): Promise<ComparisonResult> {
  const path = {
    patch: join(directory, 'patch.sql'),
    reverse: join(directory, 'reverse.sql'),
    rows: join(directory, 'rows.sql'),
  };
  const compared = await work({
    ...rest,
    ...(patch ? { patch: { ...patch, forward: path.patch, reverse: path.reverse } } : {}),
    ...(rows ? { rows: { ...rows, path: path.rows } } : {}),
  });
  const files = [...(patch ? (['patch', 'reverse'] as const) : []), ...(rows ? (['rows'] as const) : [])];
  for (const file of files) await deliver?.(file, createReadStream(path[file]));
  return compared;
}

/** An error of PostgreSQL may quote a row: it goes to a log, and to people. */
function withoutRows(error: unknown): unknown {
  const { code, message } = error as { code?: string; message: string };
  if (error instanceof UnderstudyError || code === undefined || !/^[0-9A-Z]{5}$/.test(code)) return error;
  const [said = ''] = withoutValues([`ERROR:  ${message}`]);
  return new UnderstudyError(
    'comparison-failed',
    `PostgreSQL could not compare: ${said.replace(/^ERROR: {2}/, '')}`,
    {
      hint: 'if a condition was given, it may not fit every row',
    },
  );
}

/** Is this SQL expression true of the copy? Undefined where that lacks what it names. */
export async function holdsOn(server: ScratchServer, predicate: string): Promise<boolean | undefined> {
  const client = await server.connect(RESTORER, DATABASE);
  try {
    return await holdsIn(client, predicate);
  } finally {
    await client.end();
  }
}
