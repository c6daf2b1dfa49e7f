import { refuse } from './errors.ts';
import { DEFAULT_KEY, keyArn, newName } from './names.ts';
import type { Call, Origin, Region } from './world.ts';

/** The name of a new instance, if there may be one more. */
export function newInstanceName({ world, region }: Call, given: string): string {
  const id = newName(given, 'DBInstanceIdentifier');
  if (region.instances.has(id)) refuse('DBInstanceAlreadyExists', 'DB instance already exists');
  if (region.instances.size >= world.settings.quotas.instances)
    refuse('InstanceQuotaExceeded', `DB Instance quota of ${world.settings.quotas.instances} exceeded`);
  return id;
}

export function newClusterName({ world, region }: Call, given: string): string {
  const id = newName(given, 'DBClusterIdentifier');
  if (region.clusters.has(id)) refuse('DBClusterAlreadyExistsFault', 'DB Cluster already exists');
  if (region.clusters.size >= world.settings.quotas.clusters)
    refuse('DBClusterQuotaExceededFault', `DB Cluster quota of ${world.settings.quotas.clusters} exceeded`);
  return id;
}

export function knownSubnetGroup(region: Region, given: string | undefined): string {
  const name = given?.toLowerCase() ?? 'default';
  if (!region.subnetGroups.has(name))
    refuse('DBSubnetGroupNotFoundFault', `Subnet group '${name}' does not exist`);
  return name;
}

/** The ARN of a key that RDS may use in this Region. */
export function usableKey({ world, region }: Call, given: string): string {
  const arn = keyArn(region.name, given);
  const refused = [...world.settings.inaccessibleKeys].map((key) => keyArn(region.name, key));
  if (arn.split(':')[3] !== region.name || refused.includes(arn))
    refuse(
      'KMSKeyNotAccessibleFault',
      `Specified KMS key [${given}] does not exist, is not enabled or you do not have permissions to access it.`,
    );
  return arn;
}

export const isDefaultKey = (arn: string) => arn === keyArn(arn.split(':')[3]!, DEFAULT_KEY);

/** Does what is restored from an encrypted source have its key? A key may be given only for what was not encrypted, and for clusters. */
export function keyOfRestore(call: Call, origin: Origin, given?: string): string | undefined {
  const key = given ?? origin.key;
  return key && usableKey(call, key);
}

export function sameEngine(origin: Origin, given: string | undefined): void {
  if (given !== undefined && given !== origin.engine)
    refuse(
      'InvalidParameterCombination',
      `The engine ${given} does not fit the source's engine ${origin.engine}.`,
    );
}

export function password(given: string): string {
  if (given.length < 8 || given.length > 128)
    refuse(
      'InvalidParameterValue',
      'The parameter MasterUserPassword is not a valid password because it is shorter than 8 characters.',
    );
  if (/[^ -~]|[/@" ]/.test(given))
    refuse(
      'InvalidParameterValue',
      "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', '\"', ' ' may be used.",
    );
  return given;
}

export function backupRetention(given: number, least: number): number {
  if (given < least || given > 35)
    refuse(
      'InvalidParameterValue',
      `Invalid backup retention period: ${given}. Must be between ${least} and 35`,
    );
  return given;
}
