import { type ChildProcess, execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { account } from '../cluster.ts';
import { tool } from '../tools.ts';

/** What all PostgreSQL servers of one local RDS share. */
export type Machine = {
  /** Everything lies below it. Short, because a socket's path may have 100 characters at most. */
  root: string;
  bin: string;
  hasLibrary(name: string): boolean;
  version: string;
  major: string;
  /** The account the programs run as, where this process is root. */
  identity: { uid?: number; gid?: number };
  /** Of `rdsadmin`, the superuser that nobody outside knows. */
  password: string;
  parameters: Map<string, Parameter>;
  /** The servers that run. */
  children: Set<ChildProcess>;
  directories: number;
};

/** A setting of the server: `restart` if it takes effect at the next start only. Its default is known to a running server alone. */
export type Parameter = { restart: boolean; type: string; value?: string; about: string };

export const ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8', TZ: 'UTC' };

export function makeMachine(): Machine {
  const bin = tool('PG_BIN');
  const root = mkdtempSync(join(tmpdir(), 'us-rds-'));
  const version = execFileSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' })
    .split(' ')[2]!
    .trim();
  return {
    root,
    bin,
    hasLibrary: libraries(bin),
    version,
    major: version.split('.')[0]!,
    identity: account(root),
    password: randomBytes(18).toString('hex'),
    parameters: parametersOf(bin),
    children: new Set(),
    directories: 0,
  };
}

/** A new directory that PostgreSQL may write to. */
export function newDirectory(machine: Machine, parent = machine.root): string {
  const directory = join(parent, String(++machine.directories));
  makeDirectory(machine, directory);
  return directory;
}

export function makeDirectory({ identity }: Machine, directory: string): void {
  mkdirSync(directory, { mode: 0o755 });
  if (identity.uid !== undefined) chownSync(directory, identity.uid, identity.gid!);
}

/** Runs a program of PostgreSQL, or `cp`, as the account that owns the data. */
export async function run(machine: Machine, program: string, args: string[]): Promise<void> {
  const file = program.includes('/') ? program : join(machine.bin, program);
  const env = { ...ENVIRONMENT, PGPASSWORD: machine.password };
  await promisify(execFile)(file, args, { ...machine.identity, env, cwd: machine.root });
}

export const copyDirectory = (machine: Machine, from: string, to: string) =>
  run(machine, '/bin/cp', ['-Rp', from, to]);

/** pg_config may be a link to another build's, and then knows only where that one keeps its libraries. */
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

function parametersOf(bin: string): Machine['parameters'] {
  const text = execFileSync(join(bin, 'postgres'), ['--describe-config'], { encoding: 'utf8' });
  return new Map(
    text
      .split('\n')
      .map((line) => line.split('\t'))
      .filter(([, context]) => context)
      .map(([name, context, , type, , , , about]) => [
        // Its own spelling of TimeZone and DateStyle is not the one of RDS.
        name!.toLowerCase(),
        { restart: context === 'postmaster', type: type!.toLowerCase(), about: about ?? '' },
      ]),
  );
}
