import {
  DescribeServicesCommand,
  type ECSClient,
  type Deployment as EcsDeployment,
  type Service,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { Refusal } from '../../domain/errors.ts';
import { definitionFamily, nameOfService, shortDefinition } from '../../domain/incidents/app-change.ts';
import type { Deployment, ServiceRef, Services } from '../../ports/switching.ts';
import { earlierDefinition, findRevision } from './ecs-earlier.ts';
import { askEcs } from './ecs-requests.ts';

export { ecsClient } from './ecs-requests.ts';

/** Services of ECS: a forced deployment replaces every task. */
export function ecsServices(client: ECSClient): Services {
  const update = async (
    what: string,
    ref: ServiceRef,
    how: { taskDefinition?: string; forceNewDeployment?: true },
  ) => {
    const { cluster, service } = ref;
    const { service: updated } = await askEcs(`${what} ${nameOfService(ref)}`, () =>
      client.send(new UpdateServiceCommand({ cluster, service, ...how })),
    );
    return deploymentOf(updated);
  };
  return {
    startAnew: (ref) => update('starting anew', ref, { forceNewDeployment: true }),
    use: (ref, taskDefinition) =>
      update(`giving ${shortDefinition(taskDefinition)} to`, ref, { taskDefinition }),
    async look(ref, deployment) {
      const { deployments = [], runningCount = 0, desiredCount = 0 } = await described(client, ref);
      const seen = `${runningCount} of ${desiredCount} tasks, ${deployments.length} deployments`;
      const ours = deployments.find(({ id }) => id === deployment.id);
      if (!ours && deployment.id !== '') return without(deployment, deployments, seen);
      if (ours?.rolloutState === 'FAILED')
        return { state: 'failed', seen: [ours.rolloutStateReason, seen].filter(Boolean).join('; ') };
      // Steady is what the AWS CLI waits for too: one deployment, with all its tasks.
      return { state: deployments.length <= 1 && runningCount === desiredCount ? 'steady' : 'rolling', seen };
    },
    async current(ref) {
      const { taskDefinition, deploymentController } = await described(client, ref);
      if (taskDefinition !== undefined && (deploymentController?.type ?? 'ECS') === 'ECS')
        return taskDefinition;
      throw new Refusal(
        'service-foreign',
        `${nameOfService(ref)} is deployed by ${deploymentController?.type}`,
        {
          hint: 'restart it, or go back, with what deploys it',
        },
      );
    },
    earlier: async (ref) => earlierDefinition(client, ref, await described(client, ref)),
    async definition(name) {
      const found = await findRevision(client, name, (arn) => [arn, shortDefinition(arn)].includes(name));
      if (found) return found;
      throw new Refusal('task-definition-missing', `there is no active task definition ${name}`, {
        hint: `aws ecs list-task-definitions --family-prefix ${definitionFamily(name)} shows those there are`,
      });
    },
  };
}

async function described(client: ECSClient, ref: ServiceRef): Promise<Service> {
  const { cluster, service } = ref;
  const { services } = await askEcs(`looking at ${nameOfService(ref)}`, () =>
    client.send(new DescribeServicesCommand({ cluster, services: [service] })),
  );
  if (services?.[0]) return services[0];
  throw new Refusal('service-missing', `there is no service ${nameOfService(ref)}`, {
    hint: 'check restore.services in understudy.yml',
  });
}

function deploymentOf(service: Service | undefined): Deployment {
  const { id = '', createdAt } = service?.deployments?.find(({ status }) => status === 'PRIMARY') ?? {};
  return { id, begunAt: (createdAt ?? new Date(0)).toISOString() };
}

/** An answer from before the update knows nothing of it; in one from after it, another has taken its place. */
function without({ begunAt }: Deployment, deployments: readonly EcsDeployment[], seen: string) {
  const later = deployments.find(
    ({ status, createdAt }) => status === 'PRIMARY' && createdAt && createdAt > new Date(begunAt),
  );
  if (!later) return { state: 'rolling' as const, seen };
  const other = shortDefinition(later.taskDefinition ?? 'another');
  return { state: 'failed' as const, seen: `a later deployment, of ${other}, has taken its place; ${seen}` };
}
