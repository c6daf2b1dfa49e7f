import type { EC2Client } from '@aws-sdk/client-ec2';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { RDSClient } from '@aws-sdk/client-rds';
import type { Secrets } from '../../../ports/database.ts';
import type { RestoreConditions } from '../../../ports/restore-conditions.ts';
import type { Keys } from './keys.ts';
import { readSecurityGroups, readSubnetGroup } from './network.ts';
import { readDenials } from './permissions.ts';
import { readSecretProblem } from './secret.ts';
import { readEngineVersion, readParameterFamily, readSupport } from './versions.ts';

/** The services that a preflight asks: those of the Region, the secret store, and IAM for the role that restores. */
export type ConditionClients = {
  rds: RDSClient;
  ec2: EC2Client;
  iam: IAMClient;
  keys: Keys;
  secrets: Secrets;
  restoreRole: string | undefined;
};

export function restoreConditions({
  rds,
  ec2,
  iam,
  keys,
  secrets,
  restoreRole,
}: ConditionClients): RestoreConditions {
  return {
    subnetGroup: (name) => readSubnetGroup(rds, ec2, name),
    securityGroups: (ids) => readSecurityGroups(ec2, ids),
    parameterFamily: (kind, name) => readParameterFamily(rds, kind, name),
    engineVersion: (of) => readEngineVersion(rds, of),
    support: (of) => readSupport(rds, of),
    key: (id) => keys(id),
    secretProblem: (target) => readSecretProblem(secrets, target),
    denied: (intent) => readDenials(iam, restoreRole, intent),
  };
}
