import {
  childEnvironment,
  formatEnding,
  libpqEnvironment,
  start,
  withoutSecret,
} from '../../../../../lib/adapters/engines/postgres/process.ts';

const CREDENTIALS = {
  host: 'db.internal',
  port: 5433,
  database: 'crm',
  user: 'backup',
  password: 'hunter2',
  sslmode: 'verify-full',
} as const;

describe('withoutSecret', () => {
  test.each([
    ['FATAL: password "hunter2" of hunter2', 'FATAL: password "***" of ***'],
    ['nothing to hide', 'nothing to hide'],
    ['', ''],
  ])('%s becomes %s', (text, expected) => expect(withoutSecret(text, 'hunter2')).toBe(expected));

  test.each([
    ['postgres://u:other@db/crm', 'postgres://u:***@db/crm'],
    [
      'postgresql://u:other@db/crm and postgres://v:more@db',
      'postgresql://u:***@db/crm and postgres://v:***@db',
    ],
    ['postgres://u@db/crm', 'postgres://u@db/crm'],
    ['postgres://u:p@ss@db/crm', 'postgres://u:***@db/crm'],
    ['https://example.org:443/a@b', 'https://example.org:443/a@b'],
  ])('the password inside %s goes, whoever’s it is', (text, expected) =>
    expect(withoutSecret(text)).toBe(expected),
  );

  test('a secret with signs that mean something elsewhere is taken out as it is', () => {
    expect(withoutSecret('said $& a.*b $1', '$& a.*b')).toBe('said *** $1');
  });

  test('an empty secret changes nothing', () => expect(withoutSecret('abc', '')).toBe('abc'));
});

describe('how a program ended', () => {
  test.each([
    [{ code: 1, signal: null, stderr: 'error: no' }, 'pg_dump exited with 1: error: no'],
    [{ code: 0, signal: null, stderr: '' }, 'pg_dump exited with 0'],
    [{ code: null, signal: 'SIGKILL', stderr: '' } as const, 'pg_dump was ended by SIGKILL'],
    [{ code: null, signal: null, stderr: 'ENOENT' }, 'pg_dump could not start: ENOENT'],
  ])('%j is told as %s', (ending, expected) => expect(formatEnding('pg_dump', ending)).toBe(expected));

  test.each([
    [
      "pg_restore: error: could not execute query: ERROR:  password_required=false is superuser-only\nHINT:  no\nCommand was: CREATE USER MAPPING FOR public SERVER s OPTIONS (\n    password 'hunter3',\n    \"user\" 'app'\n);\n\npg_restore: warning: errors ignored: 1",
      'pg_restore: error: could not execute query: ERROR:  password_required=false is superuser-only\nHINT:  no\npg_restore: warning: errors ignored: 1',
    ],
    [
      'pg_restore: error: COPY failed for table "people": ERROR:  new row violates check constraint\nDETAIL:  Failing row contains (5, 078-05-1120).\nCONTEXT:  COPY people, line 1: "5\t078-05-1120"',
      'pg_restore: error: COPY failed for table "people": ERROR:  new row violates check constraint',
    ],
    [
      'pg_dump: error: query failed: ERROR:  permission denied\npg_dump: detail: Query was: LOCK TABLE a\nIN ACCESS SHARE MODE',
      'pg_dump: error: query failed: ERROR:  permission denied',
    ],
    [
      'pg_dump: error: Dumping the contents of table "t" failed: PQgetResult() failed.\npg_dump: detail: Error message from server: ERROR:  terminating\npg_dump: detail: Command was: COPY public.t (id, x)\nTO stdout;',
      'pg_dump: error: Dumping the contents of table "t" failed: PQgetResult() failed.\npg_dump: detail: Error message from server: ERROR:  terminating',
    ],
    [
      "psql:roles.sql:3: ERROR:  syntax error\nLINE 1: CREATE ROLE a PASSWORD 'hunter3'\n                    ^",
      'psql:roles.sql:3: ERROR:  syntax error',
    ],
    [
      "2026-11-20 UTC [1] ERROR:  no\n2026-11-20 UTC [1] STATEMENT:  alter role a password 'hunter3'\n2026-11-20 UTC [1] LOG:  bye",
      '2026-11-20 UTC [1] ERROR:  no\n2026-11-20 UTC [1] LOG:  bye',
    ],
    [
      "pg_restore: error: could not execute query: ERROR:  no\nCommand was: CREATE FUNCTION f()\n-- NOTICE: hidden\n password='hunter3'\nERROR: also hidden\npg_restore of hunter3",
      'pg_restore: error: could not execute query: ERROR:  no',
    ],
  ])('is told without statements and rows: %j', (stderr, said) =>
    expect(formatEnding('it', { code: 1, signal: null, stderr })).toBe(`it exited with 1: ${said}`),
  );

  test('is told by its last dozen lines, without the secret', () => {
    const stderr = Array.from({ length: 40 }, (_, line) => `line ${line} hunter2`).join('\n');
    const said = formatEnding('pg_dump', { code: 1, signal: null, stderr }, 'hunter2');
    expect(said.split('\n')).toHaveLength(12);
    expect(said).toContain('line 39 ***');
    expect(said).not.toContain('line 27 ');
    expect(said).not.toContain('hunter2');
  });
});

describe('a child', () => {
  test('gets nothing of this process’s own environment', async () => {
    process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test';
    const { child, ended } = start('/usr/bin/env', [], childEnvironment({ EXTRA: 'x' }));
    let out = '';
    child.stdout!.on('data', (chunk: Buffer) => (out += chunk.toString()));
    await ended;
    const names = out
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(names.sort()).toEqual(['EXTRA', 'HOME', 'LANG', 'LC_ALL', 'PATH', 'TZ']);
  });

  test('is told its source by environment, password and all', () => {
    expect(libpqEnvironment(CREDENTIALS)).toMatchObject({
      PGHOST: 'db.internal',
      PGPORT: '5433',
      PGDATABASE: 'crm',
      PGUSER: 'backup',
      PGPASSWORD: 'hunter2',
      PGSSLMODE: 'verify-full',
    });
  });

  test('that fails, is killed or does not exist is an ending and not an exception', async () => {
    const sh = (script: string) => start('/bin/sh', ['-c', script], childEnvironment()).ended;
    expect(await sh('echo no >&2; exit 3')).toEqual({ code: 3, signal: null, stderr: 'no' });
    expect(await sh('kill -9 $$')).toMatchObject({ code: null, signal: 'SIGKILL' });
    expect(await start('/no/such/program', [], {}).ended).toMatchObject({
      code: null,
      stderr: expect.stringContaining('/no/such/program'),
    });
  });

  test('that complains without end does not fill the memory: its last words are kept', async () => {
    const { stderr } = await start('/bin/sh', ['-c', 'seq 1 20000 >&2'], childEnvironment()).ended;
    expect(stderr.length).toBeLessThanOrEqual(8000);
    expect(stderr).toMatch(/19999\n20000$/);
  });
});
