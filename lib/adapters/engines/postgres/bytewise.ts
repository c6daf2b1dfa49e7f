import type { Client, QueryResult } from 'pg';
import { fromBytes, toBytes } from './bytes.ts';

/**
 * A SQL_ASCII database keeps any bytes, in names and definitions too, and refuses to send those to a client of
 * another encoding in which they are invalid. Sessions of such a database therefore read bytes: results travel as
 * hexadecimal, and so does a statement that has such a name in it.
 */
const bytewise = new WeakSet<Client>();

/** Makes this session exchange bytes if its database is SQL_ASCII. */
export async function speakBytes(client: Client): Promise<void> {
  const { rows } = await client.query<{ encoding: string }>(
    'select pg_catalog.getdatabaseencoding() as encoding',
  );
  if (rows[0]?.encoding !== 'SQL_ASCII') return;
  await client.query("set client_encoding = 'SQL_ASCII'");
  bytewise.add(client);
}

export function speaksBytes(client: Client): boolean {
  return bytewise.has(client);
}

/** Rows of a query without parameters. Values come as JSON has them: a timestamp is a string. */
export async function rowsInBytes<T>(client: Client, sql: string): Promise<T[]> {
  const asText = `select pg_catalog.encode(pg_catalog.convert_to(pg_catalog.row_to_json(found)::text, 'SQL_ASCII'), 'hex') as row from (${sql}) found`;
  const results = (await client.query(isAscii(asText) ? asText : throughCursor(asText))) as unknown as
    | QueryResult<{ row: string }>
    | QueryResult<{ row: string }>[];
  return [results]
    .flat()
    .flatMap(({ rows }) => rows)
    .map(({ row }) => JSON.parse(fromBytes(Buffer.from(row, 'hex'))) as T);
}

/** Returns a statement without results in the form that can be sent. */
export function inBytes(client: Client, statement: string): string {
  return speaksBytes(client) && !isAscii(statement)
    ? `do $do$ begin execute ${decoded(statement)}; end $do$`
    : statement;
}

/** DO returns no rows, but a cursor that it opens lasts until the transaction ends. */
function throughCursor(sql: string): string {
  return `do $do$ declare found refcursor := 'understudy_found'; begin open found for execute ${decoded(sql)}; end $do$; fetch all from understudy_found; close understudy_found`;
}

function decoded(sql: string): string {
  return `pg_catalog.convert_from('\\x${toBytes(sql).toString('hex')}'::bytea, 'SQL_ASCII')`;
}

function isAscii(text: string): boolean {
  return [...text].every((character) => character < '\u0080');
}
