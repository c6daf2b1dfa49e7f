import { existsSync } from 'node:fs';
import { startLocalRds } from '../../../scripts/local/rds/local-rds.ts';
import { awsOf, clientOf, PASSWORD, until } from './support.ts';

test('the local RDS leaves no process and no file when it is closed during a snapshot and a restore', async () => {
  const rds = await startLocalRds({ pace: 30 });
  await rds.createInstance({ id: 'two', database: 'two', masterPassword: PASSWORD });
  const client = clientOf(rds.endpoint);
  const aws = awsOf(() => client);
  await aws.takeSnapshot('two', 'x');
  await aws.restoreToMoment('two', 'three', { UseLatestRestorableTime: true });
  await until('the restored server', async () => rds.instance('three').pid);
  const pids = ['two', 'three'].map((id) => rds.instance(id).pid!);
  for (const pid of pids) expect(() => process.kill(pid, 0)).not.toThrow();
  await rds.close();
  client.destroy();
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  expect(existsSync(rds.directory)).toBe(false);
  expect(rds.violations).toEqual([]);
});
