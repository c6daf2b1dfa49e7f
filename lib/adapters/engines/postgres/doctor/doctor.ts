import type { Client } from 'pg';
import type { Policy } from '../../../../domain/plan/policy.ts';
import type { Credentials, Symptom } from '../../../../ports/database.ts';
import { compressionFor } from '../compression.ts';
import { connect, rows } from '../connection.ts';
import { serverMajor } from '../facts/source.ts';
import { refusePooler } from '../pooler.ts';
import { clientFor, type Programs } from '../programs.ts';
import { locks } from './blocking-locks.ts';
import { connections } from './connections.ts';
import { lockTable } from './lock-table.ts';
import { permissions, power, sessions } from './role.ts';
import { bad, good, symptomsOf } from './symptoms.ts';

/** Checks a connection before it is used, one symptom for each question. Reads only, over one connection. */
export async function doctor(
  credentials: Credentials,
  policy: Policy,
  programs: readonly Programs[],
): Promise<Symptom[]> {
  let client: Client | undefined;
  const opened = await symptomsOf('connection', async () => {
    client = await connect(credentials);
    // A locked catalog must not keep the other answers back.
    await client.query("set statement_timeout = '30s'; set lock_timeout = '5s'");
    return reached(client, credentials);
  });
  if (!client) return opened;
  try {
    const major = await serverMajor(client);
    const questions: [string, (client: Client) => Promise<Symptom | Symptom[]> | Symptom][] = [
      ['client version', () => version(programs, major, policy)],
      [
        'pooler',
        (to) => refusePooler(to, credentials).then(() => good('pooler', 'direct connection (no pooler)')),
      ],
      ['permissions', permissions],
      ['role', power],
      ['sessions', (to) => sessions(to, policy)],
      ['connections', connections],
      ['locks', locks],
      ['lock table', lockTable],
      ['long transactions', longTransactions],
      ['disk', disk],
    ];
    const symptoms = opened;
    for (const [check, question] of questions)
      symptoms.push(...(await symptomsOf(check, () => question(client!))));
    return symptoms;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function reached(client: Client, { user, host, port }: Credentials): Promise<Symptom> {
  const [server] = await rows<{ database: string; standby: boolean }>(
    client,
    'select pg_catalog.current_database() as database, pg_catalog.pg_is_in_recovery() as standby',
  );
  const standby = server!.standby ? ', a standby' : '';
  return good('connection', `${user} reaches ${server!.database} at ${host}:${port}${standby}`);
}

function version(programs: readonly Programs[], major: number, policy: Policy): Symptom {
  const client = clientFor(programs, major);
  const compression = compressionFor(client, policy.dump.compression);
  return good('client version', `pg_dump ${client.version} for server ${major}, --compress=${compression}`);
}

async function longTransactions(client: Client): Promise<Symptom> {
  const [row] = await rows<{ pid: number; minutes: number }>(
    client,
    `
    select pid, (pg_catalog.date_part('epoch', pg_catalog.now() - xact_start) / 60)::int as minutes from pg_catalog.pg_stat_activity
    where xact_start < pg_catalog.now() - interval '1 hour' and pid <> pg_catalog.pg_backend_pid() order by xact_start limit 1`,
  );
  if (!row) return good('long transactions', 'none older than an hour');
  return bad(
    'long transactions',
    `backend ${row.pid} has had a transaction open for ${row.minutes} minutes`,
    `it keeps vacuum from removing old rows; ask its owner, or end it: select pg_terminate_backend(${row.pid});`,
  );
}

/** The largest storage of a function that restores, in bytes. */
const LARGEST_SCRATCH = 10_240 * 1_048_576;
/** How much of it a rehearsal takes for each byte of the source: the copy and its log, and an archive of about a third. */
const SCRATCH_TAKES = 1.7;

/** Compared with the largest scratch storage: this function's own /tmp is not where a rehearsal restores. */
async function disk(client: Client): Promise<Symptom> {
  const [database] = await rows<{ bytes: string }>(
    client,
    'select pg_catalog.pg_database_size(pg_catalog.current_database())::text as bytes',
  );
  const bytes = Number(database!.bytes);
  const said = `the database has ${(bytes / 1e9).toFixed(2)} GB; a rehearsal inside a function has room for about ${(LARGEST_SCRATCH / SCRATCH_TAKES / 1e9).toFixed(0)} GB`;
  if (SCRATCH_TAKES * bytes < LARGEST_SCRATCH) return good('disk', said);
  return bad('disk', said, 'run the image on Fargate for this target; dumps and verification need no disk');
}
