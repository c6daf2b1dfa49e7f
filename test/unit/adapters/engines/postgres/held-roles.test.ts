import { type HeldRole, withHeldRoles } from '../../../../../lib/adapters/engines/postgres/held-roles.ts';

const DUMPED = `-- Roles
SET client_encoding = 'UTF8';
CREATE ROLE app;
ALTER ROLE app WITH LOGIN;
CREATE ROLE "The ""boss""";
GRANT app TO "The ""boss""" WITH ADMIN OPTION GRANTED BY app;
GRANT pg_monitor TO app;
-- PostgreSQL database cluster dump complete
`;
const held = (name: string, grants = ''): HeldRole => ({
  oid: '1',
  name,
  create: `CREATE ROLE ${name};\n`,
  grants,
});

test('roles that pg_dumpall has are left as it wrote them', () => {
  expect(withHeldRoles(DUMPED, [held('app'), held('The "boss"')])).toBe(DUMPED);
});

test('a role that only the snapshot has is created first and becomes a member last', () => {
  const sql = withHeldRoles(DUMPED, [held('app'), held('temp', 'GRANT app TO temp;\n')]);
  expect(sql.indexOf('CREATE ROLE temp;')).toBeLessThan(sql.indexOf('CREATE ROLE app;'));
  expect(sql.indexOf('GRANT app TO temp;')).toBeGreaterThan(sql.indexOf('GRANT pg_monitor'));
  expect(sql.replace('CREATE ROLE temp;\n', '').replace('\nGRANT app TO temp;\n', '')).toBe(DUMPED);
});

test('a member that pg_dumpall names and does not create is created', () => {
  const sql = withHeldRoles(DUMPED.replace('CREATE ROLE "The ""boss""";\n', ''), []);
  expect(sql).toContain('CREATE ROLE "The ""boss""";\nCREATE ROLE app;');
});
