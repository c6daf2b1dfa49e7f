type Server = { host: string; port: number };

/**
 * The object's entries with the name of one database of a server replaced by another's, where the object says host and
 * database apart; undefined where it leads elsewhere. A text below it, such as a URL, is not looked at.
 */
export function inDatabase(
  entries: Record<string, unknown>,
  server: Server,
  from: string,
  to: string,
): Record<string, unknown> | undefined {
  const all = Object.entries(entries);
  const hosts = all.filter(([, value]) => typeof value === 'string' && hostOf(server).test(value.trim()));
  const ports = all.filter(([key, value]) => /port$/i.test(key) && /^\d+$/.test(String(value)));
  if (hosts.length === 0 || ports.some(([, port]) => !isPortOf(server, port))) return undefined;
  const named = (names: RegExp) => all.filter(([key, value]) => names.test(key) && value === from);
  const databases = named(/(?:db|database)(?:[_-]?name)?$/i);
  const switched = databases.length > 0 ? databases : named(/^name$/i);
  if (switched.length === 0) return undefined;
  return { ...entries, ...Object.fromEntries(switched.map(([key]) => [key, to])) };
}

/** The same in a text: every URL, else a DSN or the lines of an environment. */
export function databaseInText(text: string, server: Server, from: string, to: string): string | undefined {
  return inUrls(text, server, from, to) ?? inDsn(text, server, from, to);
}

/** The parts of a URL before its database, of which the last two are its hosts; several have commas. */
const URLS = /([a-z][a-z0-9+.-]*:\/\/(?:[^\s"'/?#@]*@)?)([^\s"'/?#@]*)(\/[^\s"'/?#]*)?(\?[^\s"'#]*)?/gi;

function inUrls(text: string, server: Server, from: string, to: string): string | undefined {
  let count = 0;
  const switched = text.replace(URLS, (whole, begin: string, hosts: string, path = '', query = '') => {
    if (!hosts.split(',').some((each) => leadsTo(each, server))) return whole;
    const before = count;
    const inPath = path.replace(/^\/(.+)$/, (same: string, name: string) =>
      decoded(name) === from ? said(`/${encodeURIComponent(to)}`) : same,
    );
    const inQuery = query.replace(
      /([?&](?:dbname|database)=)([^&]*)/gi,
      (same: string, key: string, name: string) =>
        decoded(name) === from ? said(`${key}${encodeURIComponent(to)}`) : same,
    );
    return count === before ? whole : `${begin}${hosts}${inPath}${inQuery}`;
  });
  function said(changed: string): string {
    count++;
    return changed;
  }
  return count > 0 ? switched : undefined;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** `host=… dbname=…`, `Host=…;Database=…` and `PGHOST=…` with `PGDATABASE=…`. */
function inDsn(text: string, server: Server, from: string, to: string): string | undefined {
  const hosts = valuesOf(text, /\w*(?:host(?:name|addr)?|server)/);
  const ports = valuesOf(text, /\w*port/);
  if (!hosts.some((host) => hostOf(server).test(host)) || ports.some((port) => !isPortOf(server, port)))
    return undefined;
  let count = 0;
  const switched = text.replace(pairs(/\w*(?:db|database)(?:_?name)?/), (whole, key, quote, value) => {
    if (value !== from) return whole;
    count++;
    return `${key}${quote}${to}${quote}`;
  });
  return count > 0 ? switched : undefined;
}

const pairs = (key: RegExp) => new RegExp(`(\\b${key.source}\\s*=\\s*)(["']?)([^\\s;"']*)\\2`, 'gi');
const valuesOf = (text: string, key: RegExp) => [...text.matchAll(pairs(key))].map(([, , , value]) => value!);

/** A host of a URL, with its port or the usual one. */
function leadsTo(host: string, server: Server): boolean {
  const [, name = '', port] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
  return hostOf(server).test(name) && isPortOf(server, port ?? 5432);
}

/** The server's own name, and at Neon that of its pooler: the same database behind another name. */
function hostOf({ host }: Server): RegExp {
  const [first = '', ...rest] = host.split('.');
  const direct = first.replace(/-pooler$/, '');
  const names = isNeon(host) ? [direct, `${direct}-pooler`] : [first];
  return new RegExp(`^(?:${names.map((each) => escaped([each, ...rest].join('.'))).join('|')})$`, 'i');
}

const isNeon = (host: string) => /\.neon\.(?:tech|build)$/i.test(host);

/** On one's own machines another port is another server; a host of Neon's has one database of a name. */
const isPortOf = ({ host, port }: Server, given: unknown) => isNeon(host) || Number(given) === port;

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
