import type { Client } from 'pg';
import { UnderstudyError } from '../../../domain/errors.ts';
import { changedSince, reshapedIn, type SourceSince, writtenSince } from '../../../domain/proof/bounded.ts';
import type { Manifest } from '../../../domain/proof/manifest.ts';
import type { InstanceCopy, Instances } from '../../../ports/database.ts';
import { check, checkable, sound, uncheckable } from './amcheck.ts';
import { holdsIn } from './compare/holds-in.ts';
import { connect, rows } from './connection.ts';
import { type DataTable, dataTables } from './facts/data-tables.ts';
import { tableFacts } from './facts/read-tables.ts';
import { schemaFacts } from './facts/schema/schema-facts.ts';
import { unreported } from './facts/sessions.ts';
import { definitionsStamp, keyOf, writeCounters } from './facts/writes.ts';
import { readHeartbeat } from './heartbeat-table.ts';
import { singleValue } from './single-value.ts';

/** PostgreSQL on its own instance, a restored copy or the source, over the network; `patience` in seconds. */
export function postgresInstances(options: { patience?: number } = {}): Instances {
  return {
    async value(credentials, sql, seconds) {
      const client = await connect(credentials);
      try {
        await client.query(NOT_WAITING);
        return await singleValue(client, sql, seconds);
      } catch (error) {
        throw withoutValues(error);
      } finally {
        await client.end().catch(() => undefined);
      }
    },

    async open(credentials, secondsLeft) {
      const opened: Client[] = [];
      const open = async () => {
        const client = await connect(credentials);
        opened.push(client);
        // Counts must read rows, not entries of an index, which may still have those of lost rows. A prepared
        // transaction in the copy may hold a lock for ever, so no statement waits for one. The source may be
        // set to read-only, and amcheck has yet to be installed in its copy.
        await client.query(
          `set enable_indexonlyscan = off; set default_transaction_read_only = off; ${NOT_WAITING}`,
        );
        return client;
      };
      const close = () => Promise.allSettled(opened.map((client) => client.end()));
      try {
        const [client, asker, checker] = [await open(), await open(), await open()];
        // An index on an expression was built under the database's own settings, and is sound under those.
        await checker.query(AS_THE_DATABASE);
        const tables = await dataTables(client);
        return copyOver({ client, asker, checker, tables, close, secondsLeft });
      } catch (error) {
        await close();
        throw error;
      }
    },

    async since(credentials, manifest, moment) {
      const client = await connect(credentials);
      try {
        await client.query(`set statement_timeout = '${LOOK_TAKES}s'; ${NOT_WAITING}`);
        const incomplete = await unreported(
          client,
          moment,
          manifest.source.snapshotAt,
          options.patience ?? PATIENCE,
        );
        return await sinceManifest(client, manifest, incomplete);
      } finally {
        await client.end().catch(() => undefined);
      }
    },
  };
}

/** Classes of errors whose messages name objects and settings, and no values of rows. */
const NAMING = ['08', '25', '3F', '42', '53', '55', '57'];

function withoutValues(error: unknown): UnderstudyError {
  if (error instanceof UnderstudyError) return error;
  const { code = '', message } = error as Error & { code?: string };
  const why = NAMING.includes(code.slice(0, 2)) ? message : `the server refuses it with SQLSTATE ${code}`;
  return new UnderstudyError('question-refused', why, { cause: error });
}

/** A statement waits 10 s for a lock, which may be held for ever. */
const NOT_WAITING = "set lock_timeout = '10s'";
/** The longest time for one question about the source's catalogs and counters, in seconds. */
const LOOK_TAKES = 60;

/** How long a session of the source may be busy until it is seen idle, in seconds. */
const PATIENCE = 20;

/** Settings that an expression may depend on, and that Understudy's connections set. */
const AS_THE_DATABASE = [
  'datestyle',
  'intervalstyle',
  'timezone',
  'extra_float_digits',
  'bytea_output',
  'lc_monetary',
  'xmloption',
]
  .map((setting) => `reset ${setting}`)
  .join('; ');

/** The longest time for one of the target's own questions, in seconds. */
const ANSWER_TAKES = 60;

type Opened = {
  client: Client;
  /** For the target's own questions. */
  asker: Client;
  /** For amcheck. */
  checker: Client;
  tables: DataTable[];
  close: () => Promise<unknown>;
  secondsLeft: () => number;
};

function copyOver({ client, asker, checker, tables, close, secondsLeft }: Opened): InstanceCopy {
  const known = new Map(tables.map((table) => [keyOf(table.schema, table.name), table]));
  /** No statement outlives the function: what is not done by then stays unknown. */
  const inTime = async <T>(on: Client, work: () => Promise<T>): Promise<T> => {
    const most = Math.max(1, Math.floor(secondsLeft()));
    await on.query(`set statement_timeout = '${most}s'`);
    return work();
  };
  return {
    schema: () => inTime(client, () => schemaFacts(client)),
    table: async (schema, name, depth) => {
      const table = known.get(keyOf(schema, name));
      if (!table) return undefined;
      return inTime(client, () => sound(`${schema}.${name}`, () => tableFacts(client, table, depth)));
    },
    unlogged: (schema, name) => known.get(keyOf(schema, name))?.unlogged === true,
    checkable: () => inTime(checker, () => checkable(checker)),
    uncheckable: () => inTime(checker, () => uncheckable(checker)),
    check: (what) => inTime(checker, () => check(checker, what)),
    holds: (predicate) => inTime(asker, () => holdsIn(asker, predicate)),
    async unsilenced() {
      const parameter = 'max_logical_replication_workers';
      const value = await singleValue(asker, `select current_setting('${parameter}')`, ANSWER_TAKES);
      return value === '0' ? undefined : `${parameter} = ${value ?? '?'}: its subscriptions may act`;
    },
    value: (sql, seconds = ANSWER_TAKES) => singleValue(asker, sql, Math.min(seconds, secondsLeft())),
    heartbeat: (since) => inTime(client, () => readHeartbeat(client, since)),
    async close() {
      await close();
    },
  };
}

async function sinceManifest(
  client: Client,
  manifest: Manifest,
  incomplete: string | undefined,
): Promise<SourceSince> {
  const counters = await writeCounters(client);
  const changed = changedSince(manifest.schema, await schemaFacts(client));
  const reshaped = reshapedIn(changed, manifest.schema);
  const definitions = definitionsStamp(counters);
  const fragile = await fragileTables(client);
  const isFragile = (table: { schema: string; name: string }) => fragile.has(keyOf(table.schema, table.name));
  const isNaming = (table: { schema: string; name: string }) => fragile.get(keyOf(table.schema, table.name));
  const touched =
    incomplete !== undefined || definitions === undefined || definitions !== manifest.definitions;
  return {
    fragile: manifest.tables.flatMap((table, index) => (isFragile(table) ? [index] : [])),
    // Counters report definitions too.
    definitions: touched ? 'touched' : 'untouched',
    changed,
    ...(incomplete === undefined ? {} : { incomplete }),
    written: manifest.tables.flatMap((table, index) => {
      if (incomplete !== undefined) return { table: index, unknown: true };
      const now = counters.get(keyOf(table.schema, table.name));
      const written = writtenSince(index, table.writes, now, table.condition !== undefined);
      // Rows were neither added nor removed, but may read differently: only their number can be compared.
      const reads = reshaped(table, isFragile(table)) || (isNaming(table) === true && touched);
      if (!written && reads) return { table: index, inserted: '0', deleted: '0' };
      return written ?? [];
    }),
  };
}

/**
 * Tables with columns whose text depends on another object: of a row type or a domain, or arrays of them, or
 * `regclass` and similar. True where that may change without a different definition in the end: an object that is
 * created again has another oid, and an attribute of a row type other values.
 */
async function fragileTables(client: Client): Promise<Map<string, boolean>> {
  const found = await rows<{ schema: string; name: string; naming: boolean }>(
    client,
    `select n.nspname as schema, c.relname as name,
      bool_or(t.typtype = 'c' or coalesce(element.typtype = 'c', false) or t.typname ~ '^_?(reg|aclitem)') as naming
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_class c on c.oid = a.attrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_type t on t.oid = a.atttypid
    left join pg_catalog.pg_type element on element.oid = t.typelem
    where c.relkind = 'r' and a.attnum > 0 and not a.attisdropped and n.nspname !~ '^pg_'
      and (t.typtype in ('c', 'd') or element.typtype in ('c', 'd') or t.typname ~ '^_?(reg|aclitem)')
    group by 1, 2`,
  );
  return new Map(found.map(({ schema, name, naming }) => [keyOf(schema, name), naming]));
}
