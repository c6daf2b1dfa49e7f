import { formatDifference, type Proof } from '../../lib/domain/proof/proof.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { DAMAGE } from '../support/majors.ts';
import { restored } from '../support/restored.ts';
import { withCopy } from '../support/restored-copy.ts';
import { type Taken, take } from '../support/source.ts';

const SUPPORTED = Object.keys(DAMAGE).map(Number);

/** Features of each major, in a database that has those of all majors up to the server's. */
describe('the features of every PostgreSQL major up to the server’s', () => {
  const databases: TestDatabase[] = [];
  const roles = new Set<string>();
  let major: number;
  let version: string;
  let taken: Taken;

  const make = async (fill?: string, options?: string) => {
    const database = await createDatabase(undefined, options);
    databases.push(database);
    if (fill) await database.sql(fill);
    return database;
  };

  beforeAll(async () => {
    const database = await make();
    const [server] = await database.sql(
      "select current_setting('server_version') as version, current_setting('server_version_num')::int / 10000 as major",
    );
    ({ major, version } = server as { major: number; version: string });
    for (const each of SUPPORTED.filter((one) => one <= major)) await database.script(`majors/${each}.sql`);
    for (const { name } of await database.sql(
      "select rolname as name from pg_roles where rolname ~ '^m1[5-9]_'",
    ))
      roles.add(name as string);
    taken = await take(database.credentials);
  });
  afterAll(async () => {
    for (const database of databases) await database.drop();
    const cleaner = await createDatabase();
    for (const role of roles) await cleaner.sql(`drop role ${role}`);
    await cleaner.drop();
  });

  it('are tested on the server that the run names', () => {
    expect(SUPPORTED).toContain(major);
    const said = process.env['TEST_SERVER'];
    if (said) expect(`PostgreSQL ${version}`).toContain(said);
  });

  it('are restored exactly, and damage to each is named', async () => {
    const damages = SUPPORTED.filter((one) => one <= major).flatMap((one) => DAMAGE[one]!);
    const missed = await withCopy(taken, async (copy) => {
      const faithful = await copy.proof();
      expect(faithful.differences.map(formatDifference)).toEqual([]);
      expect(faithful).toMatchObject({ equal: true, strength: 'exact' });
      const missed: unknown[] = [];
      for (const [what, sql, named] of damages) {
        const found = await copy.proofAfter(sql).then(differencesOf, (error: Error) => [error.message]);
        if (!found.includes(named)) missed.push({ what, named, found });
      }
      return missed;
    });
    expect(missed).toEqual([]);
  });

  it.each([
    [17, 'C.UTF-8'],
    [18, 'PG_UNICODE_FAST'],
  ])(
    'include, since %s, a database sorted by the builtin locale %s, which is restored exactly',
    async (since, locale) => {
      if (major < since) return;
      const database = await make(
        "create table words (s text primary key); insert into words values ('ä'), ('Z'), ('a')",
        `locale_provider builtin builtin_locale '${locale}'`,
      );
      expect((await restored(await take(database.credentials))).differences).toEqual([]);
    },
  );
});

const differencesOf = (proof: Proof) => proof.differences.map(({ kind, name }) => `${kind} ${name}`);
