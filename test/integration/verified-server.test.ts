import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { authoritiesFile, trustAlso } from '../../lib/adapters/engines/postgres/authorities.ts';
import { connect, connectInto } from '../../lib/adapters/engines/postgres/connection.ts';
import { childEnvironment, libpqEnvironment } from '../../lib/adapters/engines/postgres/process.ts';
import { restoreOnto } from '../../lib/adapters/engines/postgres/restore/onto.ts';
import type { Credentials } from '../../lib/ports/database.ts';
import { type Cluster, startCluster } from '../../scripts/local/cluster.ts';
import { programs } from '../support/source.ts';
import { signedServer } from './support/authority.ts';
import { credentialsOf } from './support/own-cluster.ts';

/** The server's certificate is for localhost; 127.0.0.1 is the same server by a name that it has not. */
const authority = signedServer('DNS:*.eu-test-1.rds.understudy.test,DNS:localhost');
const archive = join(mkdtempSync(join(tmpdir(), 'us-verified-')), 'archive');
let server: Cluster;
beforeAll(async () => {
  server = await startCluster({ settings: authority.settings });
  await server.sql('postgres', 'create table orders as select generate_series(1, 5) as id');
  await server.sql('postgres', 'create database empty');
});
afterAll(() => server.stop());
afterEach(() => trustAlso(undefined));

const to = (changes: Partial<Credentials>) =>
  credentialsOf(server, { host: 'localhost', sslmode: 'verify-full', ...changes });

const connects = async (changes: Partial<Credentials>) => (await connect(to(changes))).end();
const dumps = async (changes: Partial<Credentials>) => {
  const env = { ...childEnvironment(), ...(await libpqEnvironment(to(changes))) };
  const program = join((await programs()).bin, 'pg_dump');
  await promisify(execFile)(program, ['--format=custom', '--no-password', `--file=${archive}`], { env });
};
const reaches = async (changes: Partial<Credentials>) => (await connectInto(to(changes))).end();

describe.each([
  ['Understudy’s own connection', connects, /cannot be trusted|certificate/i],
  ['pg_dump', dumps, /certificate/],
  ['restore --to', reaches, /certificate/i],
])('%s', (_, attempt, refusal) => {
  test('accepts a server whose chain ends in a root of UNDERSTUDY_CA_FILE', async () => {
    trustAlso(authority.root);
    await attempt({});
  });

  test('refuses one that only a foreign root vouches for, also with verify-ca', async () => {
    trustAlso(authority.foreign);
    await expect(attempt({})).rejects.toThrow(refusal);
    await expect(attempt({ sslmode: 'verify-ca' })).rejects.toThrow(refusal);
  });

  test('refuses another name with verify-full, and accepts it with verify-ca', async () => {
    trustAlso(authority.root);
    await expect(attempt({ host: '127.0.0.1' })).rejects.toThrow(/certificate|altnames/i);
    await attempt({ host: '127.0.0.1', sslmode: 'verify-ca' });
  });
});

test('pg_restore verifies the server that a dump is restored into', async () => {
  trustAlso(authority.root);
  await dumps({});
  const request = {
    archive,
    owners: false,
    privileges: false,
    jobs: 1,
    phase: () => undefined,
    onRead: () => undefined,
    signal: AbortSignal.timeout(60_000),
  };
  const { failed } = await restoreOnto(to({ database: 'empty' }), [await programs()], request);
  expect(failed).toEqual([]);
  expect(await server.sql('empty', 'select count(*)::int as n from orders')).toEqual([{ n: 5 }]);
});

test('pg_dump reads nothing in the home of this process: neither passwords nor revoked certificates', async () => {
  const home = mkdtempSync(join(tmpdir(), 'us-home-'));
  mkdirSync(join(home, '.postgresql'));
  writeFileSync(join(home, '.postgresql/root.crl'), 'planted');
  writeFileSync(join(home, '.pgpass'), `*:*:*:*:${server.password}\n`, { mode: 0o600 });
  const before = process.env['HOME'];
  process.env['HOME'] = home;
  try {
    trustAlso(authority.root);
    await dumps({});
    await expect(dumps({ password: '' })).rejects.toThrow(/no password supplied/);
  } finally {
    process.env['HOME'] = before;
  }
});

test('an unreadable UNDERSTUDY_CA_FILE is an error that names it', async () => {
  trustAlso('/nowhere/ca.pem');
  await expect(connects({})).rejects.toMatchObject({
    code: 'authorities-unreadable',
    message: expect.stringContaining('/nowhere/ca.pem'),
  });
});

test('libpq’s file is this account’s alone', async () => {
  trustAlso(authority.root);
  const file = await authoritiesFile();
  expect([statSync(file).mode & 0o777, statSync(dirname(file)).mode & 0o777]).toEqual([0o600, 0o700]);
});
