import { withoutValues } from '../../../../../lib/adapters/engines/postgres/error-text.ts';

const one = (message: string) =>
  withoutValues([`pg_restore: error: COPY failed for table "t": ERROR:  ${message}`])[0];

test.each([
  ['invalid input syntax for type money: "1.234,56 €"'],
  ['invalid input syntax for type integer: "a "secret: "1.234,56 €" b"'],
  ['invalid input value for enum mood: "1.234,56 €"'],
  ['value "1.234,56 €" is out of range for type integer'],
  ['date/time field value out of range: "1.234,56 €"'],
  ['malformed array literal: "1.234,56 €"'],
  ['time zone "1.234,56 €" not recognized'],
  ['invalid value for parameter "x": "1.234,56 €"'],
  ['Token "1.234,56 €" is invalid.'],
])('withoutValues leaves out the value in: %s', (message) => {
  expect(one(message)).not.toMatch(/1\.234|secret/);
  expect(one(message)).toMatch(/^pg_restore: error: COPY failed for table "t": ERROR: {2}\w/);
});

test('withoutValues leaves out the bytes of a row', () => {
  expect(one('invalid byte sequence for encoding "UTF8": 0xe9 0x20 0x61')).toBe(
    'pg_restore: error: COPY failed for table "t": ERROR:  invalid byte sequence for encoding "UTF8":',
  );
});

test.each([
  'insert or update on table "orders" violates foreign key constraint "orders_c_fkey"',
  'null value in column "x" of relation "t" violates not-null constraint',
  'duplicate key value violates unique constraint "t_pkey"',
  'collation "pg_catalog.de_DE.utf8" for encoding "UTF8" does not exist',
  'security label provider "anon" is not loaded',
  'could not access file "$libdir/unaccent": No such file or directory',
  'permission denied for language plperlu',
  'type "hstore" does not exist',
  'permission denied to grant privileges as role "postgres"',
  'must be owner of type integer',
])('withoutValues keeps the names in: %s', (message) => expect(one(message)).toContain(message));

test('withoutValues leaves out what a function raises, with its detail and hint, and names the function', () => {
  expect(
    withoutValues([
      'pg_restore: from TOC entry 5; 0 1 TABLE DATA public t o',
      'pg_restore: error: COPY failed for table "t": ERROR:  no such customer: Jane',
      'of 4, Main Street',
      'DETAIL:  Jane',
      'HINT:  ask Jane',
      'CONTEXT:  PL/pgSQL function public.known(text) line 3 at RAISE',
      'COPY t, line 1: "Jane"',
      'pg_restore: warning: errors ignored on restore: 1',
    ]),
  ).toEqual([
    'pg_restore: from TOC entry 5; 0 1 TABLE DATA public t o',
    'pg_restore: error: COPY failed for table "t": ERROR:  an error that function public.known(text) raises',
    'CONTEXT:  PL/pgSQL function public.known(text) line 3 at RAISE',
    'pg_restore: warning: errors ignored on restore: 1',
  ]);
});

test.each(['PL/Perl function "f"', 'PL/Python function "f"'])(
  'withoutValues leaves out what a %s raises',
  (where) => {
    expect(withoutValues(['ERROR:  Jane at line 1.', `CONTEXT:  ${where}`])[0]).toBe(
      'ERROR:  an error that function f raises',
    );
  },
);

test('withoutValues keeps an error of the server that comes from inside a function', () => {
  expect(
    withoutValues([
      'ERROR:  relation "customers" does not exist',
      'LINE 1: select name from customers where …',
      'QUERY:  select …',
      'CONTEXT:  PL/pgSQL function public.known(text) line 3 at SQL statement',
    ])[0],
  ).toBe('ERROR:  relation "customers" does not exist');
});

test('withoutValues keeps the first line of a message', () => {
  expect(
    withoutValues(['psql:x.sql:3: ERROR:  syntax error', 'Jane', 'psql:x.sql:4: ERROR:  other']),
  ).toEqual(['psql:x.sql:3: ERROR:  syntax error', 'psql:x.sql:4: ERROR:  other']);
});
