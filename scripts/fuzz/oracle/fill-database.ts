import type { Client } from 'pg';
import type { DatabaseShape } from '../schema/database-shape.ts';
import { type DatabasePlan, generateStatements } from '../schema/generate-statements.ts';
import type { SchemaDraft } from '../schema/schema-draft.ts';
import type { Lab } from './lab.ts';

/** A random database, or the statements of one. */
export type Case = DatabasePlan | { shape: DatabaseShape; statements: string[] };

/** Runs the statements of a database one by one, and returns those that PostgreSQL accepted. */
export async function fillDatabase(lab: Lab, database: string, given: Case): Promise<string[]> {
  const client = await lab.connect(database);
  try {
    await client.query(
      "set statement_timeout = '5s'; set client_min_messages = error; set lock_timeout = '2s'",
    );
    if ('statements' in given) return (await run(client, given.statements)).accepted;
    const accepted: string[] = [];
    const growing = generateStatements(given.draft);
    for (let batch = growing.next(new Set()); !batch.done; ) {
      const done = await run(client, batch.value);
      accepted.push(...done.accepted);
      await readColumns(client, given.draft, batch.value);
      batch = growing.next(done.refused);
    }
    return accepted;
  } finally {
    await client.end();
  }
}

async function run(client: Client, statements: readonly string[]) {
  const accepted: string[] = [];
  const refused = new Set<string>();
  for (const statement of statements) {
    try {
      await client.query(statement);
      accepted.push(statement);
    } catch (error) {
      refused.add(statement);
      if (process.env['FUZZ_REFUSED']) console.error(`${(error as Error).message}\n   ${statement}`);
    }
  }
  return { accepted, refused };
}

/** Reads which columns the relations of these statements really have. */
async function readColumns(client: Client, draft: SchemaDraft, statements: readonly string[]): Promise<void> {
  const touched = draft.relations.filter(({ sql }) =>
    statements.some((statement) => statement.includes(sql)),
  );
  for (const relation of touched) {
    // A name outside of the database's encoding names nothing.
    const { rows } = await client
      .query<{ name: string }>(
        'select quote_ident(attname) as name from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped',
        [relation.sql],
      )
      .catch(() => ({ rows: [] }));
    const bare = (name: string) => name.replace(/^"(.*)"$/s, '$1').replaceAll('""', '"');
    const there = new Set(rows.map(({ name }) => bare(name)));
    relation.columns = relation.columns.filter(({ name }) => there.has(bare(name)));
    if (relation.key && !relation.key.every(({ name }) => there.has(bare(name)))) delete relation.key;
  }
}
