import { existsSync } from 'node:fs';
import { CreateDBSnapshotCommand, RestoreDBInstanceToPointInTimeCommand } from '@aws-sdk/client-rds';
import { startLocalRds } from '../../../scripts/local/rds/local-rds.ts';
import { clientOf, PASSWORD, until } from './support.ts';

test('closing leaves no process and no file, also in the middle of a snapshot and a restore', async () => {
  const rds = await startLocalRds({ pace: 30 });
  await rds.createInstance({ id: 'two', database: 'two', masterPassword: PASSWORD });
  const client = clientOf(rds.endpoint);
  await client.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: 'two', DBSnapshotIdentifier: 'x' }));
  await client.send(
    new RestoreDBInstanceToPointInTimeCommand({
      SourceDBInstanceIdentifier: 'two',
      TargetDBInstanceIdentifier: 'three',
      UseLatestRestorableTime: true,
    }),
  );
  await until('the restored server', async () => rds.instance('three').pid);
  const pids = ['two', 'three'].map((id) => rds.instance(id).pid!);
  for (const pid of pids) expect(() => process.kill(pid, 0)).not.toThrow();
  await rds.close();
  client.destroy();
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  expect(existsSync(rds.directory)).toBe(false);
  expect(rds.violations).toEqual([]);
});
