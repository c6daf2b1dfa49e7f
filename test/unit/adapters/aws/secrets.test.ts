import { parseSecret } from '../../../../lib/adapters/aws/secrets.ts';
import { UnderstudyError } from '../../../../lib/domain/errors.ts';
import type { ConnectionSettings } from '../../../../lib/domain/plan/policy.ts';
import { target } from '../../../support/builders.ts';

const PASSWORD = 'hunter2-å/:@%';

const read = (secret: unknown, settings: Partial<ConnectionSettings> = {}) =>
  parseSecret(
    typeof secret === 'string' ? secret : JSON.stringify(secret),
    target({ connection: { secret: 'understudy/crm', ...settings } }),
  );

describe('JSON as RDS writes it', () => {
  const WHOLE = {
    username: 'backup',
    password: PASSWORD,
    host: 'db.internal',
    port: 5433,
    dbname: 'crm',
    engine: 'postgres',
  };

  test('says everything', () => {
    expect(read(WHOLE)).toEqual({
      host: 'db.internal',
      port: 5433,
      database: 'crm',
      user: 'backup',
      password: PASSWORD,
      sslmode: 'require',
    });
  });

  test('may hold user and password only; the rest comes from the target', () => {
    const settings = { host: 'rds.internal', port: 5434, database: 'crm_prod' };
    expect(read({ username: 'u', password: 'p' }, settings)).toMatchObject(settings);
  });

  test('counts before the target where both say it, and 5432 is the port where neither does', () => {
    expect(read(WHOLE, { host: 'other', port: 1, database: 'other' })).toMatchObject({
      host: 'db.internal',
      port: 5433,
      database: 'crm',
    });
    expect(read({ ...WHOLE, port: undefined })).toMatchObject({ port: 5432 });
  });

  test('may write an IPv6 address in brackets, as the target may', () => {
    expect(read({ ...WHOLE, host: '[::1]' })).toMatchObject({ host: '::1', sslmode: 'disable' });
    expect(read({ ...WHOLE, host: undefined }, { host: '[fd00::2]' })).toMatchObject({ host: 'fd00::2' });
  });

  test('may write its port as text', () =>
    expect(read({ ...WHOLE, port: '6432' })).toMatchObject({ port: 6432 }));
});

describe('a URL', () => {
  test('says everything, with its password decoded', () => {
    const url = `postgres://back%20up:${encodeURIComponent(PASSWORD)}@db.internal:6432/crm%20prod?sslmode=verify-full`;
    expect(read(` ${url}\n`)).toEqual({
      host: 'db.internal',
      port: 6432,
      database: 'crm prod',
      user: 'back up',
      password: PASSWORD,
      sslmode: 'verify-full',
    });
  });

  test('may leave out database and port', () => {
    expect(read('postgresql://u:p@db.internal', { database: 'crm' })).toMatchObject({
      database: 'crm',
      port: 5432,
    });
  });

  test.each([
    ['postgres://u:p@db?dbname=crm&port=6432', { host: 'db', port: 6432, database: 'crm' }],
    ['postgres:///crm?host=/run/pg&user=u&password=p', { host: '/run/pg', user: 'u', password: 'p' }],
    ['postgres://u:p@/crm?host=/run/pg', { host: '/run/pg', user: 'u', database: 'crm' }],
    ['postgres://u:p@%2Frun%2Fpg/crm', { host: '/run/pg' }],
    ['postgres:///crm?host=[::1]&user=u&password=p', { host: '::1' }],
    ['postgres://u:p@db/crm?host=db&port=5432', { host: 'db', port: 5432 }],
  ])('%s may say in its query what its address leaves out', (url, expected) => {
    expect(read(url)).toMatchObject(expected);
  });

  test('may name an IPv6 address', () => {
    expect(read('postgres://u:p@[2001:db8::1]:5433/crm')).toMatchObject({ host: '2001:db8::1', port: 5433 });
  });
});

test.each([
  ['postgres://u:p@db/crm', undefined, 'require'],
  ['postgres://u:p@db/crm?sslmode=disable', undefined, 'disable'],
  ['postgres://u:p@db/crm?sslmode=no-verify', undefined, 'require'],
  ['postgres://u:p@localhost/crm?ssl=true', undefined, 'require'],
  ['postgres://u:p@db/crm?ssl=false', undefined, 'disable'],
  ['postgres://u:p@db/crm?sslmode=verify-ca', undefined, 'verify-ca'],
  ['postgres://u:p@db/crm?sslmode=verify-full&sslrootcert=system', undefined, 'verify-full'],
  [
    '{"username":"u","password":"p","host":"db","dbname":"crm","sslmode":"verify-full"}',
    undefined,
    'verify-full',
  ],
  ['postgres://u:p@db/crm?sslmode=verify-full', undefined, 'verify-full'],
  ['postgres://u:p@db/crm?sslmode=disable', 'verify-full', 'verify-full'],
  ['postgres://u:p@db/crm?sslmode=prefer', 'require', 'require'],
  ['postgres://u:p@localhost/crm', undefined, 'disable'],
  ['postgres://u:p@127.0.0.1/crm', undefined, 'disable'],
  ['postgres://u:p@[::1]/crm', undefined, 'disable'],
  ['postgres://u:p@localhost/crm', 'require', 'require'],
] as const)('%s with sslmode %s at the target connects with %s', (url, sslmode, expected) => {
  expect(read(url, { sslmode })).toMatchObject({ sslmode: expected });
});

describe('a secret that does not do', () => {
  const refusal = (secret: unknown, settings = {}) => {
    try {
      read(secret, settings);
    } catch (error) {
      if (error instanceof UnderstudyError) return error;
    }
    throw new Error('expected an UnderstudyError');
  };
  const encoded = encodeURIComponent(PASSWORD);

  test.each<[string, unknown]>([
    ['nothing', ''],
    ['a bare password', PASSWORD],
    ['broken JSON', `{"username":"u","password":"${PASSWORD}"`],
    ['JSON without a user', { password: PASSWORD }],
    ['JSON without a password', { username: 'u', passwort: PASSWORD }],
    ['an empty password', { username: 'u', password: '', note: PASSWORD }],
    ['a port that is none', { username: 'u', password: PASSWORD, port: 70_000 }],
    ['a password that is no text', { username: 'u', password: { value: PASSWORD } }],
    ['another database', `mysql://u:${encoded}@db/crm`],
    ['a URL without a user', `postgres://db/crm?password=${encoded}`],
    ['a URL that ends too early', `postgres://u:${encoded}`],
    ['a password that is not encoded', `postgres://u:${PASSWORD}@db/crm`],
    ['a password whose end would be taken for host and path', 'postgres://u:Geheim@Pass/Wort@db/crm'],
    ['one whose end would be taken for a query', 'postgres://u:Geheim@Pass?Wort@db/crm'],
    ['a list', [PASSWORD]],
  ])('(%s) is refused by its name, with what to do, and without a word of it', (_, secret) => {
    const error = refusal(secret, { host: 'h', database: 'd' });
    expect(error).toMatchObject({ code: 'secret-invalid', hint: expect.any(String) });
    expect(error.message).toContain('the secret understudy/crm of crm');
    const everything = [
      error.message,
      error.hint,
      error.stack,
      JSON.stringify(error),
      String(error.cause ?? ''),
    ].join();
    for (const part of [PASSWORD, encoded, 'hunter2']) expect(everything).not.toContain(part);
  });

  const WHOLE = { username: 'u', password: PASSWORD, host: 'db', port: 5432, dbname: 'crm' };
  test.each<[string, unknown, string]>([
    ['an empty port', { ...WHOLE, port: '' }, 'port must be a number from 1 to 65535'],
    ['a port that is null', { ...WHOLE, port: null }, 'port must be a number from 1 to 65535'],
    ['a database that is null', { ...WHOLE, dbname: null }, 'dbname must be a text and not empty'],
    ['a password that is a number', { ...WHOLE, password: 12345 }, 'password must be a text and not empty'],
    ['no user', { ...WHOLE, username: undefined }, 'username is missing'],
    [
      'user for username',
      { ...WHOLE, username: undefined, user: 'u' },
      'username is missing (user must be called username)',
    ],
    [
      'a host with its port',
      { ...WHOLE, host: 'db:5432' },
      'host must be one host name, IP address or socket directory',
    ],
    ['two hosts', { ...WHOLE, host: 'a,b' }, 'host must be one host name'],
    ['a host that is a URL', { ...WHOLE, host: 'postgres://db' }, 'host must be one host name'],
    [
      'a mode that is none',
      { ...WHOLE, sslmode: 'on' },
      'sslmode must be disable, require, verify-ca or verify-full',
    ],
    ['a mode that may encrypt', { ...WHOLE, sslmode: 'prefer' }, 'sslmode=prefer does not guarantee'],
    [
      'a URL whose mode may encrypt',
      `postgres://u:${encoded}@db/crm?sslmode=allow`,
      'sslmode=allow does not guarantee',
    ],
    [
      'an authority of its own',
      `postgres://u:${encoded}@db/crm?sslrootcert=/x.pem`,
      'Understudy does not read the file in sslrootcert',
    ],
    [
      'a certificate of the client',
      `postgres://u:${encoded}@db/crm?sslcert=/x.pem&options=-cx`,
      'options, sslcert',
    ],
    ['two places', `postgres://u:${encoded}@db/crm?host=other`, 'host is said twice'],
    ['two ports', `postgres://u:${encoded}@db:1/crm?port=2`, 'port is said twice'],
    ['a URL without a user', `postgres:///crm?host=/run&password=${encoded}`, 'the user is missing'],
    ['a URL without a password', 'postgres://u@db/crm', 'the password is missing'],
    ['a URL with a port that is none', `postgres://u:${encoded}@db/crm?port=x`, 'port must be a number'],
  ])('with %s names the field and not its value', (_, secret, said) => {
    const error = refusal(secret);
    expect(error).toMatchObject({ code: 'secret-invalid', message: expect.stringContaining(said) });
    for (const part of [PASSWORD, encoded, '12345']) expect(error.message + error.hint).not.toContain(part);
  });

  test('has all its mistakes said at once', () => {
    const { message } = refusal({ user: 'u', password: 12345, port: '', dbname: null, host: '' });
    for (const field of ['username', 'password', 'port', 'dbname', 'host']) expect(message).toContain(field);
    const url = refusal('postgres://db/crm?sslmode=prefer&host=other&sslkey=x').message;
    for (const field of ['user', 'password', 'sslmode', 'host', 'sslkey']) expect(url).toContain(field);
  });

  test.each([
    [{}, 'host and database', 'connection.host'],
    [{ host: 'db' }, 'database', 'connection.database'],
    [{ database: 'crm' }, 'host', 'connection.host'],
  ])(
    'because with %j nobody says where the database is, is told what is missing',
    (settings, missing, hint) => {
      const error = refusal({ username: 'u', password: PASSWORD }, settings);
      expect(error.message).toBe(`neither the secret understudy/crm nor the target crm says ${missing}`);
      expect(error.hint).toContain(hint);
    },
  );
});
