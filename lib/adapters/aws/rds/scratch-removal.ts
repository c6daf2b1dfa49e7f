import {
  DeleteDBClusterCommand,
  DeleteDBInstanceCommand,
  ModifyDBClusterCommand,
  ModifyDBInstanceCommand,
  type RDSClient,
} from '@aws-sdk/client-rds';
import { asking, ifThere } from './rds-errors.ts';
import { memberOf } from './scratch-state.ts';
import { describeCluster, describeInstance } from './sources.ts';

/** Takes the next step of deleting an instance, never with a final snapshot. */
export async function removeInstance(client: RDSClient, name: string): Promise<'removing' | 'gone'> {
  const instance = await describeInstance(client, name);
  if (!instance) return 'gone';
  if (instance.DBInstanceStatus === 'deleting') return 'removing';
  if (instance.DeletionProtection) await unprotect(client, name);
  await ifThere(`deleting ${name}`, /DBInstanceNotFound|InvalidDBInstanceState/, () =>
    client.send(
      new DeleteDBInstanceCommand({
        DBInstanceIdentifier: name,
        SkipFinalSnapshot: true,
        DeleteAutomatedBackups: true,
      }),
    ),
  );
  return 'removing';
}

/** A person or a rule of the account may have protected it. It is a scratch instance all the same. */
async function unprotect(client: RDSClient, name: string): Promise<void> {
  await asking(`taking the deletion protection from ${name}`, () =>
    client.send(
      new ModifyDBInstanceCommand({
        DBInstanceIdentifier: name,
        DeletionProtection: false,
        ApplyImmediately: true,
      }),
    ),
  );
}

/** Members go first: RDS refuses to delete a cluster with members. */
export async function removeCluster(client: RDSClient, name: string): Promise<'removing' | 'gone'> {
  const member = await describeInstance(client, memberOf(name));
  const cluster = await describeCluster(client, name);
  if (!cluster) return member ? 'removing' : 'gone';
  if (member && member.DBInstanceStatus !== 'deleting') {
    await ifThere(`deleting ${memberOf(name)}`, /DBInstanceNotFound|InvalidDBInstanceState/, () =>
      client.send(
        new DeleteDBInstanceCommand({ DBInstanceIdentifier: memberOf(name), SkipFinalSnapshot: true }),
      ),
    );
    return 'removing';
  }
  if (member || cluster.Status === 'deleting') return 'removing';
  if (cluster.DeletionProtection) {
    await asking(`taking the deletion protection from ${name}`, () =>
      client.send(
        new ModifyDBClusterCommand({
          DBClusterIdentifier: name,
          DeletionProtection: false,
          ApplyImmediately: true,
        }),
      ),
    );
  }
  await ifThere(`deleting ${name}`, /DBClusterNotFound|InvalidDBClusterState/, () =>
    client.send(
      new DeleteDBClusterCommand({
        DBClusterIdentifier: name,
        SkipFinalSnapshot: true,
        DeleteAutomatedBackups: true,
      }),
    ),
  );
  return 'removing';
}
