import {
  missingRoles,
  portableRoles,
} from '../../../../../../lib/adapters/engines/postgres/restore/role-statements.ts';

const portable = (text: string) => portableRoles(text).text;

test.each<[string, string, string]>([
  ['the source’s first superuser', 'GRANT grp TO own GRANTED BY postgres;\n', 'GRANT grp TO own;\n'],
  [
    'with options',
    'GRANT grp TO own WITH ADMIN OPTION, INHERIT FALSE, SET FALSE GRANTED BY rdsadmin;\n',
    'GRANT grp TO own WITH ADMIN OPTION, INHERIT FALSE, SET FALSE;\n',
  ],
  ['whose name is quoted', 'GRANT grp TO own GRANTED BY "the; ""boss"" GRANTED BY x";', 'GRANT grp TO own;'],
])('portableRoles leaves out a grantor without ADMIN: %s', (_, given, expected) => {
  expect(portable(given)).toBe(expected);
});

test('portableRoles keeps a chain of grantors who each hold ADMIN by an earlier statement', () => {
  const chain = [
    'GRANT grp TO a WITH ADMIN OPTION, INHERIT TRUE GRANTED BY postgres;',
    'GRANT grp TO b WITH ADMIN OPTION, INHERIT FALSE GRANTED BY a;',
    'GRANT grp TO c WITH INHERIT TRUE GRANTED BY b;',
    'GRANT grp TO d WITH INHERIT TRUE GRANTED BY c;',
    'GRANT other TO d WITH INHERIT TRUE GRANTED BY a;',
  ].join('\n');
  expect(portable(chain).split('\n')).toEqual([
    'GRANT grp TO a WITH ADMIN OPTION, INHERIT TRUE;',
    'GRANT grp TO b WITH ADMIN OPTION, INHERIT FALSE GRANTED BY a;',
    'GRANT grp TO c WITH INHERIT TRUE GRANTED BY b;',
    'GRANT grp TO d WITH INHERIT TRUE;',
    'GRANT other TO d WITH INHERIT TRUE;',
  ]);
});

test.each([
  'GRANT "a GRANTED BY postgres" TO own;\n',
  'GRANT grp TO "own GRANTED BY postgres;";\n',
  "COMMENT ON ROLE own IS 'it''s\nGRANT grp TO own GRANTED BY postgres;\n';\n",
  "ALTER ROLE own SET application_name TO E'a\\'; GRANT grp TO own GRANTED BY postgres;';\n",
  '-- GRANT grp TO own GRANTED BY postgres;\n',
  '\\restrict k9xQ\nGRANT SET ON PARAMETER work_mem TO own;\n',
  'GRANT ALTER SYSTEM ON PARAMETER "my.x" TO own WITH GRANT OPTION;\n',
  'CREATE ROLE "gr\xf6\xdfe \xff";\nno end',
])('portableRoles keeps byte for byte: %j', (text) => expect(portable(text)).toBe(text));

test('portableRoles knows each statement by its lines, as psql names them in errors', () => {
  const text =
    '--\n-- Roles\n\nCREATE ROLE a;\nCOMMENT ON ROLE a IS \'x\ny;\nz\';\nGRANT a TO "b\nc" GRANTED BY "y\nz";\nSET x = 1; CREATE ROLE b;\n';
  expect(portableRoles(text).statements).toEqual([
    { kind: 'role', first: 4, last: 4 },
    { kind: 'other', first: 5, last: 7 },
    { kind: 'membership', first: 8, last: 9 },
    { kind: 'other', first: 10, last: 10 },
    { kind: 'role', first: 10, last: 10 },
  ]);
});

test('missingRoles keeps the statements of roles that are not there, and no command of psql', () => {
  const text = [
    'CREATE ROLE there;',
    'ALTER ROLE there WITH SUPERUSER;',
    'CREATE ROLE "a New"',
    '\\! touch /tmp/run',
    ';',
    'ALTER ROLE "a New" WITH NOLOGIN;',
    "COMMENT ON ROLE there IS 'x';",
    'COMMENT ON ROLE "a New" IS \'y\';',
    'GRANT there TO "a New";',
    'GRANT "a New" TO there;',
  ].join('\n');
  expect(missingRoles(text, new Set(['there'])).split('\n')).toEqual([
    'CREATE ROLE "a New"',
    ';',
    'ALTER ROLE "a New" WITH NOLOGIN;',
    'COMMENT ON ROLE "a New" IS \'y\';',
    'GRANT there TO "a New";',
  ]);
});
