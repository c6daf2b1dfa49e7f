import { compareMigrations } from '../../../../lib/domain/incidents/migrations.ts';

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
