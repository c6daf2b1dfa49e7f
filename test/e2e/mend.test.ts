import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../scripts/local/tools.ts';
import { contentOf } from '../support/compared.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { planWith } from '../support/plan.ts';
import { createStage } from '../support/stage.ts';
import { run, UNDERSTUDY, written } from './support.ts';

describe('rows that somebody deleted', () => {
  let database: TestDatabase;
  let config: string;
  const directory = mkdtempSync(join(tmpdir(), 'us-mend-'));

  beforeAll(async () => {
    database = await createDatabase(
      `create table customers (id int generated always as identity primary key, name text);
       create table bookings (id serial primary key, customer int references customers on delete cascade, made timestamptz default now());
       insert into customers (name) select 'customer ' || g from generate_series(1, 50) g;
       insert into bookings (customer) select 1 + g % 50 from generate_series(1, 400) g`,
    );
    const stage = await createStage(planWith());
    await stage.secret('crm', database.credentials);
    const text = readFileSync(join(ROOT, 'understudy.yml'), 'utf8').replace('crm-prod:', 'crm:');
    config = written(text.replace('understudy/crm-prod', `${stage.name}/crm`));
  });
  afterAll(async () => {
    await database.drop();
    rmSync(directory, { recursive: true });
  });
  const here = (...args: string[]) => run(UNDERSTUDY, ['--local', '--config', config, ...args]);
  const as = () => {
    const { host, port, password } = database.credentials;
    return {
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: 'postgres',
      PGPASSWORD: password,
      PGDATABASE: database.name,
    };
  };

  it('are found, brought back beside everything since, and taken away again, with the commands as printed', async () => {
    expect(here('run', 'dump', 'crm').status).toBe(0);
    const before = await contentOf(database);
    const equal = here('diff', 'crm');
    expect([equal.status, equal.stdout]).toEqual([
      0,
      expect.stringContaining('2 tables have exactly the rows of the dump'),
    ]);

    await database.sql("delete from customers where id > 10; insert into customers (name) values ('later')");
    const damaged = await contentOf(database);
    const diff = here('diff', 'crm');
    expect(diff.status).toBe(3);
    expect(diff.stdout).toMatch(/public\.bookings +320 +– +–/);
    expect(diff.stdout).toMatch(/public\.customers +40 +1 +–/);
    expect(diff.stdout).toMatch(/extra +51/);
    expect(diff.stdout).not.toContain('customer 11');
    const next = /\.\/understudy --local restore (.*) --patch/.exec(diff.stdout)![1]!.split(' ');
    expect(next).toEqual([
      'crm',
      '--point',
      expect.any(String),
      '--table',
      'public.bookings',
      '--table',
      'public.customers',
    ]);

    const restore = here('restore', ...next, '--patch', '--output', directory);
    expect([restore.status, restore.stderr]).toEqual([0, expect.not.stringContaining('✖')]);
    expect(restore.stdout).toContain('The patch inserts 360 rows, updates 0 and deletes 0');
    expect(restore.stdout).toContain('It leaves 1 extra row as they are');
    const [patch, reverse] = [...restore.stdout.matchAll(/patch apply (\S+)/g)].map(([, file]) => file!);
    expect(statSync(patch!).mode & 0o777).toBe(0o600);
    expect(await contentOf(database)).toEqual(damaged);

    const applied = run(UNDERSTUDY, ['patch', 'apply', patch!], as());
    expect([applied.status, applied.stdout]).toEqual([
      0,
      expect.stringContaining('take it back: ./understudy patch apply'),
    ]);
    const mended = await contentOf(database);
    expect(mended['bookings']).toEqual(before['bookings']);
    expect(mended['customers']).toEqual([...(before['customers'] as string[]), '(51,later)'].sort());
    expect(run(UNDERSTUDY, ['patch', 'apply', patch!], as())).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('nothing was changed, because rows of public.'),
    });
    expect(run(UNDERSTUDY, ['patch', 'apply', reverse!], as()).status).toBe(0);
    expect({ ...(await contentOf(database)), bookings_id_seq: 0, customers_id_seq: 0 }).toEqual({
      ...damaged,
      bookings_id_seq: 0,
      customers_id_seq: 0,
    });
  });

  it('have a way back in the plan, which changes nothing', async () => {
    const before = await contentOf(database);
    const plan = here('restore', 'crm');
    expect([plan.status, plan.stderr]).toEqual([0, '']);
    expect(plan.stdout).toContain('crm: ways back. Nothing has been changed.');
    expect(plan.stdout).toMatch(/rows +20\d\d-.* nothing +unknown +never/);
    expect(plan.stdout).toMatch(/→ dump: it loses least \(.*\); no way back has passed a rehearsal/);
    expect(plan.stdout).toMatch(/understudy --local diff crm --point \S+/);
    const { digest, ways } = JSON.parse(here('--json', 'restore', 'crm').stdout) as {
      digest: string;
      ways: unknown[];
    };
    expect([digest, ways.length]).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/), 2]);
    const none = here('restore', 'crm', '--at', '2020-01-01T00:00:00Z');
    expect([none.status, none.stdout]).toEqual([
      3,
      expect.stringContaining('no dump: no good dump from before 2020-01-01 00:00 UTC'),
    ]);
    expect(await contentOf(database)).toEqual(before);
  });

  it('are last true of the dump before, which a search finds by restoring a few', async () => {
    expect(here('run', 'dump', 'crm').status).toBe(0);
    const [newest, oldest] = JSON.parse(here('--json', 'points', 'crm').stdout) as { id: string }[];
    const found = here('diff', 'crm', '--find', 'exists (select from customers where id = 11)');
    expect([found.status, found.stdout]).toEqual([
      0,
      expect.stringContaining(`It was true in ${oldest!.id}`),
    ]);
    expect(found.stderr).toContain('2 good dumps: at most 2 restores, how long each takes is unknown');
    expect(found.stdout).toContain(`no longer true in the next dump, ${newest!.id}`);
    const still = here('diff', 'crm', '--find', 'exists (select from customers where id = 1)');
    expect([still.status, still.stdout]).toEqual([
      0,
      expect.stringContaining('still true of the newest dump'),
    ]);
    const never = here('diff', 'crm', '--find', 'exists (select from customers where id = 0)');
    expect([never.status, never.stdout]).toEqual([3, expect.stringContaining('not true of any dump')]);
    for (const wrong of ['select 1; drop table customers', '1 +', "pg_read_file('/etc/passwd') is null"])
      expect([wrong, here('diff', 'crm', '--find', wrong).status]).toEqual([wrong, 2]);
  });

  it('are put into a schema beside the living tables', async () => {
    const damaged = await contentOf(database);
    const points = JSON.parse(here('--json', 'points', 'crm').stdout) as { id: string }[];
    const restore = here(
      'restore',
      'crm',
      '--point',
      points.at(-1)!.id,
      '--table',
      'customers',
      '--where',
      'id between 11 and 20',
      '--output',
      directory,
    );
    expect([restore.status, restore.stderr]).toEqual([0, expect.not.stringContaining('✖')]);
    const [, file] = /patch apply (\S+)/.exec(restore.stdout)!;
    const [, schema] = /creates the schema (\S+) and fills it with 10 rows/.exec(restore.stdout)!;
    expect(run(UNDERSTUDY, ['patch', 'apply', file!], as()).status).toBe(0);
    expect(
      await database.sql(
        `select min(id), max(id), count(*)::int as rows, min(name) as first from ${schema}.customers`,
      ),
    ).toEqual([{ min: 11, max: 20, rows: 10, first: 'customer 11' }]);
    // It is no part of the next comparison.
    const { stdout } = here('--json', 'diff', 'crm');
    expect(stdout).not.toContain(schema);
    const { [`${schema}.customers`]: _beside, ...rest } = await contentOf(database);
    expect(rest).toEqual(damaged);
  });

  it.each([
    [['diff', 'crm', '--at', '2030-01-01T00:00:00Z'], 'lies in the future'],
    [['diff', 'crm', '--at', '2020-01-01T00:00:00Z'], 'no good dump from before 2020-01-01 00:00 UTC'],
    [['diff', 'crm', '--at', '2026-11-20 01:00'], 'is no moment with a zone'],
    [
      ['diff', 'crm', '--at', '2026-11-20T01:00:00Z', '--point', '20261120T010000Z-1'],
      '--point and --at exclude each other',
    ],
    [['diff', 'crm', '--point', '20200101T010000Z-1'], 'crm has no dump 20200101T010000Z-1'],
    [['diff', 'crm', '--at', '2026-11-20T01:00:00'], 'is no moment with a zone'],
    [['diff', 'crm', '--before', '2020-01-01T00:00:00+01:00'], 'from before 2019-12-31 22:59 UTC'],
    [
      ['restore', 'crm', '--at', '2026-11-20T01:00:00Z', '--before', '2026-11-20T01:00:00Z'],
      '--at and --before exclude each other',
    ],
    [['diff', 'nobody'], 'nobody'],
    [['diff', 'crm', '--table', 'public.custmers', '--table', 'b'], 'public.custmers'],
    [['diff', 'crm', '--where', 'id = 1; drop table customers'], 'does not fit public.'],
    [['restore'], 'name a target'],
    [['restore', 'crm', '--patch'], 'name at least one table'],
    [['restore', 'crm', '--at', '2030-01-01T00:00:00Z'], 'lies in the future'],
    [
      ['restore', 'crm', '--table', 'customers', '--mend', 'lost', '--without-triggers'],
      '--without-triggers goes with --patch',
    ],
    [['patch', 'apply', 'package.json'], 'was not written by'],
    [['patch', 'apply', 'missing.sql'], 'there is no file missing.sql'],
    [['patch', 'aply', 'package.json'], 'patch aply'],
  ])('end with 2 for the mistake in %j', (args, said) => {
    const { status, stderr } = here(...args);
    expect([status, stderr]).toEqual([2, expect.stringContaining(said)]);
    expect(existsSync('package.json')).toBe(true);
  });
});
