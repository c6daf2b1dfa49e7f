import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Client } from 'pg';
import { connectLocally } from '../../lib/adapters/engines/postgres/connection.ts';
import { readTables } from '../../lib/adapters/engines/postgres/facts/read-tables.ts';
import { localScratch } from '../../lib/adapters/engines/postgres/local-scratch.ts';
import { copyFacts } from '../../lib/adapters/engines/postgres/scratch-copy.ts';
import { SUPERUSER } from '../../lib/adapters/engines/postgres/scratch-server.ts';
import { withoutExceptions } from '../../lib/domain/proof/exceptions.ts';
import { type Proof, prove, rewritten } from '../../lib/domain/proof/proof.ts';
import type { OnRead, RestoreRequest, ScratchCopy } from '../../lib/ports/database.ts';
import { BIN, never, type Taken } from './source.ts';

export type Copy = ScratchCopy & {
  directory: string;
  sql(text: string): Promise<void>;
  proof(depth?: 'fingerprints' | 'counts'): Promise<Proof>;
  /** The proof of the copy as it would be after this, which is then taken back (but for setval, which cannot be). */
  proofAfter(damage: string): Promise<Proof>;
};

/** Restores onto a real scratch server and hands over the copy, with a superuser's hands on it. */
export function withCopy<T>(
  taken: Taken,
  use: (copy: Copy) => Promise<T>,
  { onRead, ...how }: Pick<RestoreRequest, 'restoreAs' | 'leaveOut' | 'serially'> & { onRead?: OnRead } = {},
): Promise<T> {
  const base = join(tmpdir(), `us-scratch-${randomBytes(4).toString('hex')}`);
  const scratch = localScratch({
    base,
    binDirectories: [BIN()],
    owner: process.env['UNDERSTUDY_PG_USER'],
    secondsLeft: () => 900,
    ...(onRead && { onRead }),
  });
  const request = {
    ...how,
    manifest: taken.manifest,
    dump: async () => Readable.from([taken.archive]),
    roles: async () => Readable.from([taken.roles]),
    phase: () => undefined,
    signal: never(),
  };
  const copied = scratch.withCopy(request, (copy) => {
    const directory = join(base, readdirSync(base)[0]!);
    const restored = { host: directory, port: 5432, user: SUPERUSER, database: 'restored' };
    return use({
      ...copy,
      directory,
      async sql(text) {
        const client = new Client(restored);
        await client.connect();
        await client.query(text).finally(() => client.end());
      },
      async proofAfter(damage) {
        const client = await connectLocally(restored);
        try {
          await client.query('begin');
          await client.query(damage);
          await client.query("set local search_path = ''");
          const facts = await copyFacts(client, 'fingerprints', (tables) =>
            readTables(client, tables, 'fingerprints', { signal: never() }),
          );
          return prove(taken.manifest, facts, { depth: 'fingerprints', extensionsLeftOut: copy.leftOut });
        } finally {
          await client.query('rollback');
          await client.end();
        }
      },
      async proof(depth = 'fingerprints') {
        const facts = await copy.content(taken.manifest, depth);
        const confirmed = await copy.confirmed(rewritten(taken.manifest, facts));
        const proof = prove(taken.manifest, facts, { depth, extensionsLeftOut: copy.leftOut, confirmed });
        return withoutExceptions(proof, copy.exceptions ?? []);
      },
    });
  });
  return copied.finally(() => rm(base, { recursive: true, force: true }));
}
