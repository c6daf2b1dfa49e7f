import type { Credentials } from '../../../ports/credentials.ts';
import type { MigrationTable } from '../../../ports/switching.ts';
import { connect, identifier, rows } from './connection.ts';

/** How a tool keeps what was applied: the table's name, the columns by which it is known, and one text for each row. */
type Tool = { tool: string; table: string; columns: readonly string[]; applied: string; where?: string };

/** The tables as the tools make them by default, from their documentation and sources. */
const TOOLS: readonly Tool[] = [
  {
    ...{ tool: 'Prisma', table: '_prisma_migrations', columns: ['migration_name', 'finished_at'] },
    ...{ applied: 'migration_name', where: 'finished_at is not null and rolled_back_at is null' },
  },
  { tool: 'Drizzle', table: '__drizzle_migrations', columns: ['hash', 'created_at'], applied: 'hash' },
  { tool: 'Knex', table: 'knex_migrations', columns: ['name', 'batch'], applied: 'name' },
  { tool: 'TypeORM', table: 'migrations', columns: ['timestamp', 'name'], applied: 'name' },
  { tool: 'Sequelize', table: 'SequelizeMeta', columns: ['name'], applied: 'name' },
  {
    ...{ tool: 'Flyway', table: 'flyway_schema_history', columns: ['version', 'script', 'success'] },
    ...{ applied: 'script', where: 'success' },
  },
  {
    ...{ tool: 'Liquibase', table: 'databasechangelog', columns: ['id', 'author', 'filename'] },
    applied: "concat_ws(':', filename, author, id)",
  },
  { tool: 'Django', table: 'django_migrations', columns: ['app', 'name'], applied: "concat(app, '.', name)" },
  { tool: 'Alembic', table: 'alembic_version', columns: ['version_num'], applied: 'version_num' },
  // Before Rails, whose table has the same name and no column `dirty`.
  {
    ...{ tool: 'golang-migrate', table: 'schema_migrations', columns: ['version', 'dirty'] },
    applied: "concat(version, case when dirty then ' (dirty)' end)",
  },
  { tool: 'Rails', table: 'schema_migrations', columns: ['version'], applied: 'version' },
];

/** The tables in which tools keep the migrations that were applied to this database, and what they say. */
export async function migrationsIn(credentials: Credentials): Promise<MigrationTable[]> {
  const client = await connect(credentials);
  try {
    await client.query("set statement_timeout = '20s'");
    const found = await rows<{ schema: string; name: string; columns: string[] }>(
      client,
      `select n.nspname as schema, c.relname as name, pg_catalog.array_agg(a.attname::text) as columns
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relkind in ('r', 'p') and c.relname = any($1) and n.nspname !~ '^pg_'
      group by 1, 2 order by 1, 2`,
      [TOOLS.map(({ table }) => table)],
    );
    const tables: MigrationTable[] = [];
    for (const { schema, name, columns } of found) {
      const known = TOOLS.find(
        (tool) => tool.table === name && tool.columns.every((each) => columns.includes(each)),
      );
      if (!known) continue;
      const { tool, applied, where = 'true' } = known;
      const all = await rows<{ applied: string }>(
        client,
        `select distinct (${applied})::text as applied from ${identifier(schema, name)} where ${where} order by 1`,
      );
      tables.push({ tool, table: `${schema}.${name}`, applied: all.map((each) => each.applied) });
    }
    return tables;
  } finally {
    await client.end().catch(() => undefined);
  }
}
