import { keysOf, type Said, SORTS } from './database-keys.ts';
import { type DatabaseServer, leadsToServer } from './same-server.ts';

/** The text with the name replaced, or as it is where it leads elsewhere; undefined where nobody can say. */
type Changed<T> = { changed: boolean; as: T } | undefined;

/**
 * The object's entries with the name of one database of a server replaced by another's, where the object says host and
 * database apart. A text below it, such as a URL, is not looked at.
 */
export function inDatabase(
  entries: Record<string, unknown>,
  server: DatabaseServer,
  from: string,
  to: string,
): Changed<Record<string, unknown>> {
  const all = Object.entries(entries).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' || typeof value === 'number' ? [[key, String(value)]] : [],
  );
  const said = saidIn((sort) => all.filter(([key]) => sort.test(key)));
  const isNamed = said.databases.some(([, value]) => value === from);
  const databases = isNamed ? said.databases : all.filter(([key]) => /^name$/i.test(key));
  const keys = keysOf({ ...said, databases }, server, from);
  if (keys === undefined) return undefined;
  return {
    changed: keys.length > 0,
    as: { ...entries, ...Object.fromEntries(keys.map((key) => [key, to])) },
  };
}

/** The same in a text: every URL, and a DSN or the lines of an environment. */
export function databaseInText(
  text: string,
  server: DatabaseServer,
  from: string,
  to: string,
): Changed<string> {
  const urls = inUrls(text, server, from, to);
  const pairs = inPairs(urls ?? text, server, from, to);
  return pairs && { changed: pairs.changed || urls !== undefined, as: pairs.as };
}

function saidIn(find: (sort: RegExp) => [string, string][]): Said {
  const [hosts, ports, databases, urls] = [SORTS.hosts, SORTS.ports, SORTS.databases, SORTS.urls].map(find);
  return {
    hosts: hosts!.filter(([, value]) => value !== ''),
    ports: ports!.filter(([, value]) => /^\d+$/.test(value)),
    databases: databases!,
    urls: urls!,
  };
}

/** The parts of a URL before its database, of which the last two are its hosts; several have commas. */
const URLS = /([a-z][a-z0-9+.-]*:\/\/(?:[^\s"'/?#@]*@)?)([^\s"'/?#@]*)(\/[^\s"'/?#]*)?(\?[^\s"'#]*)?/gi;

function inUrls(text: string, server: DatabaseServer, from: string, to: string): string | undefined {
  let count = 0;
  const switched = text.replace(URLS, (whole, begin: string, hosts: string, path = '', query = '') => {
    if (!hosts.split(',').some((each) => leadsToServer(each, server))) return whole;
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
function inPairs(text: string, server: DatabaseServer, from: string, to: string): Changed<string> {
  const found = (sort: RegExp) =>
    [...text.matchAll(pairsOf(sort))].map(([, key, , , value]): [string, string] => [key!, value!]);
  const keys = keysOf(saidIn(found), server, from);
  if (keys === undefined) return undefined;
  const as = text.replace(pairsOf(SORTS.databases), (whole, key: string, is, quote, value) =>
    keys.includes(key) && value === from ? `${key}${is}${quote}${to}${quote}` : whole,
  );
  return { changed: keys.length > 0, as };
}

const pairsOf = ({ source }: RegExp) =>
  new RegExp(`\\b([\\w.-]*${source.replace(/\$$/, '')})([ \\t]*=[ \\t]*)(["']?)([^\\s;"']*)\\3`, 'gi');
