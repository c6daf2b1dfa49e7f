import { DescribeAccountAttributesCommand, type RDSClient } from '@aws-sdk/client-rds';
import type { Quota } from '../../../domain/points/platform-source.ts';
import type { Place, Platform } from '../../../ports/platform.ts';
import { engineFamily } from './engine-family.ts';
import type { RdsClients } from './rds-clients.ts';
import { asking } from './rds-errors.ts';
import {
  copySnapshot,
  deleteSnapshot,
  listSnapshots,
  readSnapshot,
  shareSnapshot,
  takeSnapshot,
} from './snapshots.ts';
import { readSource } from './sources.ts';

/** Instances and clusters of RDS. `home` is the Region of the sources; a copy is requested in its destination. */
export function rdsPlatform(clients: RdsClients, home: Place): Platform {
  return {
    source: (ref) => readSource(clients(home), ref),
    snapshots: (ref, place) => listSnapshots(clients(place), ref),
    snapshot: (of, id, place) => readSnapshot(clients(place), of, id),
    takeSnapshot: (ref, id, tags) => takeSnapshot(clients(home), ref, id, tags),
    copySnapshot: (from, to) => copySnapshot(clients(to.place), from, to),
    share: (of, id, place, account) => shareSnapshot(clients(place), of, id, account),
    deleteSnapshot: (of, id, place) => deleteSnapshot(clients(place), of, id),
    family: async (version) => engineFamily(version),
    quotas: (place) => readQuotas(clients(place)),
  };
}

async function readQuotas(client: RDSClient): Promise<{ snapshots?: Quota; instances?: Quota }> {
  const { AccountQuotas } = await asking('reading the quotas of RDS', () =>
    client.send(new DescribeAccountAttributesCommand({})),
  );
  const quota = (name: string): Quota | undefined => {
    const found = AccountQuotas?.find((each) => each.AccountQuotaName === name);
    return found?.Max === undefined ? undefined : { used: found.Used ?? 0, most: found.Max };
  };
  // Instances and clusters have a quota each; the one closer to its limit is reported.
  const [snapshots] = [quota('ManualSnapshots'), quota('ManualClusterSnapshots')]
    .flatMap((each) => each ?? [])
    .sort((a, b) => b.used / b.most - a.used / a.most);
  const instances = quota('DBInstances');
  return { snapshots, instances };
}
