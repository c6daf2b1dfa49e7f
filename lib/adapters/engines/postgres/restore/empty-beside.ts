import { readFile } from 'node:fs/promises';
import { Refusal } from '../../../../domain/errors.ts';
import type { Manifest } from '../../../../domain/proof/manifest.ts';
import type { Destination } from '../../../../ports/destination.ts';
import { connectInto, identifier, rows } from '../connection.ts';
import { createLike } from './copy-database.ts';
import { rolesIn } from './role-statements.ts';

/**
 * Makes an empty database beside a living one, which lets in nobody but who restores. What an earlier try of the same
 * restore has left is known by its mark, and made anew; a database of somebody else's is never touched. Returns what was
 * not possible.
 */
export async function makeEmptyBeside(
  into: Destination,
  source: Manifest['source'],
  mark: string,
): Promise<string[]> {
  const client = await connectInto({ ...into, database: 'postgres' });
  const name = identifier(into.database);
  try {
    const [there] = await rows<{ mark: string | null }>(
      client,
      `select pg_catalog.shobj_description(oid, 'pg_database') as mark from pg_catalog.pg_database
      where datname = ${client.escapeLiteral(into.database)}`,
    );
    if (there && there.mark !== mark)
      throw new Refusal('database-exists', `${into.host} has a database ${into.database} already`, {
        hint: 'rename or drop it, if nobody needs it; then restore again',
      });
    if (there) await client.query(`drop database ${name} with (force)`);
    const notes = await createLike(client, into.database, source);
    await client.query(`comment on database ${name} is ${client.escapeLiteral(mark)}`);
    await client.query(`revoke connect on database ${name} from public`);
    return notes;
  } finally {
    await client.end();
  }
}

/** Roles of the dump that the living server has no longer. */
export async function lackingRoles(into: Destination, file: string): Promise<string[]> {
  const { created } = rolesIn((await readFile(file)).toString());
  const client = await connectInto(into);
  const there = await rows<{ name: string }>(
    client,
    'select rolname as name from pg_catalog.pg_roles',
  ).finally(() => client.end());
  const names = new Set(there.map(({ name }) => name));
  const lacking = [...created].filter((name) => !names.has(name));
  return lacking.length === 0
    ? []
    : [`the server lacks roles of the dump, and none is made: ${lacking.slice(0, 20).join(', ')}`];
}
