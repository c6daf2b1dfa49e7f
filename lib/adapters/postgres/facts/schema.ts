import { createHash } from 'node:crypto';
import type { Client } from 'pg';
import type { SchemaFacts } from '../../../domain/manifest.ts';
import { rows } from '../connection.ts';
import { SCHEMA_QUERIES } from './schema-queries.ts';

/**
 * Two digests of the definition of every object, `exact:loose`, by kind and name. Definitions themselves may hold
 * secrets; digests do not.
 */
export async function schemaFacts(client: Client): Promise<SchemaFacts> {
  const facts: SchemaFacts = {};
  for (const [kind, query] of Object.entries(SCHEMA_QUERIES)) {
    const found = await rows<{ name: string; definition: string | null }>(client, query);
    facts[kind] = Object.fromEntries(
      found.map(({ name, definition }) => [name, digests(kind, definition ?? '')]).sort(),
    );
  }
  return facts;
}

/** Kinds whose definitions hold expressions that PostgreSQL writes out from what it parsed. */
const EXPRESSIONS = [
  'column',
  'index',
  'constraint',
  'trigger',
  'rule',
  'function',
  'view',
  'materialized view',
  'policy',
  'type',
  'statistics',
  'publication',
];

function digests(kind: string, definition: string): string {
  const exact = digest(definition);
  return `${exact}:${EXPRESSIONS.includes(kind) ? digest(loosely(definition)) : exact}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}

/**
 * An expression without what a dump and restore may change in its writing and not in its meaning: parentheses, casts
 * and blanks. `(ARRAY['a'::character varying])::text[]` comes back as `ARRAY[('a'::character varying)::text]`, and
 * `'-1'::integer` as `(-1)`; every column, function, operator, constant and their order stay.
 */
export function loosely(definition: string): string {
  return definition
    .replace(CAST, '')
    .replace(/'(-?\d+(?:\.\d+)?)'/g, '$1')
    .replace(/[()\s]+/g, '');
}

const NAME = /"(?:[^"]|"")+"|\w+/.source;
const SPACED =
  /double precision|character varying|bit varying|(?:timestamp|time)(?:\(\d\))? with(?:out)? time zone/
    .source;
/** `::character varying(20)[]`, `::app.mood`, `::"Odd Type"`. */
const CAST = new RegExp(
  `::(?:${SPACED}|(?:${NAME})(?:\\.(?:${NAME}))?)(?:\\(\\d+(?:,\\d+)?\\))?(?:\\[\\])*`,
  'g',
);
