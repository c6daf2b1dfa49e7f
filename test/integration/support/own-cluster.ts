import type { Credentials } from '../../../lib/ports/database.ts';
import type { Cluster } from '../../../scripts/local/cluster.ts';

/** How the superuser of a test file's own cluster reaches a database of it. */
export function credentialsOf(cluster: Cluster, changes: Partial<Credentials> = {}): Credentials {
  return {
    host: '127.0.0.1',
    port: cluster.port,
    database: 'postgres',
    user: 'postgres',
    password: cluster.password,
    sslmode: 'disable',
    ...changes,
  };
}
