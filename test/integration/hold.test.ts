import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SUPERUSER } from '../../lib/adapters/engines/postgres/scratch-server.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { programsWith } from '../support/programs.ts';
import { withCopy } from '../support/restored-copy.ts';
import { collect, engine, never, policyWith, take } from '../support/source.ts';

describe('a source that is held for a dump', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createDatabase(
      'create table leads (id int primary key, n int); insert into leads select i, i from generate_series(1, 1000) i; create table other (x int)',
    );
  });
  afterEach(() => database.drop());

  it.each(['truncate leads', 'alter table leads alter column n type bigint', 'drop table leads'])(
    'lets no session rewrite a table between the snapshot and its first read (%s)',
    async (rewrite) => {
      const writer = await database.connect();
      await writer.query("set lock_timeout = '300ms'");
      const taken = await take(database.credentials, policyWith(), async () => {
        await expect(writer.query(rewrite)).rejects.toThrow(/lock timeout/);
      });
      await writer.end();
      expect(taken.manifest.tables.find((table) => table.name === 'leads')).toMatchObject({ rows: '1000' });
    },
  );

  it('has nothing that is written later in its archive or its facts', async () => {
    const taken = await take(database.credentials, policyWith(), async () => {
      await database.sql(
        'update leads set n = -n; delete from leads where id > 500; insert into other values (1); create table late (x int)',
      );
    });
    await withCopy(taken, async (copy) => {
      expect(await copy.value('select count(*) from public.leads where n > 0')).toBe('1000');
      expect(await copy.proof()).toMatchObject({ equal: true, strength: 'exact' });
    });
  });

  it('is dumped while another session creates tables without a pause', async () => {
    let running = true;
    const churn = (async () => {
      const client = await database.connect();
      for (let i = 0; running && i < 40; i++)
        await client.query(`create table c${i} (x int); insert into c${i} values (${i})`);
      await client.end();
    })();
    const taken = await take(database.credentials).finally(() => (running = false));
    await churn;
    await withCopy(taken, async (copy) => expect(await copy.proof()).toMatchObject({ equal: true }));
  });

  it('is refused at the end of a dump during which a function changed', async () => {
    await database.sql("create function f() returns int language sql as 'select 1'");
    const held = await engine().hold(database.credentials, policyWith(), never());
    try {
      await database.sql("create or replace function f() returns int language sql as 'select 2'");
      await expect(held.unchanged()).rejects.toMatchObject({
        code: 'schema-changing',
        message: expect.stringContaining('function f'),
      });
    } finally {
      await held.release();
    }
  });

  it('is dumped although another session changes its temporary objects', async () => {
    const other = await database.connect();
    await other.query(
      "create temp table staging (id int); create function pg_temp.f() returns int language sql as 'select 1'; create type pg_temp.mood as enum ('ok'); create view pg_temp.v as select 1 as one",
    );
    const held = await engine().hold(database.credentials, policyWith(), never());
    try {
      await other.query(
        "create or replace function pg_temp.f() returns int language sql as 'select 2'; alter type pg_temp.mood add value 'bad'; create or replace view pg_temp.v as select 2 as one",
      );
      await held.unchanged();
      await other.end();
      await held.unchanged();
    } finally {
      await held.release();
    }
  });

  it('reports a session that waits for an exclusive lock once, and frees its locks when it is released', async () => {
    const held = await engine().hold(database.credentials, policyWith(), never());
    const said: string[] = [];
    const stop = new AbortController();
    const watching = held.watchForBlocked((what) => said.push(what), stop.signal);
    const migration = await database.connect();
    const altered = migration.query('alter table leads add column m int');
    while (said.length === 0) await sleep(50);
    expect(said).toEqual([expect.stringMatching(/AccessExclusiveLock on (public\.)?leads/)]);
    stop.abort();
    await held.release();
    await altered;
    await watching;
    await migration.end();
  });

  it('has no secret in the arguments of pg_dump and pg_dumpall', async () => {
    for (const program of ['pg_dump', 'pg_dumpall']) {
      const bin = programsWith(program, 'echo "$@" >>"$ONCE"; exec "$REAL" "$@"');
      const held = await engine(bin).hold(database.credentials, policyWith(), never());
      await collect(held.archive().stream);
      await held.roles();
      await held.release();
      const args = readFileSync(join(bin, 'once'), 'utf8');
      expect(args).toMatch(program === 'pg_dump' ? /--snapshot/ : /--roles-only/);
      expect(args).not.toContain(database.credentials.password);
    }
  });
});

describe('a scratch server', () => {
  it('has no TCP, no superuser of the source and no variable of this process, and leaves nothing', async () => {
    const database = await createDatabase('create table t (x int); insert into t values (1)');
    process.env['AWS_SECRET_ACCESS_KEY_TEST_MARK'] = 'must-not-get-there';
    const taken = await take(database.credentials);
    let directory = '';
    await withCopy(taken, async (copy) => {
      directory = copy.directory;
      const [pid] = readFileSync(`${directory}/data/postmaster.pid`, 'utf8').split('\n');
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      expect(environment).not.toMatch(/AWS_|UNDERSTUDY_|must-not-get-there/);
      expect(
        await copy.value(
          "select current_setting('listen_addresses') || current_setting('max_logical_replication_workers')",
        ),
      ).toBe('0');
      expect(await copy.value('select rolsuper from pg_roles where rolname = current_user')).toBe('f');
      expect(
        await copy.value(`select count(*) from pg_roles where rolsuper and rolname <> '${SUPERUSER}'`),
      ).toBe('0');
      await expect(copy.value("select pg_read_file('/etc/passwd')")).rejects.toThrow(/permission denied/);
      await expect(copy.value('select 1; drop table public.t')).rejects.toThrow();
      await expect(copy.value('delete from public.t returning 1')).rejects.toThrow(/read-only/);
    });
    delete process.env['AWS_SECRET_ACCESS_KEY_TEST_MARK'];
    expect(() => readFileSync(`${directory}/data/PG_VERSION`)).toThrow(/ENOENT/);
    expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })).not.toContain(directory);
    await database.drop();
  });

  it('is torn down when the work on its copy fails', async () => {
    const database = await createDatabase('create table t (x int)');
    const taken = await take(database.credentials);
    let directory = '';
    await expect(
      withCopy(taken, async (copy) => {
        directory = copy.directory;
        throw new Error('while proving');
      }),
    ).rejects.toThrow('while proving');
    expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })).not.toContain(directory);
    await database.drop();
  });
});
