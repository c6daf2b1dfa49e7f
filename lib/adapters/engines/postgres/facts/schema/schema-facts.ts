import { createHash } from 'node:crypto';
import type { Client } from 'pg';
import { HIDDEN } from '../../../../../domain/proof/definition.ts';
import type { SchemaFacts } from '../../../../../domain/proof/manifest.ts';
import { toBytes } from '../../bytes.ts';
import { rows } from '../../connection.ts';
import { ACCESS } from './access.ts';
import type { FactQueries } from './fact-queries.ts';
import { loosely } from './loosely.ts';
import { OTHERS } from './others.ts';
import { ROUTINES } from './routines.ts';
import { TABLES } from './table-queries.ts';

/**
 * One query for each kind of object. Everything that a dump contains is here; members of an extension are not (the
 * extension creates them). docs/architecture.md lists what is not compared.
 */
export const SCHEMA_QUERIES: FactQueries = { ...OTHERS, ...TABLES, ...ROUTINES, ...ACCESS };

type Row = { name: string; plain: string | null; expressions?: string[] | null; hidden?: boolean };

/**
 * Digests of every object's definition, by kind and name; domain/definition.ts describes their form. Definitions may
 * contain secrets; digests do not.
 */
export async function schemaFacts(client: Client): Promise<SchemaFacts> {
  const facts: SchemaFacts = {};
  for (const [kind, query] of Object.entries(SCHEMA_QUERIES)) {
    const found = await rows<Row>(client, query);
    facts[kind] = Object.fromEntries(found.map((row): [string, string] => [row.name, digests(row)]).sort());
  }
  return facts;
}

function digests({ plain, expressions, hidden }: Row): string {
  if (hidden) return HIDDEN;
  const rest = plain ?? '';
  if (!expressions || expressions.length === 0) return digest(rest);
  const exact = digest([rest, ...expressions].join('\0'));
  const loose = digest([rest, ...expressions.map(loosely)].join('\0'));
  return [exact, loose, digest(rest), expressions.map(written).join(',')].join(':');
}

/** An expression's length and digest, which find it in an archive's text. */
function written(expression: string): string {
  return `${expression.length}.${digest(expression)}`;
}

export function digest(text: string): string {
  return createHash('sha256').update(toBytes(text)).digest('hex').slice(0, 24);
}
