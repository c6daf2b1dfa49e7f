import { rejectCombination, rejectValue } from './model.ts';
import { CLUSTER, DEFAULT_KEY, INSTANCE, keyArn } from './nouns.ts';
import { groupFor, valuesOf } from './parameter-groups.ts';
import { createInitialRoles, newServer, startServer } from './postgres.ts';
import { find, usableKey } from './regions.ts';
import { addResource, comeUp, createMember, newResourceName } from './resources.ts';
import { storeOf } from './store.ts';
import type { Call, Resource } from './world.ts';

/** A member of a cluster, or an instance of its own without data. */
export async function createInstance(call: Call): Promise<Resource> {
  return call.input.DBClusterIdentifier ? createMember(call) : createEmpty(call);
}

/** PostgreSQL of this machine's version, with a master user and nothing else. */
export async function createEmpty(call: Call): Promise<Resource> {
  const { input, kind, world } = call;
  const id = newResourceName(call, input[`${kind.noun}Identifier`]!);
  const engine = kind === CLUSTER ? 'aurora-postgresql' : 'postgres';
  const { MasterUsername: user, MasterUserPassword: password } = input;
  if (input.Engine !== engine) rejectValue(`Invalid engine: ${input.Engine}`);
  if (!world.machine.version.startsWith(input.EngineVersion ?? ''))
    rejectValue(`Cannot find version ${input.EngineVersion} for ${engine}`);
  if (!user || !password) rejectCombination('The master user needs a name and a password.');
  if (kind === INSTANCE && (input.AllocatedStorage ?? 0) < 20) rejectValue('Invalid storage size for gp3');
  const key = input.StorageEncrypted ? keyArn(call.region.name, input.KmsKeyId ?? DEFAULT_KEY) : undefined;
  if (key) usableKey(call, key);
  const origin = {
    ...{ Engine: engine, EngineVersion: world.machine.version, MasterUsername: user },
    AllocatedStorage: input.AllocatedStorage ?? 1,
    StorageType: kind === CLUSTER ? 'aurora' : (input.StorageType ?? 'gp2'),
    KmsKeyId: key,
    PreferredBackupWindow: '03:00-03:30',
  };
  // All servers are on one machine here, each at a port of its own.
  void input.Port;
  const group = groupFor(call, origin, input[`${kind.group}Name`]);
  const subnetGroup = find(call, 'DBSubnetGroup', input.DBSubnetGroupName ?? 'default').id;
  const server = await newServer(world.machine, valuesOf(group));
  const made = addResource(call, {
    ...{ id, origin, group, subnetGroup, store: await storeOf(server) },
    ...{
      class: input.DBInstanceClass ?? '',
      database: 'postgres',
      retention: input.BackupRetentionPeriod ?? 1,
    },
  });
  comeUp(call, made, made, async () => {
    await startServer(server, kind === INSTANCE);
    await createInitialRoles(server, { database: 'postgres', user, password });
  });
  return made;
}
