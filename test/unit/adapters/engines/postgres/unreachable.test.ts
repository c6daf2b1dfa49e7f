import { unreachable } from '../../../../../lib/adapters/engines/postgres/unreachable.ts';
import { CredentialsRefused } from '../../../../../lib/domain/errors.ts';
import type { Credentials } from '../../../../../lib/ports/database.ts';

const TO: Credentials = {
  host: 'db.internal',
  port: 5433,
  database: 'Crm "x"',
  user: 'und"er',
  password: 'hunter2',
  sslmode: 'require',
};
type Thrown = { code?: string; message: string; routine?: string };
const said = (error: Thrown, to: Credentials | undefined = TO) =>
  unreachable(Object.assign(new Error(error.message), error), 'db.internal:5433/crm', to);

test.each<[string, Thrown, string]>([
  ['the database', { code: '3D000', message: 'x' }, 'connection.database'],
  [
    'CONNECT',
    { code: '42501', message: 'keine Rechte', routine: 'CheckMyDatabase' },
    'grant connect on database "Crm ""x""" to "und""er";',
  ],
  [
    'CONNECT, through a pooler',
    { code: '42501', message: 'permission denied for database "x"' },
    'grant connect',
  ],
  [
    'the database’s own switch',
    { code: '55000', message: 'x', routine: 'CheckMyDatabase' },
    'with allow_connections true;',
  ],
  [
    'the role’s limit',
    { code: '53300', message: 'zu viele', routine: 'InitializeSessionUserId' },
    'alter role "und""er" connection limit -1;',
  ],
  [
    'the database’s limit',
    { code: '53300', message: 'zu viele', routine: 'CheckMyDatabase' },
    'alter database "Crm ""x""" connection limit -1;',
  ],
  ['the server’s limit', { code: '53300', message: 'sorry, too many clients already' }, 'max_connections'],
  ['a server that starts', { code: '57P03', message: 'the database system is starting up' }, 'when it is up'],
  [
    'a login trigger that writes',
    { code: '25006', message: 'cannot execute INSERT' },
    "current_setting('transaction_read_only')",
  ],
  ['a login trigger that refuses', { code: 'P0001', message: 'not you' }, 'login event trigger'],
  [
    'encryption that is demanded',
    {
      code: '28000',
      message: 'no pg_hba.conf entry for host "10.0.0.9", user "u", database "d", no encryption',
    },
    'connection.sslmode: require',
  ],
  [
    'no line in pg_hba.conf',
    {
      code: '28000',
      message: 'no pg_hba.conf entry for host "10.0.0.9", user "u", database "d", SSL encryption',
    },
    'hostssl "Crm ""x""" "und""er" 10.0.0.9/32 scram-sha-256',
  ],
  [
    'no line for an IPv6 address',
    { code: '28000', message: 'no pg_hba.conf entry for host "fd00::2", user "u", SSL encryption' },
    'fd00::2/128',
  ],
  [
    'no line, in another language',
    { code: '28000', message: 'kein pg_hba.conf-Eintrag', routine: 'ClientAuthentication' },
    'ADDRESS/32',
  ],
  [
    'TLS that is off',
    { message: 'The server does not support SSL connections' },
    'connection.sslmode: disable',
  ],
  [
    'an unknown authority',
    {
      code: 'SELF_SIGNED_CERT_IN_CHAIN',
      message:
        'self-signed certificate in certificate chain; if the root CA is installed locally, try running Node.js with --use-system-ca',
    },
    'update-ca-certificates',
  ],
  [
    'an unknown authority, by its code',
    { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', message: 'x' },
    'update-ca-certificates',
  ],
  [
    'another name in the certificate',
    { code: 'ERR_TLS_CERT_ALTNAME_INVALID', message: "Hostname/IP does not match certificate's altnames" },
    'connection.sslmode: verify-ca',
  ],
  ['a certificate that is over', { code: 'CERT_HAS_EXPIRED', message: 'certificate has expired' }, 'renew'],
  [
    'a name that is none',
    { code: 'ENOTFOUND', message: 'getaddrinfo ENOTFOUND db.internal' },
    'dig db.internal',
  ],
  ['no listener', { code: 'ECONNREFUSED', message: '' }, 'pg_isready --host=db.internal --port=5433'],
  ['no answer', { message: 'timeout expired' }, 'security group must allow port 5433'],
  ['no way there', { code: 'EHOSTUNREACH', message: 'connect EHOSTUNREACH' }, 'security group'],
])('a connection that fails for %s is told with its own remedy', (_, error, remedy) => {
  const told = said(error);
  expect(told).toMatchObject({ code: 'source-unreachable', hint: expect.stringContaining(remedy) });
  expect(told.hint).not.toContain('doctor');
  expect(told.message).toContain(error.message.split(';')[0] || error.code);
  expect(told.message).not.toContain('--use-system-ca');
  if (!remedy.includes('security group')) expect(told.hint).not.toContain('security group');
});

test.each<[string, Thrown, string]>([
  ['a wrong password', { code: '28P01', message: 'x' }, '\\password "und""er"'],
  ['no such role', { code: '28000', message: 'role "x" does not exist' }, 'in the secret'],
  [
    'a role that may not log in',
    { code: '28000', message: 'role "x" is not permitted to log in' },
    'alter role "und""er" login;',
  ],
])('%s is a matter of the credentials, which may have been rotated', (_, error, remedy) => {
  expect(said(error)).toBeInstanceOf(CredentialsRefused);
  expect(said(error)).toMatchObject({ code: 'credentials-refused', hint: expect.stringContaining(remedy) });
});

test('never says the password, and has a remedy for what it does not know', () => {
  const told = said({ code: 'X', message: 'is hunter2 right?' });
  expect(told).toMatchObject({
    message: 'db.internal:5433/crm cannot be reached: is *** right?',
    hint: expect.any(String),
  });
  expect(unreachable(new Error('x'), 'a socket')).toMatchObject({ message: 'a socket cannot be reached: x' });
});
