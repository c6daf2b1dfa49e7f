import { isIP } from 'node:net';
import type { Credentials } from '../../ports/database.ts';

/** The content of a secret, and what is wrong with it, field by field. No problem quotes a value. */
export type Read = { [field in keyof Credentials]?: Credentials[field] | undefined } & { problems: string[] };

const MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
const isMode = (mode: string): mode is Credentials['sslmode'] => MODES.some((each) => each === mode);

/** URL parameters that would connect elsewhere or with other security; they are refused. */
const NOT_FOLLOWED =
  /^(ssl.*|hostaddr|service|passfile|options|target_session_attrs|load_balance_hosts|gssencmode|require_?auth|requirepeer|replication)$/;
const FOLLOWED = ['sslmode', 'sslrootcert', 'ssl'];

/** RDS's own layout; undefined for text that is not JSON. */
export function fromJson(text: string, modeIsSet: boolean): Read | undefined {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const problems: string[] = [];
  const said = (name: string) => {
    const value = fields[name];
    if (typeof value === 'string' && value !== '') return value;
    if (value !== undefined) problems.push(`${name} must be a text and not empty`);
    return undefined;
  };
  const needed = (name: string, alias: string) => {
    if (fields[name] !== undefined) return said(name);
    const hint = fields[alias] === undefined ? '' : ` (${alias} must be called ${name})`;
    problems.push(`${name} is missing${hint}`);
    return undefined;
  };
  return {
    user: needed('username', 'user'),
    password: needed('password', 'pass'),
    host: hostOf(said('host'), problems),
    port: portOf(fields['port'], problems),
    database: said('dbname'),
    sslmode: modeIsSet ? undefined : modeOf(said('sslmode'), problems),
    problems,
  };
}

/** A postgres:// URL; undefined for any other text. */
export function fromUrl(text: string, modeIsSet: boolean): Read | undefined {
  try {
    // libpq accepts a URL without a host after the user; the URL standard does not.
    const url = new URL(text.trim().replace(/^(\w+:\/\/[^/?#@]*@)(?=[/?])/, `$1${ABSENT}`));
    if (!/^postgres(ql)?:$/.test(url.protocol)) return undefined;
    // A password with an unencoded / or @ would be read as host and path, and quoted in the next error.
    if (`${url.pathname}${url.search}${url.hash}`.includes('@')) return undefined;
    return parts(url, modeIsSet);
  } catch {
    return undefined;
  }
}

const ABSENT = 'host.invalid';

function parts(url: URL, modeIsSet: boolean): Read {
  const problems: string[] = [];
  const query = url.searchParams;
  const once = (name: string, inAddress: string, inQuery: string | null) => {
    const first = decodeURIComponent(inAddress);
    if (first && inQuery && first !== inQuery) problems.push(`${name} is said twice`);
    return first || inQuery || undefined;
  };
  const needed = (name: string, value: string | undefined) => {
    if (value === undefined) problems.push(`the ${name} is missing`);
    return value;
  };
  const strange = [...new Set(query.keys())].filter(
    (name) => NOT_FOLLOWED.test(name) && !FOLLOWED.includes(name),
  );
  if (strange.length > 0)
    problems.push(`${strange.sort().join(', ')} in the URL does not work here; remove it`);
  return {
    user: needed('user', once('user', url.username, query.get('user'))),
    password: needed('password', once('password', url.password, query.get('password'))),
    host: hostOf(once('host', url.hostname.replace(ABSENT, ''), query.get('host')), problems),
    port: portOf(once('port', url.port, query.get('port')), problems),
    database: once('database', url.pathname.slice(1), query.get('dbname')),
    sslmode: modeIsSet ? undefined : modeOfUrl(query, problems),
    problems,
  };
}

function modeOfUrl(query: URLSearchParams, problems: string[]): Credentials['sslmode'] | undefined {
  const ssl = query.get('ssl') ?? undefined;
  const known = ssl && ({ true: 'require', 1: 'require', false: 'disable', 0: 'disable' }[ssl] ?? ssl);
  const mode = modeOf(query.get('sslmode') ?? known, problems);
  const authority = query.get('sslrootcert');
  if (!authority) return mode;
  if (authority !== 'system')
    problems.push(
      'Understudy does not read the file in sslrootcert: name one in UNDERSTUDY_CA_FILE instead (docs/deploy.md), and remove sslrootcert',
    );
  else if (mode !== undefined && mode !== 'verify-full')
    problems.push('sslrootcert=system needs sslmode=verify-full');
  return mode ?? 'verify-full';
}

function modeOf(mode: string | undefined, problems: string[]): Credentials['sslmode'] | undefined {
  if (mode === undefined || isMode(mode)) return mode;
  if (mode === 'no-verify') return 'require';
  problems.push(
    mode === 'prefer' || mode === 'allow'
      ? `sslmode=${mode} does not guarantee encryption; write require or disable`
      : `sslmode must be ${MODES.slice(0, -1).join(', ')} or ${MODES.at(-1)}`,
  );
  return undefined;
}

/** Without the brackets of an IPv6 address. */
export function hostOf(host: string | undefined, problems: string[], field = 'host'): string | undefined {
  const bare = host?.replace(/^\[(.*)\]$/, '$1');
  if (bare !== undefined && !isIP(bare) && !/^(\/.*|[^\s,:/@[\]]+)$/.test(bare))
    problems.push(`${field} must be one host name, IP address or socket directory, without a port`);
  return bare;
}

function portOf(port: unknown, problems: string[]): number | undefined {
  if (port === undefined) return undefined;
  const number = typeof port === 'string' && /^\d+$/.test(port) ? Number(port) : port;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 1 && number <= 65_535)
    return number;
  problems.push('port must be a number from 1 to 65535');
  return undefined;
}
