import { parseSecret } from '../../../../lib/adapters/aws/secrets.ts';
import { UnderstudyError } from '../../../../lib/domain/errors.ts';
import type { ConnectionSettings } from '../../../../lib/domain/policy.ts';
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

  test('may name an IPv6 address', () => {
    expect(read('postgres://u:p@[2001:db8::1]:5433/crm')).toMatchObject({ host: '2001:db8::1', port: 5433 });
  });
});

test.each([
  ['postgres://u:p@db/crm', undefined, 'require'],
  ['postgres://u:p@db/crm?sslmode=disable', undefined, 'disable'],
  ['postgres://u:p@db/crm?sslmode=prefer', undefined, 'require'],
  ['postgres://u:p@db/crm?sslmode=verify-full', undefined, 'verify-full'],
  ['postgres://u:p@db/crm?sslmode=disable', 'verify-full', 'verify-full'],
  ['postgres://u:p@localhost/crm', undefined, 'disable'],
  ['postgres://u:p@127.0.0.1/crm', undefined, 'disable'],
  ['postgres://u:p@[::1]/crm', undefined, 'disable'],
  ['postgres://u:p@localhost/crm', 'require', 'require'],
] as const)('%s with sslmode %s at the target connects with %s', (url, sslmode, expected) => {
  expect(read(url, { sslmode })).toMatchObject({ sslmode: expected });
});

test('a URL that wants the certificate verified does not get less', () => {
  expect(read('postgres://u:p@db/crm?sslmode=verify-ca')).toMatchObject({ sslmode: 'verify-full' });
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
