import { join } from 'node:path';
import { CredentialsRefused, UnderstudyError } from '../../../domain/errors.ts';
import type { Policy } from '../../../domain/plan/policy.ts';
import type { Archive, Credentials } from '../../../ports/database.ts';
import { compressionFor } from './compression.ts';
import { type ExtractedTables, pattern } from './extracted-tables.ts';
import type { DataTable } from './facts/data-tables.ts';
import { childEnvironment, type Ending, formatEnding, start, withoutSecret } from './process.ts';
import type { Programs } from './programs.ts';
import { conninfo } from './sql.ts';
import { tocReader } from './toc.ts';

/**
 * Settings under which pg_dump writes definitions as Understudy's sessions read them, whatever the database and its
 * roles set. lc_monetary is not among them: a value of type money restores only under the setting that wrote it.
 */
const SETTINGS = [
  'timezone=UTC',
  'bytea_output=hex',
  'standard_conforming_strings=on',
  'quote_all_identifiers=off',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

/**
 * Starts pg_dump inside the exported snapshot. The stream ends only after the program has exited with 0, so an upload
 * can rely on its end. (A source that merely ends completes an upload, even if pg_dump failed.)
 */
export function startArchive(
  programs: Programs,
  credentials: Credentials,
  held: {
    snapshot: string;
    name: string;
    part?: ExtractedTables | undefined;
    environment: Record<string, string>;
  },
  policy: Policy,
  signal: AbortSignal,
): Archive {
  const compression = compressionFor(programs, policy.dump.compression);
  const args = [
    '--format=custom',
    `--compress=${compression}`,
    `--snapshot=${held.snapshot}`,
    '--no-password',
    // A network may cut connections that are idle for 350 s. These settings are not in PGOPTIONS, which poolers refuse.
    `--dbname=keepalives_idle=60 keepalives_interval=30 options=${conninfo(SETTINGS)} dbname=${conninfo(credentials.database)}`,
    `--lock-wait-timeout=${policy.dump.lockTimeout * 1000}`,
    ...(held.part ? ['--no-blobs', ...held.part.others.map(withoutRows)] : []),
  ];
  const environment = { ...childEnvironment(), ...held.environment, PGAPPNAME: held.name };
  const { child, ended } = start(join(programs.bin, 'pg_dump'), args, environment);
  const toc = tocReader(programs);
  let killedFor: Error | undefined;

  const kill = (reason: Error) => {
    killedFor ??= reason;
    child.kill('SIGKILL');
    toc.kill();
  };
  const onAbort = () => kill(signal.reason instanceof Error ? signal.reason : new Error('ended'));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();

  async function* stream(): AsyncGenerator<Buffer> {
    let finished = false;
    try {
      for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
        await toc.offer(chunk);
        yield chunk;
      }
      const ending = await ended;
      if (killedFor) throw killedFor;
      if (ending.code !== 0) throw failure(ending, credentials);
      await toc.offer(Buffer.alloc(0));
      finished = true;
    } finally {
      signal.removeEventListener('abort', onAbort);
      // The reader of the stream is closed or pg_dump failed: nothing of it may continue.
      if (!finished) kill(killedFor ?? new Error('the reader of the archive closed'));
    }
  }
  return {
    stream: stream(),
    client: { version: programs.version, compression },
    toc: toc.toc,
    kill,
  };
}

const withoutRows = (table: DataTable) => `--exclude-table-data=${pattern(table)}`;

function failure(ending: Ending, credentials: Credentials): Error {
  const said = formatEnding('pg_dump', ending, credentials.password);
  if (/canceling statement due to (lock|statement) timeout/.test(ending.stderr)) {
    return new UnderstudyError('lock-timeout', said, {
      hint: 'another session waits for an exclusive lock, and pg_dump waits behind it; `./understudy doctor` names it',
    });
  }
  if (/password authentication failed|no password supplied/.test(ending.stderr)) {
    return new CredentialsRefused('credentials-refused', said, {
      hint: 'if the secret was just rotated, run the job again',
    });
  }
  if (/out of shared memory/.test(ending.stderr)) {
    return new UnderstudyError('pg-dump-failed', said, {
      hint: 'the server’s lock table is full: raise max_locks_per_transaction; `./understudy doctor` says how far',
    });
  }
  return new UnderstudyError('pg-dump-failed', withoutSecret(said, credentials.password), {
    hint: 'see the source’s log; `./understudy doctor` checks connections, rights, locks and versions',
  });
}
