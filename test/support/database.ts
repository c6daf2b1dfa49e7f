import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import type { Credentials } from '../../lib/ports/database.ts';

const server = () => ({
  host: '127.0.0.1',
  port: Number(process.env['TEST_PG_PORT']),
  password: process.env['TEST_PG_PASSWORD']!,
});

/** A database of a test's own on the shared server. */
export type TestDatabase = {
  name: string;
  credentials: Credentials;
  connect(as?: Partial<Pick<Credentials, 'user' | 'password'>>): Promise<Client>;
  sql(text: string): Promise<Record<string, unknown>[]>;
  /** Runs a file of test/fixtures statement by statement, as psql does. */
  script(name: string): Promise<void>;
  drop(): Promise<void>;
};

/** Makes an empty database, or one filled with SQL; `options` are those of CREATE DATABASE. */
export async function createDatabase(fill?: string, options?: string): Promise<TestDatabase> {
  const name = `t_${randomBytes(6).toString('hex')}`;
  const as = options?.startsWith('template') ? options : options ? `template template0 ${options}` : '';
  await query('postgres', `create database ${name} ${as}`);
  const credentials: Credentials = { ...server(), database: name, user: 'postgres', sslmode: 'disable' };
  const database: TestDatabase = {
    name,
    credentials,
    async connect(as = {}) {
      const client = new Client({ ...server(), database: name, user: 'postgres', ssl: false, ...as });
      client.on('error', () => undefined);
      await client.connect();
      return client;
    },
    sql: (text) => query(name, text),
    async script(file) {
      const { host, port, password } = server();
      const where = `host=${host} port=${port} user=postgres password=${password} dbname=${name}`;
      const path = join(__dirname, '../fixtures', file);
      const args = ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', `--file=${path}`, where];
      const env = { PATH: '/usr/bin:/bin', PGOPTIONS: '--client-min-messages=error' };
      await promisify(execFile)(join(process.env['PG_BIN']!, 'psql'), args, { env });
    },
    drop: async () => void (await query('postgres', `drop database if exists ${name} with (force)`)),
  };
  if (fill) await database.sql(fill);
  return database;
}

async function query(database: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ ...server(), database, user: 'postgres', ssl: false });
  await client.connect();
  try {
    const result = (await client.query(text)) as unknown as
      | { rows: Record<string, unknown>[] }
      | { rows: Record<string, unknown>[] }[];
    return (Array.isArray(result) ? result.at(-1)?.rows : result.rows) ?? [];
  } finally {
    await client.end();
  }
}
