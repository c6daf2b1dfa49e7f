import type { Client } from 'pg';

type TextRow = Record<string, string | null>;

const MOST_ROWS = 2000;
/** Aimed at for one fetch, in characters: rows may be very large. */
const CHARACTERS = 4_000_000;

/** Values as the server writes them. */
const AS_TEXT = { getTypeParser: () => (value: string) => value };

/** The rows of a query through a cursor, a bounded amount at a time, with every value as the server writes it. */
export async function* fetched(client: Client, name: string, sql: string): AsyncGenerator<TextRow> {
  await client.query(`declare ${name} no scroll cursor for ${sql}`);
  try {
    for (let count = 20; ; ) {
      const { rows } = await client.query<TextRow>({ text: `fetch ${count} from ${name}`, types: AS_TEXT });
      yield* rows;
      if (rows.length < count) return;
      const each = rows.reduce((sum, row) => sum + sizeOf(row), 0) / rows.length;
      count = Math.max(1, Math.min(MOST_ROWS, count * 10, Math.floor(CHARACTERS / each)));
    }
  } finally {
    await client.query(`close ${name}`).catch(() => undefined);
  }
}

const sizeOf = (row: TextRow) => Object.values(row).reduce((sum, value) => sum + (value?.length ?? 0), 1);

/** All rows of a small query, with every value as the server writes it. */
export async function textRows(client: Client, sql: string): Promise<TextRow[]> {
  return (await client.query<TextRow>({ text: sql, types: AS_TEXT })).rows;
}
