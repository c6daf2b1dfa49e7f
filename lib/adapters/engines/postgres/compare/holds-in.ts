import type { Client } from 'pg';
import { InputError } from '../../../../domain/errors.ts';
import { withoutValues } from '../error-text.ts';

/** The SQLSTATEs of something that is not there, or not yet. */
const NOT_THERE = ['42P01', '42703', '3F000', '42883', '42704'];

/** Is this SQL expression true of the session's database? Undefined where that lacks what it names. It may only read. */
export async function holdsIn(client: Client, predicate: string): Promise<boolean | undefined> {
  await client.query('begin read only');
  try {
    await client.query('set local search_path = public, pg_catalog');
    // Only the extended protocol refuses several statements.
    const asked = {
      text: `select coalesce((${predicate}\n)::boolean, false) as holds`,
      queryMode: 'extended',
    };
    const { rows } = await client.query<{ holds: boolean }>(asked as never);
    return rows[0]!.holds;
  } catch (error) {
    // It asks about a table or a column that this copy does not have.
    if (NOT_THERE.includes((error as { code?: string }).code ?? '')) return undefined;
    const { message, where } = error as Error & { where?: string };
    // Where it was raised tells the server's own message from a function's, which may have values.
    const lines = [`ERROR:  ${message}`, ...(where ? [`CONTEXT:  ${where}`] : [])];
    throw new InputError(
      `--find cannot be answered: ${withoutValues(lines)[0]}`,
      [],
      'give a condition, such as --find "exists (select from leads where id = 7)"',
    );
  } finally {
    await client.query('rollback').catch(() => undefined);
  }
}
