import { RDSClient } from '@aws-sdk/client-rds';
import { Client } from 'pg';
import { type LocalRds, startLocalRds } from '../../../scripts/local/rds/local-rds.ts';

export const HOME = 'eu-central-1';
export const AWAY = 'eu-west-1';
export const PASSWORD = 'correct-horse';

/** A local RDS for a test file, whose violations are asserted when it ends. */
export function localRds(options: Parameters<typeof startLocalRds>[0] = {}): {
  rds: () => LocalRds;
  client: (region?: string) => RDSClient;
} {
  let rds: LocalRds;
  const clients: RDSClient[] = [];
  beforeAll(async () => {
    rds = await startLocalRds({ pace: 60, ...options });
  });
  afterAll(async () => {
    for (const client of clients) client.destroy();
    await rds.close();
    expect(rds.violations).toEqual([]);
  });
  return {
    rds: () => rds,
    client(region = HOME) {
      const client = clientOf(rds.endpoint, region);
      clients.push(client);
      return client;
    },
  };
}

export const clientOf = (endpoint: string, region = HOME) =>
  new RDSClient({
    endpoint,
    region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });

/** Asks until the answer is there; what threw or was not it is asked again. */
export async function until<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + 300_000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`waited 300 s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** SQL as the user of a connection, who is not the superuser. */
export async function query(
  port: number,
  text: string,
  { user = 'postgres', password = PASSWORD, database = 'crm' } = {},
): Promise<Record<string, unknown>[]> {
  const client = new Client({ host: '127.0.0.1', port, user, password, database });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** The code that a call was refused with. */
export async function refusal(call: Promise<unknown>): Promise<{ code: string; status: number | undefined }> {
  try {
    await call;
  } catch (error) {
    const { Code, name, $metadata } = error as Error & {
      Code?: string;
      $metadata?: { httpStatusCode?: number };
    };
    return { code: Code ?? name, status: $metadata?.httpStatusCode };
  }
  throw new Error('the call was not refused');
}

export async function secondBegins(): Promise<Date> {
  await new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000) + 5));
  return new Date(Math.floor(Date.now() / 1000) * 1000);
}
