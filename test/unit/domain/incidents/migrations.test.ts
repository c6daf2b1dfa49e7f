import { compareExpected, compareMigrations } from '../../../../lib/domain/incidents/migrations.ts';

const prisma = (...applied: string[]) => ({ tool: 'Prisma', table: 'public._prisma_migrations', applied });

test('the same migrations are no word worth', () => {
  expect(compareMigrations([prisma('1_a', '2_b')], [prisma('1_a', '2_b')])).toEqual([]);
  expect(compareMigrations([], [])).toEqual([]);
});

test('what only one side has is named, the newest of many', () => {
  const [text] = compareMigrations([prisma('1_a', '2_b', '3_c')], [prisma('1_a', '9_z')]);
  expect(text).toContain(
    'Prisma, public._prisma_migrations: it lacks 2 migrations that the living database has (2_b, 3_c)',
  );
  expect(text).toContain('it has 1 migration that the living database has not (9_z)');
  const many = Array.from({ length: 9 }, (_, n) => `m${n}`);
  expect(compareMigrations([prisma(...many)], [prisma()])[0]).toContain('(… m4, m5, m6, m7, m8)');
});

test('a table that one side does not have counts as empty', () => {
  const rails = { tool: 'Rails', table: 'public.schema_migrations', applied: ['20260101'] };
  expect(compareMigrations([rails], [])[0]).toContain('it lacks 1 migration');
  expect(compareMigrations([], [rails])[0]).toContain('it has 1 migration');
  expect(compareMigrations([rails], [{ ...rails, applied: ['20260101'] }, prisma()])).toEqual([]);
});

describe('what the application expects', () => {
  const rails = { tool: 'Rails', table: 'public.schema_migrations', applied: ['1_a', '20260101'] };

  test('is said to be there when it is, and nothing else', () => {
    expect(compareExpected(['1_a', '2_b'], [prisma('2_b', '1_a')])).toBe(
      'Prisma, public._prisma_migrations: the new database has the 2 migrations that the application expects, and no other',
    );
  });

  test('is compared with the table that has most of it: what lacks, and what the application does not know', () => {
    expect(compareExpected(['1_a', '2_b', '3_c'], [rails, prisma('1_a', '2_b', '9_z')])).toBe(
      'Prisma, public._prisma_migrations: the new database lacks 1 migration that the application expects (3_c); it has 1 migration that the application does not know (9_z): deploy the application of that time, or migrate the new database',
    );
  });

  test('is missing wholly from a table that is empty', () => {
    expect(compareExpected(['1_a'], [prisma()])).toContain(
      'lacks 1 migration that the application expects (1_a)',
    );
  });

  test('is not compared without a table of a known tool, which is no agreement', () => {
    const text = compareExpected(['1_a'], []);
    expect(text).toContain('the application expects 1 migration (1_a), which were not compared');
    expect(text).toContain('no table of a known tool');
  });
});
