import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Client } from 'pg';
import { compare, type FileRequest } from '../../lib/adapters/engines/postgres/compare/compare.ts';
import type { PatchFiles } from '../../lib/adapters/engines/postgres/compare/patch.ts';
import { connect } from '../../lib/adapters/engines/postgres/connection.ts';
import { dataTables } from '../../lib/adapters/engines/postgres/facts/data-tables.ts';
import { readTables } from '../../lib/adapters/engines/postgres/facts/read-tables.ts';
import type { ComparisonResult } from '../../lib/ports/comparison.ts';
import { createDatabase, type TestDatabase } from './database.ts';
import { never } from './source.ts';

/** A database as it was, and the same database living on. */
export type Pair = {
  copy: TestDatabase;
  living: TestDatabase;
  compare(request?: Partial<FileRequest>): Promise<ComparisonResult>;
  /** Compares and writes a patch. */
  patch(request?: Partial<FileRequest>, patch?: Partial<PatchFiles>): Promise<ComparisonResult & Files>;
  apply(file: string, as?: string): Promise<string>;
};
type Files = { forward: string; reverse: string };

const made: TestDatabase[] = [];
const directory = mkdtempSync(join(tmpdir(), 'us-compare-'));
afterAll(async () => {
  for (const database of made) await database.drop();
  rmSync(directory, { recursive: true, force: true });
});

let files = 0;

/** Two databases with the same content; the `damage` is done to the living one. */
export async function pair(
  fill: string | ((database: TestDatabase) => Promise<void>),
  damage = '',
): Promise<Pair> {
  const copy = await createDatabase();
  made.push(copy);
  if (typeof fill === 'string') await copy.sql(fill);
  else await fill(copy);
  const living = await createDatabase(undefined, `template ${copy.name}`);
  made.push(living);
  if (damage) await living.sql(damage);
  const compared = (request: Partial<FileRequest> = {}) =>
    between(copy, living, { first: 5, values: false, signal: never(), ...request });
  return {
    copy,
    living,
    compare: compared,
    async patch(request = {}, patch = {}) {
      const name = join(directory, String(++files));
      const paths = { forward: `${name}.sql`, reverse: `${name}.reverse.sql` };
      const asked = { mends: ['missing' as const], withoutTriggers: false, comment: [], ...paths, ...patch };
      return { ...(await compared({ ...request, patch: asked })), ...paths };
    },
    apply: (file, as = 'postgres') => psql(living, file, as),
  };
}

async function between(
  copy: TestDatabase,
  living: TestDatabase,
  request: FileRequest,
): Promise<ComparisonResult> {
  const [there, here] = [await connect(copy.credentials), await connect(living.credentials)];
  try {
    return await compare(there, here, { tables: await factsOf(there) }, request);
  } finally {
    await Promise.all([there.end(), here.end()]);
  }
}

async function factsOf(client: Client) {
  const read = await readTables(client, await dataTables(client), 'counts', { signal: never() });
  return read.map(({ facts }) => facts);
}

/** Runs a file as a person would, and returns what psql says. */
export async function psql(database: TestDatabase, file: string, as = 'postgres'): Promise<string> {
  const { host, port, password } = database.credentials;
  const where = `host=${host} port=${port} user=${as} password=${password} dbname=${database.name}`;
  const args = ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', `--file=${file}`, where];
  const env = { PATH: '/usr/bin:/bin', PGOPTIONS: '--client-min-messages=error' };
  return promisify(execFile)(join(process.env['PG_BIN']!, 'psql'), args, { env }).then(
    ({ stdout }) => stdout,
    (error: { stderr: string }) => {
      throw new Error(error.stderr);
    },
  );
}

/** Every row of every table, and every sequence, as text. */
export async function contentOf(database: TestDatabase): Promise<Record<string, unknown>> {
  const tables = await database.sql(
    "select c.oid::regclass::text as name, c.relkind as kind from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'S') and n.nspname !~ '^(pg_|information_schema)' order by 1",
  );
  const content: Record<string, unknown> = {};
  for (const { name, kind } of tables as { name: string; kind: string }[])
    content[name] =
      kind === 'S'
        ? (await database.sql(`select last_value, is_called from ${name}`))[0]
        : (await database.sql(`select t::text as row from only ${name} t order by 1`)).map(({ row }) => row);
  return content;
}
