import { randomBytes } from 'node:crypto';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { withCopy } from '../support/restored-copy.ts';
import { engine, never, policyWith, take } from '../support/source.ts';

/** Roles are the whole server's: each test has its own names. */
const role = () => `"Röle ${randomBytes(4).toString('hex')}"`;

describe('a role that changes during a dump', () => {
  let database: TestDatabase;
  const dropped: string[] = [];
  beforeEach(async () => {
    database = await createDatabase('create table leads (x int); insert into leads values (1)');
  });
  afterEach(async () => {
    await database.drop();
    const server = await createDatabase();
    for (const name of dropped.splice(0)) await server.sql(`drop role if exists ${name}`);
    await server.drop();
  });

  it.each<[string, (name: string, group: string) => [before: string, meanwhile: string, roles: string[]]]>([
    [
      'is dropped, after its privileges were taken back',
      (name) => [
        `create role ${name}; grant select on leads to ${name}; alter default privileges grant select on tables to ${name}`,
        `drop owned by ${name}; drop role ${name}`,
        [],
      ],
    ],
    [
      'owned a function that another role owns now',
      (name) => [
        `create role ${name}; create function f() returns int language sql as 'select 1'; alter function f() owner to ${name}`,
        `reassign owned by ${name} to current_user; drop role ${name}`,
        [],
      ],
    ],
    [
      'is renamed, and owns a table and a materialized view that reads by a group',
      (name, group) => [
        `create role ${group}; create role ${name} in role ${group}; grant select on leads to ${group}; grant create on schema public to ${name};
         create materialized view m as select * from leads; alter materialized view m owner to ${name}; create table own (x int); alter table own owner to ${name}`,
        `alter role ${name} rename to "renamed ${name.slice(1)}`,
        [`"renamed ${name.slice(1)}`],
      ],
    ],
  ])('restores from that dump if it %s', async (_what, sqlFor) => {
    const [name, group] = [role(), role()];
    const [before, meanwhile, more] = sqlFor(name, group);
    dropped.push(name, ...more, group);
    await database.sql(before);
    const taken = await take(database.credentials, policyWith(), undefined, () =>
      database.sql(meanwhile).then(() => undefined),
    );
    await withCopy(taken, async (copy) => {
      expect(await copy.proof()).toMatchObject({ equal: true, strength: 'exact', differences: [] });
      expect(copy.notes).toEqual([]);
    });
  });

  it('ends the dump as schema-changing if pg_dump may have read privileges by its newest name', async () => {
    const name = role();
    dropped.push(name);
    await database.sql(`create role ${name}; grant select on leads to ${name}`);
    const held = await engine().hold(database.credentials, policyWith(), never());
    try {
      await database.sql(`drop owned by ${name}; drop role ${name}`);
      await held.content('counts', []);
      await expect(held.unchanged()).rejects.toMatchObject({
        code: 'schema-changing',
        message: expect.stringContaining(`role ${name.slice(1, -1)}`),
      });
    } finally {
      await held.release();
    }
  });

  it('does not concern a dump of a database that does not name it', async () => {
    const name = role();
    await database.sql(`create role ${name}`);
    const held = await engine().hold(database.credentials, policyWith(), never());
    try {
      await database.sql(`drop role ${name}`);
      await held.content('counts', []);
      await held.unchanged();
      expect((await held.roles()).toString('utf8')).not.toContain(name);
    } finally {
      await held.release();
    }
  });
});
