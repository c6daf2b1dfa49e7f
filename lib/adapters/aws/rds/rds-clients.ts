import { RDSClient } from '@aws-sdk/client-rds';
import type { Place } from '../../../ports/platform.ts';
import { assumed } from '../clients.ts';

export type RdsClients = (place: Pick<Place, 'name' | 'region' | 'role'>) => RDSClient;

/** One client for each place, created at its first use. Another account is reached through its role. */
export function rdsClients(): RdsClients {
  const known = new Map<string, RDSClient>();
  return ({ name, region, role }) => {
    const client =
      known.get(name) ??
      new RDSClient({
        region,
        maxAttempts: 6,
        ...(role ? { credentials: () => assumed(role) } : {}),
      });
    known.set(name, client);
    return client;
  };
}
