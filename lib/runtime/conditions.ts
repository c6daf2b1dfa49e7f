import { ec2, iam } from '../adapters/aws/preflight/clients.ts';
import { restoreConditions } from '../adapters/aws/preflight/conditions.ts';
import { rdsClients } from '../adapters/aws/rds/clients.ts';
import type { RestoreConditions } from '../ports/preflight.ts';
import { homePlace, keys, restoreRole, secrets } from './compose.ts';

/** Part of the composition root, separate because loading its clients takes half a second. */
export const conditions = (): RestoreConditions =>
  restoreConditions({
    rds: rdsClients()(homePlace()),
    ec2: ec2(),
    iam: iam(),
    keys: keys(),
    secrets: secrets(),
    restoreRole: restoreRole(),
  });
