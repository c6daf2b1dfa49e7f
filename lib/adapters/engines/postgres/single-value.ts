import type { Client } from 'pg';
import { UnderstudyError } from '../../../domain/errors.ts';

/** SQLSTATE of a write where only reading is allowed. */
const READ_ONLY = '25006';

/** Runs one question as a role that can change nothing, with a time limit in seconds. */
export async function singleValue(client: Client, sql: string, seconds = 60): Promise<string | undefined> {
  await client.query('begin read only');
  try {
    await client.query(`set local statement_timeout = '${Math.max(1, Math.floor(seconds))}s'`);
    // The extended protocol takes exactly one statement; values come as the server writes them.
    const asked = {
      text: sql,
      rowMode: 'array' as const,
      queryMode: 'extended',
      types: { getTypeParser: () => (value: string) => value },
    };
    const answer = await client.query<(string | null)[]>(asked);
    const [first] = answer.rows;
    if (answer.rows.length !== 1 || first?.length !== 1) {
      throw new UnderstudyError(
        'assertion-unanswered',
        `the query returned ${answer.rows.length} rows of ${answer.fields.length} columns where one value was expected`,
      );
    }
    return first[0] ?? undefined;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code !== READ_ONLY) throw error;
    throw new UnderstudyError('query-writes', `it writes, but assertions may only read: ${message}`);
  } finally {
    await client.query('rollback');
  }
}
