import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { BIN, take } from '../support/source.ts';

/** The shell blocks of a page, as a person pastes them; the first that has certain words. */
function block(having: string): string {
  const text = readFileSync(join(__dirname, '../../docs/restore.md'), 'utf8');
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, each]) => each!);
  return blocks.find((each) => each.includes(having))!;
}

describe('the documented commands', () => {
  const directory = mkdtempSync(join(tmpdir(), 'us-by-hand-'));
  const made: TestDatabase[] = [];
  const roles: string[] = [];
  const own = () => `r${randomBytes(4).toString('hex')}`;
  const file = (name: string) => join(directory, name);

  function run(script: string, database = 'postgres'): string {
    const env = {
      PATH: `${BIN()}${delimiter}/usr/bin:/bin`,
      PGHOST: '127.0.0.1',
      PGPORT: process.env['TEST_PG_PORT']!,
      PGUSER: 'postgres',
      PGPASSWORD: process.env['TEST_PG_PASSWORD']!,
    };
    const here = script.replace(/\brestored\b/g, database);
    return execFileSync('bash', ['-c', `set -o pipefail\n${here}`], {
      cwd: directory,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  afterAll(async () => {
    const [first, ...others] = made;
    for (const database of others) await database.drop();
    for (const role of roles) await first!.sql(`drop role if exists "${role.replaceAll('"', '""')}"`);
    await first!.drop();
    rmSync(directory, { recursive: true });
  });

  it('take the grantor out of each membership, also when names look like one', () => {
    writeFileSync(
      file('roles.sql'),
      [
        'GRANT grp TO own GRANTED BY postgres;',
        'GRANT grp TO own WITH ADMIN OPTION, INHERIT FALSE GRANTED BY "the ""boss"" GRANTED BY x";',
        'GRANT "a GRANTED BY postgres" TO own;',
        'GRANT grp TO "own GRANTED BY postgres;";',
        'GRANT SET ON PARAMETER work_mem TO own;',
        '',
      ].join('\n'),
    );
    run(block('GRANTED BY'));
    expect(readFileSync(file('roles-here.sql'), 'utf8').split('\n')).toEqual([
      'GRANT grp TO own;',
      'GRANT grp TO own WITH ADMIN OPTION, INHERIT FALSE;',
      'GRANT "a GRANTED BY postgres" TO own;',
      'GRANT grp TO "own GRANTED BY postgres;";',
      'GRANT SET ON PARAMETER work_mem TO own;',
      '',
    ]);
  });

  it('create the roles that are missing, and change none that exist', async () => {
    const database = await createDatabase();
    made.push(database);
    const [there, missing, group] = [`${own()} x"`, own(), own()];
    roles.push(missing, there, group);
    const q = `"${there.replaceAll('"', '""')}"`;
    await database.sql(`create role ${q} nologin; create role ${group}`);
    writeFileSync(
      file('roles-here.sql'),
      [
        `CREATE ROLE ${q};`,
        `ALTER ROLE ${q} WITH SUPERUSER LOGIN;`,
        `COMMENT ON ROLE ${q} IS 'two`,
        "lines';",
        `CREATE ROLE ${missing};`,
        `ALTER ROLE ${missing} WITH NOSUPERUSER LOGIN;`,
        `COMMENT ON ROLE ${missing} IS 'new`,
        "one';",
        `ALTER ROLE ${q} SET work_mem TO '1MB';`,
        `GRANT ${group} TO ${q};`,
        `GRANT ${group} TO ${missing} WITH ADMIN OPTION;`,
        '',
      ].join('\n'),
    );
    run(block('roles-missing.sql'));
    expect(
      await database.sql(
        `select rolsuper, rolcanlogin, rolconfig, shobj_description(r.oid, 'pg_authid') as said, (select count(*)::int from pg_auth_members where member = r.oid) as groups
         from pg_roles r where rolname in ('${missing}', $$${there}$$) order by rolcanlogin`,
      ),
    ).toEqual([
      { rolsuper: false, rolcanlogin: false, rolconfig: null, said: null, groups: 0 },
      { rolsuper: false, rolcanlogin: true, rolconfig: null, said: 'new\none', groups: 1 },
    ]);
  });

  it('restore a piped archive with NOT VALID constraints, and fail when pg_restore fails', async () => {
    const source = await createDatabase(`
      create table p (id int) partition by range (id); create table p1 partition of p for values from (0) to (1000000);
      insert into p select generate_series(1, 20000); alter table p add constraint negative check (id < 0) not valid`);
    const target = await createDatabase();
    made.push(source, target);
    writeFileSync(file('point.dump'), (await take(source.credentials)).archive);
    run(block('--section="$section"'), target.name);
    expect(
      await target.sql(
        'select count(*)::int as n, (select count(*)::int from pg_constraint where not convalidated) as c from p',
      ),
    ).toEqual([{ n: 20000, c: 2 }]);
    expect(() => run(block('--section="$section"'), target.name)).toThrow(/already exists/);
  });

  it('in short restore a dump into an empty database', async () => {
    const source = await createDatabase('create table t (id int primary key); insert into t values (1), (2)');
    made.push(source);
    writeFileSync(file('point.dump'), (await take(source.credentials)).archive);
    const name = own();
    run(block('createdb restored'), name);
    expect(run(`psql -d ${name} -Atc 'select count(*) from t'`)).toBe('2\n');
    run(`dropdb ${name}`);
  });

  it('put the lost rows of one table back, and leave its other rows alone', async () => {
    const source = await createDatabase(
      'create table orders (id int primary key, n int); insert into orders select i, i from generate_series(1, 100) i',
    );
    made.push(source);
    writeFileSync(file('point.dump'), (await take(source.credentials)).archive);
    await source.sql('delete from orders where id <= 40; update orders set n = -1 where id = 50');
    const part = own();
    run(
      block('create temp table lost')
        .replace(/\bpart\b/g, part)
        .replace(/ crm\b/g, ` ${source.name}`),
    );
    expect(
      await source.sql('select count(*)::int as rows, sum((n = -1)::int)::int as changed from orders'),
    ).toEqual([{ rows: 100, changed: 1 }]);
    run(`dropdb ${part}`);
  });
});
