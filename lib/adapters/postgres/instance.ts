import type { Client } from 'pg';
import { changedSince, reshapedIn, type SourceSince, writtenSince } from '../../domain/bounded.ts';
import type { Manifest } from '../../domain/manifest.ts';
import type { Instances } from '../../ports/database.ts';
import { check, checkable, sound, uncheckable } from './amcheck.ts';
import { connect, rows } from './connection.ts';
import { schemaFacts } from './facts/schema.ts';
import { unreported } from './facts/sessions.ts';
import { dataTables, tableFacts } from './facts/tables.ts';
import { definitionsStamp, keyOf, writeCounters } from './facts/writes.ts';
import { readLedger } from './ledger.ts';
import { singleValue } from './single-value.ts';

/** PostgreSQL on an instance of its own, a restored copy or the source, asked over the network. */
export function postgresInstances(): Instances {
  return {
    async open(credentials, secondsLeft) {
      const client = await connect(credentials);
      const asker = await connect(credentials).catch(async (error) => {
        await client.end().catch(() => undefined);
        throw error;
      });
      // What is counted are rows, not entries of an index: it may have kept those of rows that were lost.
      for (const each of [client, asker]) await each.query('set enable_indexonlyscan = off');
      const known = new Map(
        (await dataTables(client)).map((table) => [keyOf(table.schema, table.name), table]),
      );
      /** No statement may outlive the function: what is not done by then was not found out. */
      const inTime = async <T>(work: () => Promise<T>): Promise<T> => {
        const most = Math.max(1, Math.floor(secondsLeft()));
        await client.query(`set statement_timeout = '${most}s'`);
        return work();
      };
      return {
        schema: () => inTime(() => schemaFacts(client)),
        table: async (schema, name, depth) => {
          const table = known.get(keyOf(schema, name));
          return table && inTime(() => sound(`${schema}.${name}`, () => tableFacts(client, table, depth)));
        },
        checkable: () => inTime(() => checkable(client)),
        uncheckable: () => inTime(() => uncheckable(client)),
        check: (what) => inTime(() => check(client, what)),
        value: (sql) => singleValue(asker, sql),
        ledger: (since, until) => readLedger(client, since, until),
        async close() {
          await Promise.allSettled([client.end(), asker.end()]);
        },
      };
    },

    async since(credentials, manifest, moment) {
      const client = await connect(credentials);
      try {
        const incomplete = await unreported(client, moment, manifest.source.snapshotAt);
        return await sinceManifest(client, manifest, incomplete);
      } finally {
        await client.end().catch(() => undefined);
      }
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
  const unlogged = await unloggedTables(client);
  return {
    unlogged: manifest.tables.flatMap((table, index) =>
      unlogged.has(keyOf(table.schema, table.name)) ? [index] : [],
    ),
    // What was defined is told by counters too.
    definitions:
      incomplete === undefined && definitions !== undefined && definitions === manifest.definitions
        ? 'untouched'
        : 'touched',
    changed,
    ...(incomplete === undefined ? {} : { incomplete }),
    written: manifest.tables.flatMap((table, index) => {
      if (incomplete !== undefined) return { table: index, unknown: true };
      const written = writtenSince(index, table.writes, counters.get(keyOf(table.schema, table.name)));
      // No row came or went, and yet none may read as it did: their number is what can be compared.
      if (!written && reshaped(table)) return { table: index, inserted: '0', deleted: '0' };
      return written ?? [];
    }),
  };
}

async function unloggedTables(client: Client): Promise<Set<string>> {
  const found = await rows<{ schema: string; name: string }>(
    client,
    `select n.nspname as schema, c.relname as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and c.relpersistence = 'u'`,
  );
  return new Set(found.map(({ schema, name }) => keyOf(schema, name)));
}
