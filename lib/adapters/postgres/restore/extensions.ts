import type { Manifest } from '../../../domain/manifest.ts';
import { identifier, rows } from '../connection.ts';
import { type ScratchServer, SUPERUSER } from '../scratch-server.ts';
import { DATABASE, RESTORER } from './names.ts';

/** Extensions first and by the superuser, as a managed service would make them. Those unknown here are left out, and said so. */
export async function createExtensions(
  server: ScratchServer,
  manifest: Manifest,
  notes: string[],
): Promise<string[]> {
  const client = await server.connect(SUPERUSER, DATABASE);
  const leftOut: string[] = [];
  try {
    const available = new Map(
      (
        await rows<{ name: string; version: string }>(
          client,
          'select name, default_version as version from pg_catalog.pg_available_extensions',
        )
      ).map(({ name, version }) => [name, version]),
    );
    for (const extension of manifest.extensions) {
      const version = available.get(extension.name);
      if (version === undefined) {
        leftOut.push(extension.name);
        continue;
      }
      if (version !== extension.version)
        notes.push(`extension ${extension.name} is ${version} here and ${extension.version} at the source`);
      if (extension.schema !== 'pg_catalog')
        await client.query(`create schema if not exists ${identifier(extension.schema)}`);
      await client.query(
        `create extension ${identifier(extension.name)} schema ${identifier(extension.schema)} cascade`,
      );
    }
    for (const { name } of await rows<{ name: string }>(
      client,
      'select fdwname as name from pg_catalog.pg_foreign_data_wrapper',
    )) {
      await client.query(`grant usage on foreign data wrapper ${identifier(name)} to public`);
    }
    // An extension's configuration rows are in the archive, and the role that restores them does not own its tables.
    for (const { name } of await rows<{ name: string }>(
      client,
      'select config::pg_catalog.regclass::text as name from pg_catalog.pg_extension, pg_catalog.unnest(extconfig) config',
    )) {
      await client.query(`grant all on ${name} to ${RESTORER}`);
    }
  } finally {
    await client.end();
  }
  return leftOut;
}
