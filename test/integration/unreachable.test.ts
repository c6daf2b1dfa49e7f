import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../lib/adapters/engines/postgres/connection.ts';
import type { Credentials } from '../../lib/ports/database.ts';
import { account, type Cluster, startCluster } from '../../scripts/local/cluster.ts';
import { createDatabase } from '../support/database.ts';
import { programs } from '../support/source.ts';
import { credentialsOf } from './support/own-cluster.ts';

/** A server that takes some only with TLS, some not at all, and whose certificate no authority has signed. */
let server: Cluster;
let to: Credentials;
beforeAll(async () => {
  const directory = mkdtempSync(join(tmpdir(), 'us-tls-'));
  const file = (name: string) => join(directory, name);
  const [hba, cert, key] = [file('hba'), file('cert'), file('key')];
  const lines = [
    'hostssl all tls',
    ...['postgres', 'nologin', 'limited', 'plain'].map((role) => `host all ${role}`),
  ];
  writeFileSync(hba, lines.map((line) => `${line} 127.0.0.1/32 scram-sha-256\n`).join(''));
  const identity = account(directory);
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=elsewhere', '-out', cert, '-keyout', key],
    { ...identity, stdio: 'ignore' },
  );
  server = await startCluster({
    settings: [`hba_file=${hba}`, 'ssl=on', `ssl_cert_file=${cert}`, `ssl_key_file=${key}`],
  });
  to = credentialsOf(server, { user: 'plain', password: 'x' });
  await server.sql(
    'postgres',
    "create role tls login password 'x'; create role stranger login password 'x'; create role nologin password 'x'; create role limited login password 'x' connection limit 0; create role plain login password 'x'",
  );
  for (const sql of [
    'create database closed',
    'revoke connect on database closed from public',
    'create database full_one connection limit 0',
    'create database shut allow_connections false',
  ])
    await server.sql('postgres', sql);
});
afterAll(() => server.stop());

test.each<[string, Partial<Credentials>, string]>([
  ['no such database', { database: 'nowhere' }, 'connection.database'],
  ['no CONNECT', { database: 'closed' }, 'grant connect on database "closed" to "plain";'],
  ['a full database', { database: 'full_one' }, 'alter database "full_one" connection limit -1;'],
  ['a database that takes none', { database: 'shut' }, 'alter database "shut" with allow_connections true;'],
  ['a role at its limit', { user: 'limited' }, 'alter role "limited" connection limit -1;'],
  ['a role that may not log in', { user: 'nologin' }, 'alter role "nologin" login;'],
  ['a wrong password', { password: 'y' }, '\\password "plain"'],
  ['encryption that is demanded', { user: 'tls' }, 'connection.sslmode: require'],
  ['no line in pg_hba.conf', { user: 'stranger' }, ' host "postgres" "stranger" 127.0.0.1/32 scram-sha-256'],
  [
    'no line, with encryption',
    { user: 'stranger', sslmode: 'require' },
    ' hostssl "postgres" "stranger" 127.0',
  ],
  ['an unknown authority', { sslmode: 'verify-full' }, 'UNDERSTUDY_CA_FILE'],
  ['an unknown authority, the name unasked', { sslmode: 'verify-ca' }, 'UNDERSTUDY_CA_FILE'],
  ['no such host', { host: 'nowhere.invalid' }, 'dig nowhere.invalid'],
  ['no listener', { port: 1 }, 'pg_isready'],
])('a connection that fails for %s has a hint of its own', async (_, change, hint) => {
  await expect(connect({ ...to, ...change })).rejects.toMatchObject({ hint: expect.stringContaining(hint) });
});

test('a connection that demands TLS of a server without it has a hint to disable it', async () => {
  const database = await createDatabase();
  await expect(connect({ ...database.credentials, sslmode: 'require' })).rejects.toMatchObject({
    hint: expect.stringContaining('connection.sslmode: disable'),
  });
  await database.drop();
});

test('a connection that a writing login trigger refuses has a remedy that works', async () => {
  if ((await programs()).major < 17) return;
  await server.sql('postgres', 'create database watched');
  await server.sql(
    'watched',
    'create table logins (n int); grant insert on logins to public; alter role plain set default_transaction_read_only = on',
  );
  const trigger = (first: string) =>
    server.sql(
      'watched',
      `create or replace function noted() returns event_trigger language plpgsql as $$ begin ${first} insert into public.logins values (1); end $$`,
    );
  await trigger('');
  await server.sql('watched', 'create event trigger noted on login execute function noted()');
  const watched = { ...to, database: 'watched' };
  const refused = await connect(watched).catch((error: Error & { hint: string }) => error);
  expect(refused).toMatchObject({ message: expect.stringContaining('login event trigger that writes') });
  const [remedy] = /if current_setting.*end if;/.exec((refused as { hint: string }).hint)!;
  await trigger(remedy);
  await (await connect(watched)).end();
});
