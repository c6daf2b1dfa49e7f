import { type DatabaseServer, isHostOf, isPortOf, leadsToServer } from './same-server.ts';

/** Keys with their values, by what they say of a server. */
export type Said = Record<'hosts' | 'ports' | 'databases' | 'urls', [key: string, value: string][]>;

/** What ends the name of a key of each sort. */
export const SORTS: Record<keyof Said, RegExp> = {
  hosts: /(?:host(?:name|addr)?|server|endpoint)$/i,
  ports: /port$/i,
  databases: /(?:db|database)(?:[_-]?name)?$/i,
  urls: /(?:url|uri|dsn)$/i,
};

/**
 * The keys that name a database of this server. Where other servers are named, too, they are those that begin like one
 * of its hosts: host and dbname, PGHOST and PGDATABASE. Undefined where it cannot be said whether one does.
 */
export function keysOf(
  { hosts, ports, databases, urls }: Said,
  server: DatabaseServer,
  database: string,
): string[] | undefined {
  const portsOf = (stem: string) => {
    const own = ports.filter(([key]) => stemOf(key) === stem);
    return own.length > 0 ? own : ports.filter(([key]) => stemOf(key) === '');
  };
  const isHere = ([key, host]: [string, string]) =>
    isHostOf(server, host) && portsOf(stemOf(key)).every(([, port]) => isPortOf(server, port));
  const here = stemsOf(hosts.filter(isHere));
  const away = stemsOf(hosts.filter((each) => !isHere(each)));
  if (here.size === 0) return [];
  const others = stemsOf([
    ...ports.filter(([key, port]) => !here.has(stemOf(key)) && Number(port) !== server.port),
    ...urls.filter(([key, url]) => !here.has(stemOf(key)) && isElsewhere(url, server)),
  ]);
  const named = databases.filter(([, value]) => value === database).map(([key]) => key);
  const isOnlyOne = away.size === 0 && others.size === 0;
  const own = named.filter(
    (key) => isOnlyOne || (here.has(stemOf(key)) && !away.has(stemOf(key)) && !others.has(stemOf(key))),
  );
  if (own.length > 0) return own;
  return named.some((key) => here.has(stemOf(key)) || !(away.has(stemOf(key)) || others.has(stemOf(key))))
    ? undefined
    : [];
}

/** What a key has before that: `warehouse` of WAREHOUSE_DB_HOST and of warehouse_dbname. */
function stemOf(key: string): string {
  const plain = key.replace(/[._-]/g, '').toLowerCase();
  const ending = /(?:hostname|hostaddr|host|server|endpoint|port|name|url|uri|dsn)$/;
  return plain.replace(ending, '').replace(/(?:db|database)$/, '');
}

const stemsOf = (said: readonly [string, string][]) => new Set(said.map(([key]) => stemOf(key)));

/** A site of the web is no server of databases. */
function isElsewhere(url: string, server: DatabaseServer): boolean {
  const [, scheme = '', hosts = ''] = /([a-z][a-z0-9+.-]*):\/\/(?:[^\s/?#]*@)?([^\s/?#]*)/i.exec(url) ?? [];
  return (
    scheme !== '' &&
    !/^https?$/i.test(scheme) &&
    !hosts.split(',').some((each) => leadsToServer(each, server))
  );
}
