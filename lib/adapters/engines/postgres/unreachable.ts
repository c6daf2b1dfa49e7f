import { CredentialsRefused, UnderstudyError } from '../../../domain/errors.ts';
import type { Credentials } from '../../../ports/database.ts';
import { withoutSecret } from './process.ts';
import { identifier } from './sql.ts';

/**
 * Errors of node-pg and TLS have no SQLSTATE. A server's messages may be in another language: `routine`, the function
 * in its source, tells apart what one SQLSTATE has in common; poolers omit it, so English words count as well.
 */
type ErrorInfo = { code: string; message: string; routine: string };
type Cause = {
  is: (said: ErrorInfo) => boolean;
  /** What happened, after the place's name. Omitted where the place was never reached. */
  what?: string;
  hint: (to: Credentials, said: ErrorInfo) => string;
  credentials?: true;
};

const code =
  (...codes: string[]) =>
  (said: ErrorInfo) =>
    codes.includes(said.code);
const words = (pattern: RegExp) => (said: ErrorInfo) => pattern.test(said.message) || pattern.test(said.code);
/** An SQLSTATE with certain words, or from that routine. */
const state = (code: string, pattern: RegExp, routine?: string) => (said: ErrorInfo) =>
  said.code === code && (pattern.test(said.message) || said.routine === routine);

const LOGIN_TRIGGERS =
  "its name: select evtname, evtfoid::regproc from pg_event_trigger where evtevent = 'login'";
const REFUSES = 'refuses the connection';
const CERTIFICATE = 'has a certificate that failed verification';

/** The first that fits. */
const CAUSES: readonly Cause[] = [
  {
    is: state('28000', /pg_hba\.conf.*(?:no encryption|SSL off)/s),
    what: REFUSES,
    hint: (to, said) =>
      `if the server accepts only encrypted connections (RDS: rds.force_ssl), set connection.sslmode: require for the target; otherwise ${hbaLine(to, said)}`,
  },
  {
    is: state('28000', /pg_hba\.conf/, 'ClientAuthentication'),
    what: REFUSES,
    hint: hbaLine,
  },
  {
    is: state('28000', /not permitted to log in/),
    what: 'refused the credentials',
    hint: (to) => `alter role ${identifier(to.user)} login;`,
    credentials: true,
  },
  {
    is: code('28P01', '28000'),
    what: 'refused the credentials',
    hint: (to) =>
      `correct user name and password in the secret, or set the secret’s password with \\password ${identifier(to.user)} in psql; if the secret was just rotated, run the job again`,
    credentials: true,
  },
  {
    is: code('3D000'),
    what: REFUSES,
    hint: () =>
      'correct dbname in the secret or connection.database of the target; select datname from pg_database lists the databases',
  },
  {
    is: state('55000', /accepting connections/, 'CheckMyDatabase'),
    what: REFUSES,
    hint: (to) => `alter database ${identifier(to.database)} with allow_connections true;`,
  },
  {
    is: state('42501', /for database/, 'CheckMyDatabase'),
    what: REFUSES,
    hint: (to) => `grant connect on database ${identifier(to.database)} to ${identifier(to.user)};`,
  },
  {
    is: state('53300', /for role/, 'InitializeSessionUserId'),
    what: REFUSES,
    hint: (to) =>
      `close idle connections of this role, or raise its limit (-1 is none): alter role ${identifier(to.user)} connection limit -1;`,
  },
  {
    is: state('53300', /for database/, 'CheckMyDatabase'),
    what: REFUSES,
    hint: (to) =>
      `close idle connections to this database, or raise its limit (-1 is none): alter database ${identifier(to.database)} connection limit -1;`,
  },
  {
    is: code('53300'),
    what: REFUSES,
    hint: () =>
      'close idle connections (select pid, usename, state, state_change from pg_stat_activity order by state_change), or raise max_connections and restart the server',
  },
  {
    is: code('57P01', '57P02', '57P03'),
    what: REFUSES,
    hint: () => 'the server is starting, stopping or recovering: run the job again when it is up',
  },
  {
    is: code('25006'),
    what: 'has a login event trigger that writes, which this read-only role cannot do',
    hint: () =>
      `begin the trigger’s function with: if current_setting('transaction_read_only')::boolean then return; end if; (${LOGIN_TRIGGERS})`,
  },
  {
    is: words(/does not support SSL/),
    what: REFUSES,
    hint: () =>
      'set connection.sslmode: disable for the target (without encryption), or switch TLS on at the server: alter system set ssl = on; select pg_reload_conf();',
  },
  {
    is: code('ERR_TLS_CERT_ALTNAME_INVALID'),
    what: CERTIFICATE,
    hint: () =>
      'use a host name that the certificate has, or set connection.sslmode: verify-ca, which does not compare the name',
  },
  {
    is: code('CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'),
    what: CERTIFICATE,
    hint: (to) =>
      to.host.includes('.rds.amazonaws.com')
        ? 'give the instance a certificate of a living authority: aws rds modify-db-instance --db-instance-identifier NAME --ca-certificate-identifier rds-ca-rsa2048-g1; until then, connection.sslmode: require encrypts without checking'
        : 'renew the server’s certificate',
  },
  {
    is: words(/certificate|SELF_SIGNED|UNABLE_TO_/i),
    what: CERTIFICATE,
    hint: () =>
      'name a file with its authority’s certificate in UNDERSTUDY_CA_FILE, for ./understudy and for the deployment; or set connection.sslmode: require, which encrypts without checking',
  },
  {
    is: code('ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA'),
    hint: (to) =>
      `correct host in the secret or connection.host of the target; if the name is right, the functions’ VPC has no resolver for it: dig ${to.host}`,
  },
  {
    is: code('ECONNREFUSED', 'ENOENT'),
    hint: (to) =>
      `no server listens there: correct host and port, start the server, or let it listen on that address (listen_addresses); pg_isready --host=${to.host} --port=${to.port}`,
  },
  {
    is: (said) =>
      code('ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH')(said) || /timeout|timed out/i.test(said.message),
    hint: (to) =>
      `the host does not answer: the database’s security group must allow port ${to.port} from the functions’ group (vpcSecurityGroups), and the functions’ subnets must reach it (vpcSubnets)`,
  },
  {
    is: ({ code: given }) => /^(?!08)[0-9FHP][0-9A-Z]{4}$/.test(given),
    what: REFUSES,
    hint: () => `a login event trigger of the database may have refused this role (${LOGIN_TRIGGERS})`,
  },
];

function hbaLine({ sslmode, database, user }: Credentials, { message }: ErrorInfo): string {
  const from = /for host "([^"]+)"/.exec(message)?.[1];
  const address = from ? `${from}/${from.includes(':') ? 128 : 32}` : 'ADDRESS/32';
  return `add a line to the server’s pg_hba.conf, then select pg_reload_conf(): ${sslmode === 'disable' ? 'host' : 'hostssl'} ${identifier(database)} ${identifier(user)} ${address} scram-sha-256`;
}

/** Why there is no connection, in words, with the remedy for this cause. */
export function unreachable(error: unknown, where: string, to?: Credentials): UnderstudyError {
  const { code = '', message, routine = '' } = error as Partial<ErrorInfo>;
  // For a host with several addresses the message is empty.
  const said: ErrorInfo = { code, message: message || code, routine };
  const cause = to && CAUSES.find(({ is }) => is(said));
  const told = withoutSecret(said.message, to?.password).replace(/; if the root CA is installed.*$/, '');
  const Kind = cause?.credentials ? CredentialsRefused : UnderstudyError;
  return new Kind(
    cause?.credentials ? 'credentials-refused' : 'source-unreachable',
    `${where} ${cause?.what ?? 'cannot be reached'}: ${told}`,
    { hint: cause && to ? cause.hint(to, said) : 'see the server’s log', cause: error },
  );
}
