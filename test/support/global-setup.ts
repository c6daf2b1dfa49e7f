import { startCluster } from '../../scripts/local/cluster.ts';
import { LOCAL_CREDENTIALS, startMoto } from '../../scripts/local/moto.ts';
import { tools } from '../../scripts/local/tools.ts';
import { type Running, running } from './running.ts';

/** One moto and one PostgreSQL for the whole run, on free ports of loopback. Test files make their own stages and databases. */
export default async function setUp(): Promise<void> {
  const found = tools();
  Object.assign(process.env, found, LOCAL_CREDENTIALS);
  const [moto, cluster] = await Promise.all([startMoto(), startCluster()]);
  const shared: Running = { moto, cluster };
  running(shared);
  process.env['AWS_ENDPOINT_URL'] = moto.endpoint;
  process.env['TEST_PG_PORT'] = String(cluster.port);
  process.env['TEST_PG_PASSWORD'] = cluster.password;
  process.env['POWERTOOLS_DEV'] = 'false';
  process.env['POWERTOOLS_LOG_LEVEL'] = 'SILENT';
  process.env['POWERTOOLS_METRICS_DISABLED'] = 'true';
}
