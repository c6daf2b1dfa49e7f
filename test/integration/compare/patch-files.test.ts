import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { contentOf, type Pair, pair } from '../../support/compared.ts';
import { thereAndBack } from '../../support/there-and-back.ts';

async function psqlAs(both: Pair, file: string, ...more: string[]) {
  const { host, port, password } = both.living.credentials;
  const where = `host=${host} port=${port} user=postgres password=${password} dbname=${both.living.name}`;
  return promisify(execFile)(join(process.env['PG_BIN']!, 'psql'), ['-X', '-q', ...more, '-f', file, where], {
    env: { PATH: '/usr/bin:/bin' },
  }).catch(() => undefined);
}
const STALE = async () => {
  const both = await pair(
    'create table t (id int primary key, x int); insert into t values (1, 1), (2, 2), (3, 3)',
    'delete from t where id = 1; update t set x = 0',
  );
  const { forward } = await both.patch({}, { mends: ['missing', 'changed'] });
  await both.living.sql('update t set x = 77 where id = 2');
  return { both, forward, before: await contentOf(both.living) };
};

describe('a stale patch changes nothing with psql', () => {
  it.each([
    ['as it is', []],
    ['that sets ON_ERROR_ROLLBACK', ['--set=ON_ERROR_ROLLBACK=on']],
    ['that sets AUTOCOMMIT off', ['--set=AUTOCOMMIT=off']],
    ['in a single transaction', ['-1']],
  ])('%s', async (_, options) => {
    const { both, forward, before } = await STALE();
    await psqlAs(both, forward, ...options);
    expect(await contentOf(both.living)).toEqual(before);
  });
});

test('psql in other encodings of the client', async () => {
  const both = await pair(
    "create table t (id int primary key, x text); insert into t values (1, 'é€\\\\''ソ表')",
    'delete from t',
  );
  const { forward } = await both.patch({}, { comment: ['für é ソ表'] });
  const { host, port, password } = both.living.credentials;
  const where = `host=${host} port=${port} user=postgres password=${password} dbname=${both.living.name}`;
  await promisify(execFile)(
    join(process.env['PG_BIN']!, 'psql'),
    ['-X', '-q', '--set=ON_ERROR_STOP=1', '-f', forward, where],
    { env: { PATH: '/usr/bin:/bin', PGCLIENTENCODING: 'SJIS' } },
  );
  expect(await contentOf(both.living)).toEqual(await contentOf(both.copy));
});

test('session_replication_role of the one who applies it: foreign keys are still checked', async () => {
  const both = await pair(
    'create table c (id int primary key); create table o (id int primary key, c int references c); insert into c values (1); insert into o values (1, 1)',
    'delete from o; delete from c',
  );
  await both.living.sql(`alter database ${both.living.name} set session_replication_role = replica`);
  const { forward } = await both.patch({ tables: ['o'] });
  await both.apply(forward).catch(() => undefined);
  expect(
    await both.living.sql('select o.id from o where not exists (select from c where c.id = o.c)'),
  ).toEqual([]);
});

test('"char" of every byte', async () => {
  const both = await pair(
    'create table t (id int primary key, c "char"); insert into t select g, g::"char" from generate_series(-128, 127) g',
    'delete from t where id % 2 = 0',
  );
  await thereAndBack(both);
});

test('a timestamp that became a timestamptz makes a patch refuse the table', async () => {
  const both = await pair(
    "create table t (id int primary key, at timestamp); insert into t values (1, '2026-07-01 12:00')",
    'delete from t; alter table t alter at type timestamptz',
  );
  await expect(both.patch()).rejects.toMatchObject({ code: 'patch-retyped' });
});

test('ON UPDATE CASCADE where both tables are in the patch', async () => {
  const both = await pair(
    "create table c (id int primary key, code text unique); create table o (id int primary key, code text references c (code) on update cascade); insert into c values (1, 'a'), (2, 'b'); insert into o values (1, 'a'), (2, 'b')",
    "update c set code = code || 'x'",
  );
  await thereAndBack(both);
});

test('a key that was changed with ON UPDATE CASCADE', async () => {
  const both = await pair(
    "create table c (code text primary key); create table o (id int primary key, code text references c on update cascade); insert into c values ('a'), ('b'); insert into o values (1, 'a'), (2, 'b')",
    "update c set code = code || 'x'",
  );
  await thereAndBack(both);
});

test('ON DELETE SET DEFAULT', async () => {
  const both = await pair(
    'create table c (id int primary key); create table o (id int primary key, c int default 1 references c on delete set default); insert into c values (1), (7); insert into o values (1, 7)',
    'insert into c values (8); update o set c = 8',
  );
  await thereAndBack(both);
});

test('ten thousand statements do not gather listeners', async () => {
  const both = await pair(
    "create table t (id int primary key, x text); insert into t select g, repeat('x', 200000) from generate_series(1, 300) g",
    'delete from t',
  );
  const warned: string[] = [];
  const heard = (warning: Error) => warned.push(warning.message);
  process.on('warning', heard);
  await both.patch();
  await new Promise((done) => setTimeout(done, 100));
  process.off('warning', heard);
  expect(warned).toEqual([]);
});

test('the file has one transaction that ends, whatever was chosen', async () => {
  const both = await pair('create table t (id int primary key)');
  const { forward, reverse } = await both.patch();
  for (const file of [forward, reverse]) {
    expect(readFileSync(file, 'utf8')).toMatch(/commit\n;\n$/);
    await both.apply(file);
  }
});

test('a patch of two directions with a sequence that moved on by itself stays where it is', async () => {
  const both = await pair(
    'create table t (id int generated by default as identity (increment by -5 start with -5 minvalue -1000) primary key, n smallserial); insert into t select from generate_series(1, 20)',
    'delete from t where id > -50',
  );
  await both.living.sql("select nextval('t_id_seq') from generate_series(1, 3)");
  const was = await both.living.sql('select last_value from t_id_seq');
  await thereAndBack(both);
  expect(await both.living.sql('select last_value from t_id_seq')).toEqual(was);
});

test('a stored file is left alone by a failing apply, and a BOM or CRLF is seen', async () => {
  const both = await pair(
    "create table t (id int primary key, x text); insert into t values (1, E'a\\r\\nb')",
    'delete from t',
  );
  const { forward } = await both.patch();
  writeFileSync(forward, readFileSync(forward, 'utf8').replaceAll('\n', '\r\n'));
  await both.apply(forward);
  expect(await contentOf(both.living)).toEqual(await contentOf(both.copy));
});
