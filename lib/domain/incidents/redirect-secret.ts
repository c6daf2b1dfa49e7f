import { databaseInText, inDatabase } from './redirect-database.ts';

/** Where a connection leads; with a database, to that one of its server and no other. */
export type Address = { host: string; port: number; database?: string };

/**
 * A secret's text with every mention of one address replaced by another; undefined where it mentions none, or is no
 * text of a known shape, or nobody can say which of its names are meant. JSON of any shape keeps its shape: a text that is the host, a URL or DSN that contains it, a
 * port beside it in the same object. Everything else stays as it is: from one database of a server to another, host and
 * port, too.
 */
export function redirectSecret(text: string, from: Address, to: Address): string | undefined {
  const parsed = parseJson(text);
  if (parsed === undefined || typeof parsed !== 'object' || parsed === null) return inText(text, from, to);
  if (!keepsNumbers(text)) return undefined;
  const found = { count: 0, unclear: false };
  const redirected = walk(parsed, from, to, found);
  return found.count === 0 || found.unclear ? undefined : JSON.stringify(redirected, null, indentOf(text));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** A number that would be written differently, such as one of twenty digits, must not change. */
function keepsNumbers(text: string): boolean {
  const numbers = text.replace(/"(?:[^"\\]|\\.)*"/g, '""').match(/-?\d[\d.eE+-]*/g) ?? [];
  return numbers.every((number) => String(Number(number)) === number);
}

/** JSON that people wrote over several lines stays readable. */
const indentOf = (text: string) => /\n( +|\t)\S/.exec(text)?.[1] ?? '';

function walk(
  value: unknown,
  from: Address,
  to: Address,
  found: { count: number; unclear: boolean },
): unknown {
  if (typeof value === 'string') {
    if (from.database !== undefined && to.database !== undefined) {
      const switched = databaseInText(value, from, from.database, to.database);
      if (switched?.changed) found.count++;
      if (!switched) found.unclear = true;
      return switched?.as ?? value;
    }
    const redirected = inText(value, from, to);
    if (redirected !== undefined) found.count++;
    return redirected ?? value;
  }
  if (Array.isArray(value)) return value.map((each) => walk(each, from, to, found));
  if (typeof value !== 'object' || value === null) return value;
  const before = found.count;
  const entries = Object.entries(value).map(
    ([key, each]) => [key, isPassword(key) ? each : walk(each, from, to, found)] as const,
  );
  if (from.database !== undefined && to.database !== undefined) {
    const switched = inDatabase(Object.fromEntries(entries), from, from.database, to.database);
    if (switched?.changed) found.count++;
    if (!switched) found.unclear = true;
    return switched?.as ?? Object.fromEntries(entries);
  }
  // A port belongs to the host that stands in the same object.
  const leadsThere = found.count > before;
  return Object.fromEntries(
    entries.map(([key, each]) => [key, leadsThere && isPort(key, each, from) ? portAs(each, to) : each]),
  );
}

const isPassword = (key: string) => /^(pass|password|pwd|secret|token)$/i.test(key);
const isPort = (key: string, value: unknown, { port }: Address) =>
  /port/i.test(key) && (value === port || value === String(port));
const portAs = (like: unknown, { port }: Address) => (typeof like === 'number' ? port : String(port));

/** Host names end at what no host name has: `db.example.com` is not in `mydb.example.com`. */
function inText(text: string, from: Address, to: Address): string | undefined {
  if (from.database !== undefined && to.database !== undefined) {
    const switched = databaseInText(text, from, from.database, to.database);
    return switched?.changed ? switched.as : undefined;
  }
  const host = from.host.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const mention = new RegExp(`(?<![\\w.-])${host}(?![\\w-]|\\.[\\w-])(:${from.port}(?!\\d))?`, 'gi');
  if (!mention.test(text)) return undefined;
  const redirected = text.replace(mention, (_, port?: string) => {
    // Without a port a URL means the usual one.
    const named = port !== undefined || (to.port !== 5432 && isUrl(text));
    return named ? `${to.host}:${to.port}` : to.host;
  });
  // A DSN names its port apart: host=… port=5432.
  return isUrl(text)
    ? redirected
    : redirected.replace(/(\w*port\s*=\s*'?)(\d+)/gi, (whole, name, port) =>
        port === String(from.port) ? `${name}${to.port}` : whole,
      );
}

const isUrl = (text: string) => /^[a-z][a-z0-9+.-]*:\/\//i.test(text.trim());
