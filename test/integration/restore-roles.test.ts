import { createHash, randomBytes } from 'node:crypto';
import { formatDifference } from '../../lib/domain/proof/proof.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { withCopy } from '../support/restored-copy.ts';
import { type Taken, take } from '../support/source.ts';

/** Roles belong to the whole server, so each test has names of its own. */
const own = () => `r${randomBytes(4).toString('hex')}`;
const major = async (database: TestDatabase) =>
  Number((await database.sql('show server_version_num'))[0]!['server_version_num']) / 10_000;

/** The same roles file with other words in it. */
function withRoles(taken: Taken, change: (roles: string) => string): Taken {
  const roles = Buffer.from(change(taken.roles.toString('utf8')));
  const sha256 = createHash('sha256').update(roles).digest('hex');
  return { ...taken, roles, manifest: { ...taken.manifest, roles: { ...taken.manifest.roles, sha256 } } };
}

describe('the roles of a copy', () => {
  const databases: TestDatabase[] = [];
  const roles: string[] = [];
  const make = async (fill: string, names: string[]) => {
    const database = await createDatabase(fill);
    databases.push(database);
    roles.push(...names);
    return database;
  };
  afterAll(async () => {
    const [first] = databases;
    for (const database of databases.slice(1)) await database.drop();
    for (const role of roles) await first!.sql(`drop owned by "${role}"; drop role if exists "${role}"`);
    await first!.drop();
  });

  it('keep their memberships, by which a materialized view is filled', async () => {
    const [group, owner] = [own(), own()];
    const database = await make(
      `create role ${group}; create role ${owner}; grant ${group} to ${owner};
       create schema s; create table s.t (x int); insert into s.t values (1); grant usage on schema s to ${group}; grant select on s.t to ${group}; grant create, usage on schema s to ${owner};
       create materialized view s.mv as select * from s.t; alter materialized view s.mv owner to ${owner}`,
      [owner, group],
    );
    await withCopy(await take(database.credentials), async (copy) => {
      expect((await copy.proof()).differences.map(formatDifference)).toEqual([]);
      expect(copy.notes).toEqual([]);
      expect(await copy.value('select count(*) from s.mv')).toBe('1');
    });
  });

  it('that were superusers refresh a materialized view that grants them nothing', async () => {
    const database = await make(
      `create schema m; create table m.t (x int); insert into m.t values (1); create materialized view m.mv as select * from m.t;
       revoke all on m.t, m.mv from current_user`,
      [],
    );
    await withCopy(await take(database.credentials), async (copy) => {
      expect((await copy.proof()).differences.map(formatDifference)).toEqual([]);
      expect(await copy.value('select count(*) from m.mv')).toBe('1');
    });
  });

  it('keep chains of grantors with their options, under names with semicolons and quotes', async () => {
    const [group, a, b] = [`${own()}"; GRANTED BY "x`, own(), `${own()} GRANTED BY postgres`];
    const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
    const database = await make(
      `create role ${quoted(group)}; create role ${a}; create role ${quoted(b)};
       grant ${quoted(group)} to ${a} with admin option`,
      [],
    );
    roles.push(b, a, group.replaceAll('"', '""'));
    const options = (await major(database)) >= 16 ? 'with inherit false, set false' : '';
    const at16 = options !== '';
    await database.sql(`set role ${a}; grant ${quoted(group)} to ${quoted(b)} ${options}`);
    await withCopy(await take(database.credentials), async (copy) => {
      const memberships = await copy.value(
        `select string_agg(m.member::regrole || ' ' || m.admin_option || ' ' || (m.grantor::regrole::text = '${a}' and ${at16}) || ' ' || coalesce(to_jsonb(m) ->> 'inherit_option', 'false') || ' ' || coalesce(to_jsonb(m) ->> 'set_option', 'false'), ', ' order by m.admin_option desc)
         from pg_auth_members m join pg_roles r on r.oid = m.roleid where r.rolname = $name$${group}$name$ and m.member::regrole::text not like 'understudy%'`,
      );
      // Before 16 a grantor means nothing.
      expect(memberships).toBe(`${a} true false ${at16} ${at16}, ${quoted(b)} false ${at16} false false`);
    });
  });

  it('lose the rights to files and programs, also those that another role granted', async () => {
    const [a, b] = [own(), own()];
    const database = await make(
      `create role ${a} superuser; create role ${b}; grant pg_execute_server_program to ${a} with admin option`,
      [b, a],
    );
    await database.sql(`set role ${a}; grant pg_execute_server_program to ${b}`);
    await withCopy(await take(database.credentials), async (copy) => {
      expect(
        await copy.value(
          `select count(*) from pg_roles where rolname in ('${a}', '${b}') and (rolsuper or pg_has_role(oid, 'pg_execute_server_program', 'member'))`,
        ),
      ).toBe('0');
    });
  });

  it('may have the names that scratch servers used for their own', async () => {
    const database = await make('create table t (x int)', []);
    const taken = await take(database.credentials);
    const named = withRoles(
      taken,
      (text) =>
        `${text}\nCREATE ROLE understudy_scratch;\nALTER ROLE understudy_scratch WITH NOSUPERUSER NOLOGIN;\nCREATE ROLE understudy_restore;\n`,
    );
    await withCopy(named, async (copy) => {
      expect((await copy.proof()).differences).toEqual([]);
      expect(
        await copy.value(
          "select count(*) from pg_roles where rolname in ('understudy_scratch', 'understudy_restore')",
        ),
      ).toBe('2');
    });
  });

  it('fail the restore with their lines when they cannot be created', async () => {
    const database = await make('create table t (x int)', []);
    const taken = await take(database.credentials);
    const broken = withRoles(taken, (text) => `${text}\nGRANT nobody_made TO postgres;\n`);
    await expect(withCopy(broken, async () => 'restored')).rejects.toMatchObject({
      code: 'roles-incomplete',
      message: expect.stringMatching(/line \d+: role "nobody_made" does not exist/),
    });
  });

  it('of another service, and settings that are unknown here, are noted', async () => {
    const database = await make('create table t (x int)', []);
    const taken = await take(database.credentials);
    const foreign = withRoles(
      taken,
      (text) =>
        `${text}\nGRANT pg_of_another_service TO postgres;\nALTER ROLE postgres SET work_mem TO 'secret';\n`,
    );
    await withCopy(foreign, async (copy) => {
      expect(copy.notes.join()).toMatch(
        /^roles: role "pg_of_another_service" does not exist; invalid value for parameter "work_mem"/,
      );
      expect(copy.notes.join()).not.toContain('secret');
    });
  });
});
