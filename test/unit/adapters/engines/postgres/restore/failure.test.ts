import type { ArchiveEntry } from '../../../../../../lib/adapters/engines/postgres/restore/archive-toc.ts';
import { failureOf, type Without } from '../../../../../../lib/adapters/engines/postgres/restore/failure.ts';
import { errorsOf } from '../../../../../../lib/adapters/engines/postgres/restore/pg-restore.ts';

const entry = (id: number, type: string, name: string, needs: number[] = []): ArchiveEntry => ({
  id,
  catalog: 1,
  oid: id,
  type,
  schema: 'public',
  name,
  owner: 'o',
  section: 'pre-data',
  definition: '',
  needs,
});
const ENTRIES = [
  entry(1, 'FUNCTION', 'f(integer)'),
  entry(2, 'TABLE', 't', [1]),
  entry(3, 'TABLE DATA', 't', [2]),
  entry(4, 'SECURITY LABEL', 'TABLE t', [2]),
  entry(5, 'TABLE', 'u'),
];
const from = (id: number) => `pg_restore: from TOC entry ${id}; 1259 16390 TABLE public t o\n`;
const error = (message: string) => `pg_restore: error: could not execute query: ERROR:  ${message}\n`;
const NOTHING: Without = { extensions: [], named: [], locale: false };

function judge(stderr: string, without: Partial<Without> = {}, code: number | null = 1, entries = ENTRIES) {
  const ending = { code, signal: null, stderr };
  return failureOf({ ending, errors: errorsOf(stderr, entries) }, entries, { ...NOTHING, ...without });
}

test('errorsOf gives each error to the entry that pg_restore names before it, also two errors to one entry', () => {
  const stderr = `${from(1)}${error('permission denied for language c')}Command was: CREATE FUNCTION f
pg_restore: error: could not execute query: ERROR:  function public.f(integer) does not exist
Command was: ALTER FUNCTION f OWNER TO o;
${from(5)}${error('relation "x" does not exist')}CONTEXT:  SQL function "g" during inlining`;
  const said = expect.any(String);
  const context = expect.stringContaining('CONTEXT:  SQL function "g" during inlining');
  expect(errorsOf(stderr, ENTRIES)).toEqual([
    { entry: ENTRIES[0], message: 'permission denied for language c', said },
    { entry: ENTRIES[0], message: 'function public.f(integer) does not exist', said },
    { entry: ENTRIES[4], message: 'relation "x" does not exist', said: context },
  ]);
});

test('a failure names what failed by itself, and counts what needs it', () => {
  const errors = [
    from(1) + error('permission denied for language c'),
    from(2) + error('function public.f(integer) does not exist'),
    from(5) + error('permission denied to create "pg_catalog.u"'),
  ];
  expect(judge(errors.join(''))).toMatchObject({
    code: 'restore-needs-superuser',
    message:
      'pg_restore could not restore function public.f(integer): permission denied for language c; table public.u: permission denied to create "pg_catalog.u" (and 1 more errors after these)',
  });
});

const [GERMAN, PARTITION] = [
  'collation "pg_catalog.de_DE.utf8"',
  'new row for relation "w" violates partition constraint',
];
const FILENAME = 'permission denied to set the "filename" option of a file_fdw foreign table';
test.each<[string, string, Partial<Without>]>([
  ['restore-needs-superuser', 'must be owner of type character varying or type json', {}],
  ['restore-needs-superuser', 'only superuser can define a leakproof function', {}],
  ['restore-needs-superuser', 'must be superuser to create an operator class', {}],
  ['restore-needs-superuser', 'aggregate transition data type cannot be internal', {}],
  ['restore-needs-superuser', 'permission denied for foreign-data wrapper file_fdw', {}],
  ['restore-needs-superuser', FILENAME, {}],
  ['restore-needs-label-provider', 'security label provider "anon" is not loaded', {}],
  ['restore-needs-label-provider', 'no security label providers have been loaded', {}],
  ['restore-needs-locale', `${GERMAN} for encoding "UTF8" does not exist`, {}],
  ['restore-needs-locale', `${GERMAN} does not exist`, {}],
  ['restore-needs-locale', 'could not create locale "de_DE": No such file or directory', {}],
  ['restore-needs-locale', 'invalid input syntax for type money: "1.234,56 €"', {}],
  ['restore-needs-locale', PARTITION, { locale: true }],
  ['restore-failed', PARTITION, {}],
  ['restore-needs-extension', 'schema "cron" does not exist', { extensions: ['pg_cron'] }],
  ['restore-failed', 'schema "cron" does not exist', {}],
  ['restore-needs-library', 'could not access file "$libdir/mine": No such file or directory', {}],
  ['restore-left-out', 'function public.f(integer) does not exist', { named: [ENTRIES[0]!] }],
  ['restore-failed', 'permission denied for table sales', {}],
])('a failure is %s after the error: %s (without %j)', (code, message, without) => {
  const found = judge(`${from(5)}${error(message)}`, without);
  expect(found).toMatchObject({ code, hint: expect.any(String) });
  expect(found!.message).not.toContain('1.234');
});

test('the failure of a pg_restore that died or lost its connection says so, and names no entry', () => {
  expect(judge(`${from(5)}${error('x')}`, {}, null)!.message).toMatch(/^pg_restore could not start/);
  expect(judge('pg_restore: error: connection to server lost')!.message).toBe(
    'pg_restore exited with 1: pg_restore: error: connection to server lost',
  );
});

test('a failure names twenty entries and counts the others', () => {
  const many = Array.from({ length: 30 }, (_, index) => entry(index + 1, 'TABLE', `t${index}`));
  const stderr = many.map(({ id }) => from(id) + error('x')).join('');
  expect(judge(stderr, {}, 1, many)!.message).toMatch(/table public\.t19: x; and 10 more$/);
});
