import { Client, type ClientConfig } from 'pg';

export type Rows = Record<string, unknown>[];

/** Runs SQL over its own connection, several statements at once if need be; returns the last one's rows. */
export async function runSql(config: ClientConfig, text: string): Promise<Rows> {
  const client = await connectTo(config);
  try {
    const result = (await client.query(text)) as unknown as { rows: Rows } | { rows: Rows }[];
    return (Array.isArray(result) ? result.at(-1)?.rows : result.rows) ?? [];
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** A connection whose loss does not end the process. */
export async function connectTo(config: ClientConfig): Promise<Client> {
  const client = new Client(config);
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
