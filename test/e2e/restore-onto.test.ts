import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../scripts/local/tools.ts';
import { contentOf } from '../support/compared.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { planWith } from '../support/plan.ts';
import { take } from '../support/source.ts';
import { createStage } from '../support/stage.ts';
import { run, UNDERSTUDY, written } from './support.ts';

const ROLE = `us_owner_${process.pid}`;
const BUILDER = `us_builder_${process.pid}`;

describe('restore --to', () => {
  let source: TestDatabase;
  let config: string;
  const databases: TestDatabase[] = [];
  const directory = mkdtempSync(join(tmpdir(), 'us-onto-'));

  beforeAll(async () => {
    source = await createDatabase();
    await source.sql(`
      create role ${ROLE}; create extension pg_trgm;
      create type state as enum ('open', 'paid'); create domain amount as numeric(10, 2) check (value >= 0);
      create table customers (id int generated always as identity primary key, name text not null, state state default 'open');
      create table orders (id serial primary key, customer int references customers, total amount, gross numeric generated always as (total * 1.19) stored, check (total < 1e6));
      create table parts (id int, at date, primary key (id, at)) partition by range (at);
      create table parts_2026 partition of parts for values from ('2026-01-01') to ('2027-01-01');
      create index on customers using gin (name gin_trgm_ops);
      create materialized view totals as select customer, sum(total) as total from orders group by 1;
      create function touch() returns trigger language plpgsql as $$ begin return new; end $$;
      create trigger touched before update on orders for each row execute function touch();
      insert into customers (name) select 'customer ' || g from generate_series(1, 200) g;
      insert into orders (customer, total) select 1 + g % 200, g from generate_series(1, 3000) g;
      insert into parts select g, '2026-01-01'::date + g from generate_series(1, 300) g;
      refresh materialized view totals;
      alter table orders owner to ${ROLE}; grant select on customers to ${ROLE}`);
    const { password } = source.credentials;
    await source.sql(`create role ${BUILDER} login createdb password '${password}'`);
    const stage = await createStage(planWith());
    await stage.secret('crm', source.credentials);
    const text = readFileSync(join(ROOT, 'understudy.yml'), 'utf8').replace('crm-prod:', 'crm:');
    config = written(text.replace('understudy/crm-prod', `${stage.name}/crm`));
    expect(run(UNDERSTUDY, ['--local', '--config', config, 'run', 'dump', 'crm']).status).toBe(0);
  });
  afterAll(async () => {
    for (const database of [...databases, source]) await database.drop();
    const server = await createDatabase();
    await server.sql(`drop role if exists ${ROLE}; drop role if exists ${BUILDER}`);
    await server.drop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** An empty database, and the command that restores into it. */
  async function empty(options?: string) {
    const database = await createDatabase(undefined, options);
    databases.push(database);
    const { host, port, password } = database.credentials;
    const url = (user: string) => `postgres://${user}@${host}:${port}/${database.name}`;
    const restore = (args: string[], user = 'postgres') =>
      run(UNDERSTUDY, ['--local', '--config', config, 'restore', ...args, '--to', url(user)], {
        PGPASSWORD: password,
      });
    return { database, restore };
  }

  it('restores a dump of the vault with owners and privileges, equal row by row', async () => {
    const { database, restore } = await empty();
    const { status, stdout, stderr } = restore(['crm', '--owners']);
    expect([status, stdout]).toEqual([
      0,
      expect.stringContaining('equal to its source, row by row: 3 tables, 3,500 rows'),
    ]);
    expect(stderr).toMatch(/restore took [\s\S]*✔ restoring crm/);
    expect(await contentOf(database)).toEqual(await contentOf(source));
    expect(await database.sql("select tableowner from pg_tables where tablename = 'orders'")).toEqual([
      { tableowner: ROLE },
    ]);
    const [analyzed] = await database.sql(
      "select count(*)::int as statistics from pg_stats where tablename = 'orders'",
    );
    expect(analyzed!['statistics']).toBeGreaterThan(0);
  });

  it('restores as a role that is no superuser, everything its own, and still proves every row', async () => {
    const { database, restore } = await empty();
    await database.sql(
      `alter database ${database.name} owner to ${BUILDER}; alter schema public owner to ${BUILDER}`,
    );
    const { status, stdout } = restore(['crm'], BUILDER);
    expect([status, stdout]).toEqual([0, expect.stringContaining('equal to its source, row by row')]);
    expect(await contentOf(database)).toEqual(await contentOf(source));
    expect(
      await database.sql("select distinct tableowner from pg_tables where schemaname = 'public'"),
    ).toEqual([{ tableowner: BUILDER }]);
  });

  it('restores chosen tables with what they need, and proves those', async () => {
    const { database, restore } = await empty();
    const { status, stdout } = restore(['crm', '--table', 'orders', '--table', 'public.parts']);
    expect([status, stdout]).toEqual([0, expect.stringContaining('equal to its source, row by row')]);
    const { orders, parts_2026, customers } = await contentOf(database);
    const was = await contentOf(source);
    expect([orders, parts_2026, customers]).toEqual([was['orders'], was['parts_2026'], undefined]);
    expect(await database.sql('insert into orders (total) values (5) returning gross, id')).toMatchObject([
      { id: 3001 },
    ]);
  });

  it('restores definitions without rows', async () => {
    const { database, restore } = await empty();
    const { status, stdout } = restore(['crm', '--only-schema']);
    expect([status, stdout]).toEqual([0, expect.stringContaining('not proven')]);
    expect(
      await database.sql(
        'select (select count(*)::int from orders) as orders, (select count(*)::int from customers) as customers',
      ),
    ).toEqual([{ orders: 0, customers: 0 }]);
  });

  it('refuses a database that is not empty, unless its name is typed again', async () => {
    const { database, restore } = await empty();
    await database.sql('create table precious (id int); insert into precious values (1)');
    const refused = restore(['crm']);
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringContaining(`${database.name} at 127.0.0.1 is not empty`),
    ]);
    expect(restore(['crm', '--into', 'another']).status).toBe(1);
    expect(
      await database.sql("select count(*)::int as tables from pg_tables where schemaname = 'public'"),
    ).toEqual([{ tables: 1 }]);
    const allowed = restore(['crm', '--into', database.name]);
    // What was there before is an honest difference.
    expect([allowed.status, allowed.stdout]).toEqual([
      3,
      expect.stringContaining('table public.precious only in the copy'),
    ]);
    expect(await database.sql('select count(*)::int as rows from precious')).toEqual([{ rows: 1 }]);
  });

  it('goes on after an object that cannot be restored, and names it', async () => {
    const { database, restore } = await empty();
    await database.sql(
      'create function touch() returns trigger language plpgsql as $$ begin return new; end $$',
    );
    const { status, stdout } = restore(['crm', '--into', database.name]);
    expect(status).toBe(3);
    expect(stdout).toMatch(
      /only in part[\s\S]*not restored: .*function public\.touch\(\): function "touch" already exists/,
    );
    expect(await database.sql('select count(*)::int as rows from orders')).toEqual([{ rows: 3000 }]);
  });

  it('never adds rows to a table that was there', async () => {
    const { database, restore } = await empty();
    await database.sql('create table orders (id int, total numeric); insert into orders values (1, 1)');
    const { status, stderr } = restore(['crm', '--into', database.name]);
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining('the database has these already: public.orders'),
    ]);
    expect(await database.sql('select count(*)::int as rows from orders')).toEqual([{ rows: 1 }]);
    const tables = "select count(*)::int as tables from pg_tables where schemaname = 'public'";
    expect(await database.sql(tables)).toEqual([{ tables: 1 }]);
    // A part of the dump that is not there yet may come.
    expect(restore(['crm', '--table', 'customers', '--into', database.name]).status).toBe(0);
    expect(await database.sql('select (select count(*)::int from customers) as rows')).toEqual([
      { rows: 200 },
    ]);
  });

  it('proves the partitions of a chosen table', async () => {
    const { restore } = await empty();
    const { status, stdout } = restore(['crm', '--table', 'parts']);
    expect([status, stdout]).toEqual([
      0,
      expect.stringContaining('equal to its source, row by row: 1 table, 300 rows'),
    ]);
  });

  it('lists the dump, and restores from a file without a manifest', async () => {
    const list = run(UNDERSTUDY, ['--local', '--config', config, 'restore', 'crm', '--list']);
    expect([list.status, list.stdout]).toEqual([0, expect.stringMatching(/^table public\.orders$/m)]);
    expect(list.stderr).not.toContain('fetching');
    const archive = join(directory, 'mine.dump');
    const dump = run(join(process.env['PG_BIN']!, 'pg_dump'), ['-Fc', '-f', archive], {
      PGHOST: '127.0.0.1',
      PGPORT: String(source.credentials.port),
      PGUSER: 'postgres',
      PGPASSWORD: source.credentials.password,
      PGDATABASE: source.name,
    });
    expect(dump.stderr).toBe('');
    const { database, restore } = await empty();
    const plain = restore(['--file', archive]);
    expect([plain.status, plain.stdout]).toEqual([
      0,
      expect.stringContaining('not proven: there is no manifest'),
    ]);
    expect(await contentOf(database)).toEqual(await contentOf(source));
  });

  it('restores from a directory with a manifest, and refuses an archive that differs from it', async () => {
    const taken = await take(source.credentials);
    const own = mkdtempSync(join(directory, 'files-'));
    writeFileSync(join(own, 'x.dump'), taken.archive);
    writeFileSync(join(own, 'x.manifest.json'), JSON.stringify(taken.manifest));
    const { restore } = await empty();
    const { status, stdout } = restore(['--file', own]);
    expect([status, stdout]).toEqual([0, expect.stringContaining('equal to its source, row by row')]);
    taken.archive[taken.archive.length - 1]! ^= 1;
    writeFileSync(join(own, 'x.dump'), taken.archive);
    const damaged = (await empty()).restore(['--file', own]);
    expect([damaged.status, damaged.stderr]).toEqual([2, expect.stringContaining('its SHA-256 differs')]);
  });

  it.each([
    [['restore', '--to', 'postgres://me:secret@localhost/x', 'crm'], 'leave it out of the URL'],
    [['restore', 'crm', '--to', 'mysql://localhost/x'], 'no URL of PostgreSQL'],
    [
      ['restore', 'crm', '--to', 'postgres://localhost/x', '--patch', '--where', 'true'],
      '--where does not go with --to',
    ],
    [
      ['restore', '--file', 'missing.dump', '--to', 'postgres://localhost/x'],
      'there is no file missing.dump',
    ],
    [['restore', 'crm', '--file', 'x.dump'], 'say where to restore it'],
    [['restore', '--to', 'postgres://localhost/x'], 'name a target, or a file'],
    [['restore', 'crm', '--to', 'postgres://localhost/x?sslmode=maybe'], 'there is no sslmode "maybe"'],
    [['restore', 'crm', '--to', 'postgres://localhost/x', '--jobs', '0'], '--jobs takes a number'],
    [['restore', 'crm', '--owners'], '--owners goes with --to'],
  ])('ends with 2 for the mistake in %j, and never prints a password', (args, said) => {
    const { status, stderr } = run(UNDERSTUDY, ['--local', '--config', config, ...args]);
    expect([status, stderr]).toEqual([2, expect.stringContaining(said)]);
    expect(stderr).not.toContain('secret@');
  });
});
