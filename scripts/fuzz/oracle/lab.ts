import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Client } from 'pg';
import type { Credentials } from '../../../lib/ports/database.ts';
import { type Cluster, startCluster } from '../../local/cluster.ts';
import { tool } from '../../local/tools.ts';
import type { DatabaseShape } from '../schema/database-shape.ts';
import { ROLES } from '../schema/schema-draft.ts';

const DUMP_ROLE = 'fuzz_dump';
/** Like the role that restores in scratch: a member of all others, and not a superuser. */
export const RESTORE_ROLE = 'fuzz_restore';
const PASSWORD = 'local-only';

/** One server for many random databases, with the roles that they share. */
export type Lab = {
  major: number;
  version: string;
  cluster: Cluster;
  /** Of the least-privileged role that dumps. */
  credentials(database: string): Credentials;
  connect(database: string): Promise<Client>;
  createDatabase(shape: DatabaseShape): Promise<string>;
  drop(database: string): Promise<void>;
  /** Runs a program of this PostgreSQL. It succeeds, or the server refuses one of its statements; any other end throws. */
  run(
    program: string,
    args: string[],
    as: { user: string; host?: string; port?: number },
  ): Promise<ProgramOutcome>;
};

export type ProgramOutcome = { ok: true; stdout: string } | { ok: false; refused: string };

export async function startLab(): Promise<Lab> {
  process.env['PG_BIN'] = tool('PG_BIN');
  const cluster = await startCluster();
  const [server] = await cluster.sql(
    'postgres',
    "select current_setting('server_version_num') as number, current_setting('server_version') as version",
  );
  const lab: Lab = {
    major: Math.floor(Number(server!['number']) / 10_000),
    version: String(server!['version']),
    cluster,
    credentials: (database) => ({
      host: '127.0.0.1',
      port: cluster.port,
      database,
      user: DUMP_ROLE,
      password: PASSWORD,
      sslmode: 'disable',
    }),
    connect: (database) => cluster.connect(database),
    async createDatabase({ options }) {
      const name = `fuzz_${randomBytes(5).toString('hex')}`;
      await cluster.sql('postgres', `create database ${name} template template0 ${options}`);
      return name;
    },
    drop: async (database) =>
      void (await cluster.sql('postgres', `drop database if exists ${database} with (force)`)),
    run: (program, args, { user, host = '127.0.0.1', port = cluster.port }) =>
      promisify(execFile)(join(tool('PG_BIN'), program), args, {
        env: {
          PATH: '/usr/bin:/bin',
          PGHOST: host,
          PGPORT: String(port),
          PGUSER: user,
          PGPASSWORD: PASSWORD,
        },
        maxBuffer: 200_000_000,
      }).then(
        ({ stdout, stderr }) => ({ ok: true, stdout, stderr }),
        (error: { stderr?: string; message: string }) => parseRefusal(program, error),
      ),
  };
  await makeRoles(cluster);
  return lab;
}

/** Errors of the machine or of an ended session, which say nothing about the database. */
const OF_THE_MACHINE =
  /out of (?:shared )?memory|No space left|could not (?:write|extend|open) |too many|terminating|canceling|deadlock|is being accessed|recovery|shutting down|starting up/;

/** The server's first error; throws if no server refused anything, because a program that did not run confirms nothing. */
export function parseRefusal(
  program: string,
  { stderr, message }: { stderr?: string; message: string },
): ProgramOutcome {
  // A database may set a client_encoding that it cannot convert to; it then refuses every plain connection.
  const refused = /\b(?:ERROR: {2}|FATAL: {2}(?=conversion between))(.*)/.exec(stderr ?? '')?.[1];
  if (refused === undefined || OF_THE_MACHINE.test(refused))
    throw new Error(`${program} gave no answer: ${(stderr || message).slice(0, 500)}`);
  return { ok: false, refused };
}

async function makeRoles(cluster: Cluster): Promise<void> {
  for (const role of ROLES) await cluster.sql('postgres', `create role ${role}`);
  await cluster.sql(
    'postgres',
    `create role ${DUMP_ROLE} login bypassrls password '${PASSWORD}'; alter role ${DUMP_ROLE} set default_transaction_read_only = on;
    grant pg_read_all_data, pg_read_all_stats to ${DUMP_ROLE};
    create role ${RESTORE_ROLE} login createdb createrole bypassrls password '${PASSWORD}';
    grant ${ROLES.join(', ')} to ${RESTORE_ROLE}; grant fuzz_reader to fuzz_app; grant fuzz_owner to fuzz_app;
    alter role postgres password '${PASSWORD}'`,
  );
}
