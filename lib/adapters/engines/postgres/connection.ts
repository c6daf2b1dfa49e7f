import { Client, type ClientConfig, type QueryResult } from 'pg';
import { reasonOf, UnderstudyError } from '../../../domain/errors.ts';
import type { Credentials } from '../../../ports/database.ts';
import type { Destination } from '../../../ports/destination.ts';
import { authorities } from './authorities.ts';
import { inBytes, rowsInBytes, speakBytes, speaksBytes } from './bytewise.ts';
import { unreachable } from './unreachable.ts';

/** Settings that decide how a value is written as text. Fingerprints use text, so both sides of a proof must use the same. */
const TEXT_SETTINGS = [
  "set search_path = ''",
  "set datestyle = 'ISO, YMD'",
  "set intervalstyle = 'postgres'",
  "set timezone = 'UTC'",
  'set extra_float_digits = 1',
  "set bytea_output = 'hex'",
  "set lc_monetary = 'C'",
  "set xmloption = 'content'",
  'set row_security = off',
  'set quote_all_identifiers = off',
  'set standard_conforming_strings = on',
  'set statement_timeout = 0',
  'set lock_timeout = 0',
  'set idle_in_transaction_session_timeout = 0',
];

/**
 * Settings that not every version has. With the last one, a session whose client has died ends, and frees its locks,
 * within seconds.
 */
const WHERE_KNOWN = `select pg_catalog.set_config(name, case name when 'client_connection_check_interval' then '2s' else '0' end, false)
  from pg_catalog.pg_settings where name in ('idle_session_timeout', 'transaction_timeout', 'client_connection_check_interval')`;

/** Connects to a source. Rejects with CredentialsRefused on 28P01 and 28000, else with `source-unreachable`. */
export async function connect(credentials: Credentials): Promise<Client> {
  return open(await clientFor(credentials), placeOf(credentials), credentials);
}

/**
 * Connects and sets nothing in the session: behind a transaction pooler a setting would reach the next client. An
 * answer that takes longer than `patience` seconds is an error.
 */
export async function connectPlainly(credentials: Credentials, patience: number): Promise<Client> {
  const client = await clientFor(credentials, { query_timeout: patience * 1000 });
  return open(client, placeOf(credentials), credentials, async () => undefined);
}

/** Connects to a database of somebody's own. Rejects with `destination-unreachable`. */
export async function connectInto(into: Destination): Promise<Client> {
  const { password, ...rest } = into;
  // Without a password the library looks into the file of passwords.
  const client = await clientFor({ ...rest, password: password as string });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await setText(client);
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw new UnderstudyError(
      'destination-unreachable',
      `${into.user} cannot connect to ${into.database} at ${into.host}:${into.port}: ${reasonOf(error)}`,
      { hint: 'check --to, PGPASSWORD or ~/.pgpass, and ?sslmode= in the URL', cause: error },
    );
  }
}

async function clientFor(credentials: Credentials, more: ClientConfig = {}): Promise<Client> {
  return new Client({
    host: credentials.host,
    port: credentials.port,
    database: credentials.database,
    user: credentials.user,
    password: credentials.password,
    ssl: await ssl(credentials),
    application_name: 'understudy',
    connectionTimeoutMillis: 15_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 60_000,
    ...more,
  });
}

function placeOf({ host, port, database }: Credentials): string {
  return `${host}:${port}/${database}`;
}

/** Connects to a scratch server by its socket. */
export async function connectLocally(config: ClientConfig): Promise<Client> {
  return open(new Client(config), `${config.host}/${config.database}`);
}

async function setText(client: Client): Promise<void> {
  await client.query(TEXT_SETTINGS.join(';'));
  await client.query(WHERE_KNOWN);
  await speakBytes(client);
}

async function open(client: Client, where: string, to?: Credentials, prepare = setText): Promise<Client> {
  // A connection that breaks while no query waits for it must not end the process; the next query reports it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await prepare(client);
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw unreachable(error, where, to);
  }
}

async function ssl(credentials: Credentials): Promise<ClientConfig['ssl']> {
  if (credentials.sslmode === 'disable') return false;
  if (credentials.sslmode === 'require') return { rejectUnauthorized: false };
  // The authorities that pg_dump trusts too, so that both accept the same servers.
  const trusted = { ca: await authorities() };
  return credentials.sslmode === 'verify-ca' ? { ...trusted, checkServerIdentity: () => undefined } : trusted;
}

/** Rows of a query, typed by the caller. */
export async function rows<T>(client: Client, sql: string, values: unknown[] = []): Promise<T[]> {
  if (values.length === 0 && speaksBytes(client)) return rowsInBytes<T>(client, sql);
  return (await client.query(sql, values)).rows as T[];
}

/** The first row of each query, all sent in one round trip, with a statement behind each that gives no rows. */
export async function firstRows<T>(client: Client, queries: readonly string[], behind = ''): Promise<T[]> {
  if (speaksBytes(client)) {
    const found: T[] = [];
    for (const query of queries) {
      found.push((await rowsInBytes<T>(client, query))[0]!);
      await client.query(behind);
    }
    return found;
  }
  const sql = queries.map((query) => `${query}; ${behind}`).join('; ');
  const results = (await client.query(sql)) as unknown as QueryResult | QueryResult[];
  return [results].flat().flatMap(({ rows }) => (rows.length > 0 ? [rows[0] as T] : []));
}

/** Runs a statement without results; names of a SQL_ASCII database may have any bytes. */
export async function execute(client: Client, statement: string): Promise<void> {
  await client.query(inBytes(client, statement));
}

export { identifier } from './sql.ts';
