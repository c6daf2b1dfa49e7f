import {
  childEnvironment,
  formatEnding,
  libpqEnvironment,
  start,
  withoutSecret,
} from '../../../../../lib/adapters/engines/postgres/process.ts';

describe('withoutSecret', () => {
  test.each([
    ['FATAL: password "hunter2" of hunter2', 'hunter2', 'FATAL: password "***" of ***'],
    ['nothing to hide', 'hunter2', 'nothing to hide'],
    ['', 'hunter2', ''],
    ['said $& a.*b $1', '$& a.*b', 'said *** $1'],
    ['abc', '', 'abc'],
    ['postgres://u:other@db/crm', undefined, 'postgres://u:***@db/crm'],
    ['postgresql://u:a@db/x and postgres://v:b@db', '', 'postgresql://u:***@db/x and postgres://v:***@db'],
    ['postgres://u@db/crm', undefined, 'postgres://u@db/crm'],
    ['postgres://u:p@ss@db/crm', undefined, 'postgres://u:***@db/crm'],
    ['https://example.org:443/a@b', undefined, 'https://example.org:443/a@b'],
  ])('hides in "%s" the secret "%s" and every password of a URL: "%s"', (text, secret, expected) => {
    expect(withoutSecret(text, secret)).toBe(expected);
  });
});

describe('formatEnding', () => {
  const failed = (stderr: string) => ({ code: 1, signal: null, stderr });

  test.each([
    [failed('error: no'), 'pg_dump exited with 1: error: no'],
    [{ code: 0, signal: null, stderr: '' }, 'pg_dump exited with 0'],
    [{ code: null, signal: 'SIGKILL', stderr: '' } as const, 'pg_dump was ended by SIGKILL'],
    [{ code: null, signal: null, stderr: 'ENOENT' }, 'pg_dump could not start: ENOENT'],
  ])('says of the ending %j: %s', (ending, expected) =>
    expect(formatEnding('pg_dump', ending)).toBe(expected),
  );

  const QUERY = 'pg_restore: error: could not execute query: ERROR:  no';
  const MAPPING = "Command was: CREATE USER MAPPING FOR public OPTIONS (\n    password 'hunter3'\n);\n";
  const FUNCTION =
    "Command was: CREATE FUNCTION f()\n-- NOTICE: hidden\n 'x'\nERROR: hidden\npg_restore of x";
  const COPY_OUT =
    'pg_dump: error: PQgetResult() failed.\npg_dump: detail: Error message: ERROR:  terminating';
  const CHECK =
    'pg_restore: error: COPY failed for table "people": ERROR:  new row violates check constraint';
  const ROW = 'DETAIL:  Failing row contains (5, 078-05-1120).\nCONTEXT:  COPY people, line 1: "5\t078"';
  const [ERROR, STATEMENT, LOG] = ['ERROR:  no', "STATEMENT:  alter role a password 'x'", 'LOG:  bye'].map(
    (line) => `2026-11-20 UTC [1] ${line}`,
  ) as [string, string, string];
  test.each([
    ['the statement of pg_restore', `${QUERY}\nHINT:  no`, MAPPING, 'pg_restore: warning: errors'],
    ['a statement that looks like messages', QUERY, FUNCTION],
    ['the row of a COPY', CHECK, ROW],
    ['the query of pg_dump', 'pg_dump: error: no', 'pg_dump: detail: Query was: LOCK a\nIN SHARE MODE'],
    ['the command of pg_dump', COPY_OUT, 'pg_dump: detail: Command was: COPY t (id, x)\nTO stdout;'],
    ['the line of a script', 'psql:roles.sql:3: ERROR:  no', "LINE 1: CREATE ROLE a PASSWORD 'x'\n       ^"],
    ['the statement of a log', ERROR, STATEMENT, LOG],
  ])('leaves out %s', (_, before, hidden, ...after) => {
    const stderr = [before, hidden, ...after].join('\n');
    expect(formatEnding('it', failed(stderr))).toBe(`it exited with 1: ${[before, ...after].join('\n')}`);
  });

  test('says the last dozen lines, without the secret', () => {
    const stderr = Array.from({ length: 40 }, (_, line) => `line ${line} hunter2`).join('\n');
    const said = formatEnding('pg_dump', failed(stderr), 'hunter2');
    expect(said.split('\n')).toHaveLength(12);
    expect(said).toContain('line 39 ***');
    expect(said).not.toMatch(/line 27 |hunter2/);
  });
});

describe('a child process', () => {
  test('gets nothing of its parent’s environment', async () => {
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

  test('has no home that anybody could leave files in', async () => {
    const { ended } = start('/bin/sh', ['-c', 'test -n "$HOME" && ! test -e "$HOME"'], childEnvironment());
    expect(await ended).toMatchObject({ code: 0 });
  });

  test('of libpq gets its source and password in its environment', async () => {
    const connection = { host: 'db.internal', port: 5433, database: 'd', user: 'u', password: 'hunter2' };
    expect(await libpqEnvironment({ ...connection, sslmode: 'verify-full' })).toMatchObject({
      PGHOST: 'db.internal',
      PGPORT: '5433',
      PGDATABASE: 'd',
      PGUSER: 'u',
      PGPASSWORD: 'hunter2',
      PGSSLMODE: 'verify-full',
    });
  });

  test('that fails, is killed or does not exist has an ending and throws nothing', async () => {
    const sh = (script: string) => start('/bin/sh', ['-c', script], childEnvironment()).ended;
    expect(await sh('echo no >&2; exit 3')).toEqual({ code: 3, signal: null, stderr: 'no' });
    expect(await sh('kill -9 $$')).toMatchObject({ code: null, signal: 'SIGKILL' });
    const stderr = expect.stringContaining('/no/such/program');
    expect(await start('/no/such/program', [], {}).ended).toMatchObject({ code: null, stderr });
  });

  test('that writes without end has the last 8,000 characters of its errors kept', async () => {
    const { stderr } = await start('/bin/sh', ['-c', 'seq 1 20000 >&2'], childEnvironment()).ended;
    expect(stderr.length).toBeLessThanOrEqual(8000);
    expect(stderr).toMatch(/19999\n20000$/);
  });
});
