export type DatabaseServer = { host: string; port: number };

/** A host of a URL, with its port or the usual one. */
export function leadsToServer(host: string, server: DatabaseServer): boolean {
  const [, name = '', port] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
  return isHostOf(server, name) && isPortOf(server, port ?? 5432);
}

export const isHostOf = (server: DatabaseServer, host: string) =>
  hostNamesOf(server).some((name) => name.toLowerCase() === host.trim().toLowerCase());

/** The server's own name, and at Neon that of its pooler: the same database behind another name. */
export function hostNamesOf({ host }: Pick<DatabaseServer, 'host'>): string[] {
  if (!isNeon(host)) return [host];
  const [first = '', ...rest] = host.split('.');
  const direct = first.replace(/-pooler$/, '');
  return [direct, `${direct}-pooler`].map((each) => [each, ...rest].join('.'));
}

const isNeon = (host: string) => /\.neon\.(?:tech|build)$/i.test(host);

/** On one's own machines another port is another server; a host of Neon's has one database of a name. */
export const isPortOf = ({ host, port }: DatabaseServer, given: unknown) =>
  isNeon(host) || Number(given) === port;
