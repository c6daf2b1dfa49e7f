import { parseSecret } from '../../../../lib/adapters/aws/secrets.ts';
import { UnderstudyError } from '../../../../lib/domain/errors.ts';
import type { ConnectionSettings } from '../../../../lib/domain/plan/policy.ts';
import { target } from '../../../support/builders.ts';

const PASSWORD = 'hunter2-å/:@%';
const ENCODED = encodeURIComponent(PASSWORD);

const read = (secret: unknown, settings: Partial<ConnectionSettings> = {}) =>
  parseSecret(
    typeof secret === 'string' ? secret : JSON.stringify(secret),
    target({ connection: { secret: 'understudy/crm', ...settings } }),
  );

describe('a secret in JSON', () => {
  const account = { username: 'backup', password: PASSWORD };
  const WHOLE = { ...account, host: 'db.internal', port: 5433, dbname: 'crm', engine: 'postgres' };

  test('as RDS writes it says the whole connection', () => {
    expect(read(WHOLE)).toEqual({
      host: 'db.internal',
      port: 5433,
      database: 'crm',
      user: 'backup',
      password: PASSWORD,
      sslmode: 'require',
    });
  });

  test.each<[string, object, Partial<ConnectionSettings>, object]>([
    [
      'takes from the target what it does not say itself',
      account,
      { host: 'rds.internal', port: 5434, database: 'crm_prod' },
      { host: 'rds.internal', port: 5434, database: 'crm_prod' },
    ],
    [
      'is used before the target where both say something',
      WHOLE,
      { host: 'other', port: 1, database: 'other' },
      { host: 'db.internal', port: 5433, database: 'crm' },
    ],
    ['has the port 5432 where nothing else is said', { ...WHOLE, port: undefined }, {}, { port: 5432 }],
    ['may have its port as text', { ...WHOLE, port: '6432' }, {}, { port: 6432 }],
    ['may have an IPv6 address', { ...WHOLE, host: '[::1]' }, {}, { host: '::1', sslmode: 'disable' }],
    ['may take it from the target', { ...WHOLE, host: undefined }, { host: '[fd::2]' }, { host: 'fd::2' }],
  ])('%s', (_, secret, settings, expected) => {
    expect(read(secret, settings)).toMatchObject(expected);
  });
});

test('a secret that is a URL says the whole connection, with its password decoded', () => {
  const url = `postgres://back%20up:${ENCODED}@db.internal:6432/crm%20prod?sslmode=verify-full`;
  expect(read(` ${url}\n`)).toEqual({
    host: 'db.internal',
    port: 6432,
    database: 'crm prod',
    user: 'back up',
    password: PASSWORD,
    sslmode: 'verify-full',
  });
});

test.each([
  ['postgresql://u:p@db', { database: 'target', port: 5432 }],
  ['postgres://u:p@[2001:db8::1]:5433/crm', { host: '2001:db8::1', port: 5433 }],
  ['postgres://u:p@db?dbname=crm&port=6432', { host: 'db', port: 6432, database: 'crm' }],
  ['postgres:///crm?host=/run/pg&user=u&password=p', { host: '/run/pg', user: 'u', password: 'p' }],
  ['postgres://u:p@/crm?host=/run/pg', { host: '/run/pg', user: 'u', database: 'crm' }],
  ['postgres://u:p@%2Frun%2Fpg/crm', { host: '/run/pg' }],
  ['postgres:///crm?host=[::1]&user=u&password=p', { host: '::1' }],
  ['postgres://u:p@db/crm?host=db&port=5432', { host: 'db', port: 5432 }],
])('the secret %s means %j, with the rest from the target', (url, expected) => {
  expect(read(url, { database: 'target' })).toMatchObject(expected);
});

test.each([
  ['postgres://u:p@db/crm', undefined, 'require'],
  ['postgres://u:p@db/crm?sslmode=disable', undefined, 'disable'],
  ['postgres://u:p@db/crm?sslmode=no-verify', undefined, 'require'],
  ['postgres://u:p@localhost/crm?ssl=true', undefined, 'require'],
  ['postgres://u:p@db/crm?ssl=false', undefined, 'disable'],
  ['postgres://u:p@db/crm?sslmode=verify-ca', undefined, 'verify-ca'],
  ['postgres://u:p@db/crm?sslmode=verify-full&sslrootcert=system', undefined, 'verify-full'],
  ['{"username":"u","password":"p","host":"h","dbname":"d","sslmode":"verify-ca"}', undefined, 'verify-ca'],
  ['postgres://u:p@db/crm?sslmode=disable', 'verify-full', 'verify-full'],
  ['postgres://u:p@db/crm?sslmode=prefer', 'require', 'require'],
  ['postgres://u:p@localhost/crm', undefined, 'disable'],
  ['postgres://u:p@127.0.0.1/crm', undefined, 'disable'],
  ['postgres://u:p@[::1]/crm', undefined, 'disable'],
  ['postgres://u:p@localhost/crm', 'require', 'require'],
] as const)(
  'the secret %s, with sslmode %s at the target, connects with sslmode %s',
  (url, sslmode, expected) => {
    expect(read(url, { sslmode })).toMatchObject({ sslmode: expected });
  },
);

const refusal = (secret: unknown, settings = {}) => {
  try {
    read(secret, settings);
  } catch (error) {
    if (error instanceof UnderstudyError) return error;
  }
  throw new Error('expected an UnderstudyError');
};

test.each<[string, unknown]>([
  ['is empty', ''],
  ['is a bare password', PASSWORD],
  ['is broken JSON', `{"username":"u","password":"${PASSWORD}"`],
  ['has no user', { password: PASSWORD }],
  ['has no password', { username: 'u', passwort: PASSWORD }],
  ['has an empty password', { username: 'u', password: '', note: PASSWORD }],
  ['has a port that is none', { username: 'u', password: PASSWORD, port: 70_000 }],
  ['has a password that is no text', { username: 'u', password: { value: PASSWORD } }],
  ['is a URL of another database', `mysql://u:${ENCODED}@db/crm`],
  ['is a URL without a user', `postgres://db/crm?password=${ENCODED}`],
  ['is a URL that ends too early', `postgres://u:${ENCODED}`],
  ['is a URL with a password that is not encoded', `postgres://u:${PASSWORD}@db/crm`],
  ['has a password that ends like host and path', 'postgres://u:Geheim@Pass/Wort@db/crm'],
  ['has a password that ends like a query', 'postgres://u:Geheim@Pass?Wort@db/crm'],
  ['is a list', [PASSWORD]],
])('a secret that %s is refused by its name, with a hint and without a word of it', (_, secret) => {
  const error = refusal(secret, { host: 'h', database: 'd' });
  expect(error).toMatchObject({ code: 'secret-invalid', hint: expect.any(String) });
  expect(error.message).toContain('the secret understudy/crm of crm');
  const said = [error.message, error.hint, error.stack, JSON.stringify(error), String(error.cause ?? '')];
  for (const part of [PASSWORD, ENCODED, 'hunter2']) expect(said.join()).not.toContain(part);
});

const WHOLE = { username: 'u', password: PASSWORD, host: 'db', port: 5432, dbname: 'crm' };
const url = (rest: string) => `postgres://u:${ENCODED}@db${rest}`;
test.each<[string, unknown, string]>([
  ['an empty port', { ...WHOLE, port: '' }, 'port must be a number from 1 to 65535'],
  ['a port that is null', { ...WHOLE, port: null }, 'port must be a number from 1 to 65535'],
  ['a database that is null', { ...WHOLE, dbname: null }, 'dbname must be a text and not empty'],
  ['a password that is a number', { ...WHOLE, password: 12345 }, 'password must be a text and not empty'],
  ['no user', { ...WHOLE, username: undefined }, 'username is missing'],
  ['user for username', { ...WHOLE, username: undefined, user: 'u' }, '(user must be called username)'],
  ['a host with its port', { ...WHOLE, host: 'db:5432' }, 'one host name, IP address or socket directory'],
  ['two hosts', { ...WHOLE, host: 'a,b' }, 'host must be one host name'],
  ['a host that is a URL', { ...WHOLE, host: 'postgres://db' }, 'host must be one host name'],
  ['an unknown sslmode', { ...WHOLE, sslmode: 'on' }, 'disable, require, verify-ca or verify-full'],
  ['an sslmode that may encrypt', { ...WHOLE, sslmode: 'prefer' }, 'sslmode=prefer does not guarantee'],
  ['an sslmode in a URL that may encrypt', url('/crm?sslmode=allow'), 'sslmode=allow does not guarantee'],
  ['a file of authorities', url('/crm?sslrootcert=/x.pem'), 'does not read the file in sslrootcert'],
  ['a certificate of the client', url('/crm?sslcert=/x.pem&options=-cx'), 'options, sslcert'],
  ['two hosts in a URL', url('/crm?host=other'), 'host is said twice'],
  ['two ports', url(':1/crm?port=2'), 'port is said twice'],
  ['a URL without a user', `postgres:///crm?host=/run&password=${ENCODED}`, 'the user is missing'],
  ['a URL without a password', 'postgres://u@db/crm', 'the password is missing'],
  ['a URL with a port that is none', url('/crm?port=x'), 'port must be a number'],
])('the refusal of a secret with %s names the field and not its value', (_, secret, said) => {
  const error = refusal(secret);
  expect(error).toMatchObject({ code: 'secret-invalid', message: expect.stringContaining(said) });
  for (const part of [PASSWORD, ENCODED, '12345']) expect(error.message + error.hint).not.toContain(part);
});

test('the refusal of a secret names every mistake at once', () => {
  const { message } = refusal({ user: 'u', password: 12345, port: '', dbname: null, host: '' });
  for (const field of ['username', 'password', 'port', 'dbname', 'host']) expect(message).toContain(field);
  const ofUrl = refusal('postgres://db/crm?sslmode=prefer&host=other&sslkey=x').message;
  for (const field of ['user', 'password', 'sslmode', 'host', 'sslkey']) expect(ofUrl).toContain(field);
});

test.each([
  [{}, 'host and database', 'connection.host'],
  [{ host: 'db' }, 'database', 'connection.database'],
  [{ database: 'crm' }, 'host', 'connection.host'],
])(
  'where secret and target (%j) do not say the %s, the hint names the setting',
  (settings, missing, hint) => {
    const error = refusal({ username: 'u', password: PASSWORD }, settings);
    expect(error.message).toBe(`neither the secret understudy/crm nor the target crm says ${missing}`);
    expect(error.hint).toContain(hint);
  },
);
