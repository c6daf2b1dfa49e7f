import type { Client } from 'pg';
import { Refusal } from '../../../domain/errors.ts';
import type { Credentials } from '../../../ports/database.ts';
import { connect, rows } from './connection.ts';

/**
 * A transaction pooler gives one server connection to several clients in turn, so the transaction that holds the
 * snapshot and pg_dump's own would not be what they seem. A host name may show it at once. A connection whose backend
 * number is the one in the greeting is direct, and needs no second connection: a pooler greets with its own number.
 */
export async function refusePooler(client: Client, credentials: Credentials): Promise<void> {
  refusePoolerHost(credentials);
  const { processID } = client as Client & { processID?: number | null };
  if (processID === (await backendOf(client))) return;
  const other = await connect(credentials);
  try {
    // A pool may hand out its connections in turn or last in, first out: each client is asked twice, in mixed order.
    const seen = { first: new Set<number>(), other: new Set<number>() };
    const order = ['first', 'first', 'other', 'other', 'first', 'other'] as const;
    for (const who of [...order, ...order]) seen[who].add(await backendOf(who === 'first' ? client : other));
    const [first, second] = [[...seen.first], [...seen.other]];
    if (first.length === 1 && second.length === 1 && first[0] !== second[0]) return;
    throw pooler(
      `${credentials.host}:${credentials.port} is a transaction pooler`,
      'the database’s own host and port',
    );
  } finally {
    await other.end().catch(() => undefined);
  }
}

async function backendOf(client: Client): Promise<number> {
  return (await rows<{ pid: number }>(client, 'select pg_catalog.pg_backend_pid() as pid'))[0]!.pid;
}

/** Neon names its poolers; the direct host is the name without `-pooler`. */
export function refusePoolerHost({ host }: Pick<Credentials, 'host'>): void {
  if (/^[^.]+-pooler\./.test(host))
    throw pooler(`the host ${host} is a pooler`, host.replace('-pooler.', '.'));
}

function pooler(what: string, direct: string): Refusal {
  return new Refusal('pooler-refused', `${what}, which cannot hold one snapshot for the whole dump`, {
    hint: `connect to ${direct} instead`,
  });
}
