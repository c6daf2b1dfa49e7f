import { type ChildProcess, execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { account, SERVER_ENVIRONMENT } from '../cluster.ts';
import { tool } from '../tools.ts';

export type Machine = ReturnType<typeof makeMachine>;

/** A setting of the server; `restart` if it takes effect only at the next start. Only a running server knows its default. */
export type ServerParameter = { restart: boolean; value?: string };

/** What all PostgreSQL servers of one local RDS share. */
export function makeMachine() {
  const bin = tool('PG_BIN');
  // Contains everything. Short, because a socket's path may have 100 characters at most.
  const root = mkdtempSync(join(tmpdir(), 'us-rds-'));
  const asked = (option: string) => execFileSync(join(bin, 'postgres'), [option], { encoding: 'utf8' });
  return {
    root,
    bin,
    hasLibrary: libraries(bin),
    version: asked('--version').split(' ')[2]!.trim(),
    /** The account the programs run as, where this process is root. */
    identity: account(root),
    /** Of `rdsadmin`, the internal superuser. */
    password: randomBytes(18).toString('hex'),
    parameters: parametersIn(asked('--describe-config')),
    /** Running servers. */
    children: new Set<ChildProcess>(),
    directories: 0,
  };
}

/** A new directory that PostgreSQL may write to. */
export function newDirectory(machine: Machine, path?: string): string {
  const directory = path ?? join(machine.root, String(++machine.directories));
  const { uid, gid } = machine.identity;
  mkdirSync(directory, { mode: 0o755 });
  if (uid !== undefined) chownSync(directory, uid, gid!);
  return directory;
}

/** Runs a program of PostgreSQL, or `cp`, as the account that owns the data. */
export async function runProgram(machine: Machine, program: string, args: string[]): Promise<void> {
  const file = program.includes('/') ? program : join(machine.bin, program);
  const env = { ...SERVER_ENVIRONMENT, PGPASSWORD: machine.password };
  await promisify(execFile)(file, args, { ...machine.identity, env, cwd: machine.root });
}

export const copyDirectory = (machine: Machine, from: string, to: string) =>
  runProgram(machine, '/bin/cp', ['-Rp', from, to]);

/** pg_config may be a link to another build's, and then knows only that one's libraries. */
function libraries(bin: string): (name: string) => boolean {
  const program = join(bin, 'pg_config');
  const own = (file: string) =>
    existsSync(file) && dirname(realpathSync(file)) === dirname(realpathSync(join(bin, 'postgres')));
  const directories = own(program)
    ? [execFileSync(program, ['--pkglibdir'], { encoding: 'utf8' }).trim()]
    : [join(bin, '../lib/postgresql'), join(bin, '../lib')];
  return (name) =>
    directories.some((directory) =>
      ['.so', '.dylib'].some((ending) => existsSync(join(directory, name + ending))),
    );
}

function parametersIn(description: string): Map<string, ServerParameter> {
  const rows = description
    .trim()
    .split('\n')
    .map((line) => line.split('\t'));
  // RDS spells TimeZone and DateStyle in lower case.
  return new Map(rows.map(([name, context]) => [name!.toLowerCase(), { restart: context === 'postmaster' }]));
}
