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
  'view',
  'materialized view',
  'policy',
  'statistics',
  'publication',
];

function digests(kind: string, definition: string): string {
  const exact = digest(definition);
  // A function's body is kept as it was typed, unless it was parsed (BEGIN ATOMIC, RETURN).
  const parsed = kind === 'function' && !/^AS (?:\$|')/m.test(definition);
  return `${exact}:${parsed || EXPRESSIONS.includes(kind) ? digest(loosely(definition)) : exact}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}

/**
 * An expression without what a dump and restore may change in its writing and not in its meaning: parentheses, casts
 * and blanks. `(ARRAY['a'::character varying])::text[]` comes back as `ARRAY[('a'::character varying)::text]`, and
 * `'-1'::integer` as `(-1)`; every column, function, operator and constant and their order stay, and quoted text is
 * left alone.
 */
export function loosely(definition: string): string {
  const tokens = definition.match(TOKEN) ?? [];
  const plain = tokens.map((token) => {
    if (token.startsWith('"') || token.startsWith('$')) return token;
    if (token.startsWith("'")) return /^'-?\d+(?:\.\d+)?'$/.test(token) ? token.slice(1, -1) : token;
    return /^(?:::|[()\s])/.test(token) ? ' ' : token;
  });
  // Blanks matter between words only, and never inside quotes.
  return plain
    .reduce((text, token) => {
      if (token !== ' ')
        return /\w$/.test(text) || !text.endsWith(' ') || /^\w/.test(token)
          ? glue(text, token)
          : text.trimEnd() + token;
      return text.endsWith(' ') ? text : `${text} `;
    }, '')
    .trim();
}

/** Puts a token behind a text, with the blank between them only where both sides are words. */
function glue(text: string, token: string): string {
  const bare = text.trimEnd();
  return text !== bare && /[\w'"]$/.test(bare) && /^[\w'"]/.test(token) ? `${bare} ${token}` : bare + token;
}

const NAME = /"(?:[^"]|"")+"|\w+/.source;
const SPACED =
  /double precision|character varying|bit varying|(?:timestamp|time)(?:\(\d\))? with(?:out)? time zone/
    .source;
/** `::character varying(20)[]`, `::app.mood`, `::"Odd Type"`. */
const CAST = `::(?:${SPACED}|(?:${NAME})(?:\\.(?:${NAME}))?)(?:\\(\\d+(?:,\\d+)?\\))?(?:\\[\\])*`;
const TOKEN = new RegExp(
  `'(?:[^']|'')*'|"(?:[^"]|"")*"|\\$(\\w*)\\$[\\s\\S]*?\\$\\1\\$|${CAST}|[()\\s]+|\\w+|[^\\w\\s()]`,
  'g',
);
