import { formatDifference } from '../../lib/domain/proof/proof.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { withCopy } from '../support/restored-copy.ts';
import { type Taken, take } from '../support/source.ts';

const OBJECTS: [kind: string, name: string, changed: string][] = [
  ['view', 'public.report', 'create or replace view public.report as select id + 2 as id from public.t'],
  ['column', 'public.t.made', "alter table public.t alter column made set default 'other'"],
  [
    'index',
    'public.made_index',
    'drop index public.made_index; create index made_index on public.t (lower(made) desc)',
  ],
  [
    'constraint',
    'public.t made_check',
    'alter table public.t drop constraint made_check; alter table public.t add constraint made_check check (id > -2)',
  ],
  ['policy', 'public.t own', 'alter policy own on public.t using (id > 7)'],
  [
    'function',
    'public.f(a integer)',
    'create or replace function public.f(a int default 8) returns int language sql begin atomic; select a + 1; end',
  ],
  ['type', 'public."Odd Domain"', `alter domain public."Odd Domain" set default 'z'`],
];

/** A manifest as if PostgreSQL had written the expressions of one object in a way that no rule of ours folds. */
function writtenOtherwise(taken: Taken, kind: string, name: string, text?: string): Taken {
  const [, , plain, written] = taken.manifest.schema[kind]![name]!.split(':');
  const other = ['0'.repeat(24), '1'.repeat(24), plain, text ?? written].join(':');
  const schema = { ...taken.manifest.schema, [kind]: { ...taken.manifest.schema[kind], [name]: other } };
  return { ...taken, manifest: { ...taken.manifest, schema } };
}

describe('the second look at an expression that a copy writes in another way', () => {
  let database: TestDatabase;
  let taken: Taken;
  beforeAll(async () => {
    database = await createDatabase(
      `create table t (id int, made text default 'new'::text || 'er', constraint made_check check (id > -1)); insert into t values (1);
      create view report as select id + 1 as id from t; create index made_index on t (lower(made));
      create policy own on t using (id > 0); create function f(a int default 7) returns int language sql begin atomic; select a; end;
      create domain "Odd Domain" as text default 'a'::text || 'b'`,
    );
    taken = await take(database.credentials);
  });
  afterAll(() => database.drop());

  it('finds each kind of object equal when the archive has the source’s text', async () => {
    const otherwise = OBJECTS.reduce((all, [kind, name]) => writtenOtherwise(all, kind, name), taken);
    await withCopy(otherwise, async (copy) => {
      expect((await copy.proof()).differences.map(formatDifference)).toEqual([]);
    });
  });

  it('confirms the difference when the archive does not have the source’s text', async () => {
    const elsewhere = `12.${'a'.repeat(24)}`;
    await withCopy(writtenOtherwise(taken, 'view', 'public.report', elsewhere), async (copy) => {
      expect((await copy.proof()).differences).toEqual([
        { kind: 'view', name: 'public.report', what: 'changed' },
      ]);
    });
  });

  it('confirms the difference of a copy that was changed', async () => {
    await withCopy(taken, async (copy) => {
      for (const [kind, name, changed] of OBJECTS) {
        await copy.sql(changed);
        expect((await copy.proof()).differences).toContainEqual({ kind, name, what: 'changed' });
      }
    });
  });
});
