import { ECSClient } from '@aws-sdk/client-ecs';
import { asker } from './requests.ts';

export const ecsClient = () => new ECSClient({ maxAttempts: 6 });

/** A request to ECS; what its errors mean for the services and task definitions that a person named. */
export const { asking: askEcs } = asker('ECS', [
  {
    name: /^(ClusterNotFound|ServiceNotFound|ServiceNotActive)/,
    code: 'service-missing',
    hint: 'check restore.services in understudy.yml',
  },
  {
    name: /^ClientException/,
    says: /task ?definition/i,
    code: 'task-definition-missing',
    hint: 'aws ecs list-task-definitions --family-prefix FAMILY shows those there are',
  },
  {
    name: /^AccessDenied/,
    code: 'platform-denied',
    hint: 'the functions’ roles reach only services that the deployed understudy.yml names; deploy again',
  },
]);
