import { createHash } from 'node:crypto';
import type { Client } from 'pg';
import type { SchemaFacts } from '../../../domain/manifest.ts';
import { rows } from '../connection.ts';
import { SCHEMA_QUERIES } from './schema-queries.ts';

/** A digest of the definition of every object, by kind and name. Definitions themselves may hold secrets; digests do not. */
export async function schemaFacts(client: Client): Promise<SchemaFacts> {
  const facts: SchemaFacts = {};
  for (const [kind, query] of Object.entries(SCHEMA_QUERIES)) {
    const found = await rows<{ name: string; definition: string | null }>(client, query);
    facts[kind] = Object.fromEntries(
      found.map(({ name, definition }) => [name, digest(definition ?? '')]).sort(),
    );
  }
  return facts;
}

function digest(definition: string): string {
  return createHash('sha256').update(settled(definition)).digest('hex').slice(0, 24);
}

/**
 * PostgreSQL writes `status in ('a', 'b')` of a varchar column one way when it was typed and another way after a dump
 * and restore: `(ARRAY['a'::character varying])::text[]` becomes `ARRAY[('a'::character varying)::text]`.
 * Both are brought to the second form, so that a faithful copy is not accused.
 */
export function settled(definition: string): string {
  return definition.replace(
    /\(ARRAY\[((?:'(?:[^']|'')*'::[a-z ]+(?:\(\d+\))?(?:, )?)+)\]\)::([a-z ]+)\[\]/g,
    (_, items: string, type: string) => {
      const cast = items.replace(/('(?:[^']|'')*'::[a-z ]+(?:\(\d+\))?)/g, `($1)::${type}`);
      return `ARRAY[${cast}]`;
    },
  );
}
