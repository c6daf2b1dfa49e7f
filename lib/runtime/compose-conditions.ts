import { restoreConditions } from '../adapters/aws/preflight/conditions.ts';
import { ec2, iam } from '../adapters/aws/preflight/preflight-clients.ts';
import { rdsClients } from '../adapters/aws/rds/rds-clients.ts';
import type { RestoreConditions } from '../ports/restore-conditions.ts';
import { here, keys, restoreRole, secrets } from './compose.ts';

/** Part of the composition root, separate because loading its clients takes half a second. */
export const conditions = (): RestoreConditions =>
  restoreConditions({
    rds: rdsClients()(here()),
    ec2: ec2(),
    iam: iam(),
    keys: keys(),
    secrets: secrets(),
    restoreRole: restoreRole(),
  });
