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
const said = (error: Thrown) =>
  unreachable(Object.assign(new Error(error.message), error), 'db.internal:5433/crm', TO);

/** An error of the server: its SQLSTATE, its message in whichever language, and the function that raised it. */
const server = (code: string, message: string, routine?: string): Thrown => ({
  code,
  message,
  ...(routine ? { routine } : {}),
});
const noLine = (text: string) => server('28000', `no pg_hba.conf entry for host ${text}`);
/** An error of Node.js on the way to the server. */
const node = (code: string, message = code): Thrown => ({ code, message });
const [AUTH, CHECK, SESSION] = ['ClientAuthentication', 'CheckMyDatabase', 'InitializeSessionUserId'];
const SELF_SIGNED = 'self-signed certificate in certificate chain';
const USE_CA = 'if the root CA is installed locally, try running Node.js with --use-system-ca';

test.each<[string, Thrown, string]>([
  ['the database does not exist', server('3D000', 'x'), 'connection.database'],
  [
    'the role lacks CONNECT',
    server('42501', 'keine Rechte', CHECK),
    'grant connect on database "Crm ""x""" to "und""er";',
  ],
  ['a pooler denies CONNECT', server('42501', 'permission denied for database "x"'), 'grant connect'],
  ['the database allows no connections', server('55000', 'x', CHECK), 'with allow_connections true;'],
  [
    'the role’s limit is reached',
    server('53300', 'zu viele', SESSION),
    'alter role "und""er" connection limit -1;',
  ],
  [
    'the database’s limit is reached',
    server('53300', 'zu viele', CHECK),
    'alter database "Crm ""x""" connection limit -1;',
  ],
  ['the server’s limit is reached', server('53300', 'sorry, too many clients already'), 'max_connections'],
  ['the server is starting', server('57P03', 'the database system is starting up'), 'when it is up'],
  ['a login trigger writes', server('25006', 'cannot INSERT'), "current_setting('transaction_read_only')"],
  ['a login trigger refuses', server('P0001', 'not you'), 'login event trigger'],
  [
    'pg_hba.conf demands encryption',
    noLine('"10.0.0.9", user "u", database "d", no encryption'),
    'connection.sslmode: require',
  ],
  [
    'pg_hba.conf has no line for it',
    noLine('"10.0.0.9", user "u", database "d", SSL encryption'),
    'hostssl "Crm ""x""" "und""er" 10.0.0.9/32 scram-sha-256',
  ],
  ['pg_hba.conf has no line for IPv6', noLine('"fd00::2", user "u", SSL encryption'), 'fd00::2/128'],
  ['pg_hba.conf has none, in German', server('28000', 'kein pg_hba.conf-Eintrag', AUTH), 'ADDRESS/32'],
  ['TLS is off', { message: 'The server does not support SSL connections' }, 'connection.sslmode: disable'],
  [
    'the authority is unknown',
    node('SELF_SIGNED_CERT_IN_CHAIN', `${SELF_SIGNED}; ${USE_CA}`),
    'UNDERSTUDY_CA_FILE',
  ],
  ['the issuer is unknown by code', node('UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'x'), 'UNDERSTUDY_CA_FILE'],
  ['the certificate has another name', node('ERR_TLS_CERT_ALTNAME_INVALID'), 'connection.sslmode: verify-ca'],
  ['the certificate has expired', node('CERT_HAS_EXPIRED', 'certificate has expired'), 'renew'],
  ['the host does not exist', node('ENOTFOUND', 'getaddrinfo ENOTFOUND db.internal'), 'dig db.internal'],
  ['the port is closed', node('ECONNREFUSED', ''), 'pg_isready --host=db.internal --port=5433'],
  ['the host does not answer', { message: 'timeout expired' }, 'security group must allow port 5433'],
  ['there is no route to the host', node('EHOSTUNREACH', 'connect EHOSTUNREACH'), 'security group'],
])('when %s, the error has its own remedy', (_, error, remedy) => {
  const told = said(error);
  expect(told).toMatchObject({ code: 'source-unreachable', hint: expect.stringContaining(remedy) });
  expect(told.hint).not.toContain('doctor');
  expect(told.message).toContain(error.message.split(';')[0] || error.code);
  expect(told.message).not.toContain('--use-system-ca');
  if (!remedy.includes('security group')) expect(told.hint).not.toContain('security group');
});

test.each<[string, Thrown, string]>([
  ['a wrong password', server('28P01', 'x'), '\\password "und""er"'],
  ['no such role', server('28000', 'role "x" does not exist'), 'in the secret'],
  [
    'a role that may not log in',
    server('28000', 'role "x" is not permitted to log in'),
    'alter role "und""er" login;',
  ],
])('after %s the credentials count as refused, because they may have been rotated', (_, error, remedy) => {
  expect(said(error)).toBeInstanceOf(CredentialsRefused);
  expect(said(error)).toMatchObject({ code: 'credentials-refused', hint: expect.stringContaining(remedy) });
});

test('an error that is not known has a remedy too, and does not repeat the password', () => {
  expect(said({ code: 'X', message: 'is hunter2 right?' })).toMatchObject({
    message: 'db.internal:5433/crm cannot be reached: is *** right?',
    hint: expect.any(String),
  });
  expect(unreachable(new Error('x'), 'a socket')).toMatchObject({ message: 'a socket cannot be reached: x' });
});
