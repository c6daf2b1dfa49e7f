import type { DBClusterMessage, DescribeDBClustersMessage } from '@aws-sdk/client-rds';
import { findCluster } from './find.ts';
import { matching, page } from './pages.ts';
import { showCluster } from './show.ts';
import type { Call, Cluster } from './world.ts';

export async function describeDBClusters(
  call: Call,
  input: DescribeDBClustersMessage,
): Promise<DBClusterMessage> {
  const { DBClusterIdentifier: id } = input;
  const all = id ? [findCluster(call, id)] : [...call.region.clusters.values()];
  const { items, Marker } = page(matching(all, input.Filters, FILTERS), ({ id }) => id, input);
  return { DBClusters: await Promise.all(items.map((item) => showCluster(call, item))), Marker };
}

const FILTERS: Record<string, (cluster: Cluster) => string | undefined> = {
  'db-cluster-id': ({ id }) => id,
  'db-cluster-resource-id': ({ resourceId }) => resourceId.toLowerCase(),
  engine: ({ origin }) => origin.engine,
};
