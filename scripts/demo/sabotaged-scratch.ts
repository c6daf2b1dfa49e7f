import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { identifier } from '../../lib/adapters/engines/postgres/connection.ts';
import { localScratch, type ScratchSettings } from '../../lib/adapters/engines/postgres/local-scratch.ts';
import { SUPERUSER } from '../../lib/adapters/engines/postgres/scratch-server.ts';
import type { Scratch } from '../../lib/ports/database.ts';
import { connectTo } from '../local/run-sql.ts';

/** A scratch whose copy loses one row between restore and proof. Reports the table. */
export function sabotagedScratch(
  settings: ScratchSettings,
  onSabotage: (table: string) => void,
): Pick<Scratch, 'refusal' | 'withCopy'> {
  const scratch = localScratch(settings);
  return {
    refusal: (manifest) => scratch.refusal(manifest),
    withCopy: (request, use) =>
      scratch.withCopy(request, async (copy) => {
        const victim = [...request.manifest.tables].sort((a, b) => Number(b.rows) - Number(a.rows))[0]!;
        // The demo has this base to itself, so it contains one run.
        const directory = join(settings.base, readdirSync(settings.base)[0]!);
        await alterOneRow(directory, victim.schema, victim.name);
        onSabotage(`${victim.schema}.${victim.name}`);
        return use(copy);
      }),
  };
}

/** Replaces a row by a copy of another if no unique key prevents that, else deletes it. */
async function alterOneRow(directory: string, schema: string, table: string): Promise<void> {
  const client = await connectTo({ host: directory, port: 5432, user: SUPERUSER, database: 'restored' });
  const name = identifier(schema, table);
  try {
    await client.query('set session_replication_role = replica');
    const { rows } = await client.query<{ column: string }>(
      `select quote_ident(a.attname) as column from pg_attribute a where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attidentity = ''
       and not exists (select from pg_index i where i.indrelid = a.attrelid and i.indisunique and a.attnum = any (i.indkey)) and not exists (select from pg_constraint c where c.conrelid = a.attrelid and c.contype in ('c', 'f') and a.attnum = any (c.conkey))
       and a.atttypid in ('text'::regtype, 'varchar'::regtype) limit 1`,
      [name],
    );
    const column = rows[0]?.column;
    if (column)
      await client.query(
        `update ${name} set ${column} = coalesce(${column}, '') || '.' where ctid = (select ctid from ${name} limit 1)`,
      );
    else await client.query(`delete from ${name} where ctid = (select ctid from ${name} limit 1)`);
  } finally {
    await client.end();
  }
}
