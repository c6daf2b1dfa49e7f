import { DescribeServicesCommand, ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { Refusal } from '../../domain/errors.ts';
import type { ServiceRef, Services } from '../../ports/switching.ts';
import { asker } from './requests.ts';

const { asking } = asker('ECS', [
  {
    name: /^(ClusterNotFound|ServiceNotFound|ServiceNotActive)/,
    code: 'service-missing',
    hint: 'check restore.services in understudy.yml',
  },
  {
    name: /^AccessDenied/,
    code: 'platform-denied',
    hint: 'the function’s role may update only services that the deployed understudy.yml names; deploy again',
  },
]);

export const ecsClient = () => new ECSClient({ maxAttempts: 6 });

const nameOf = ({ cluster, service }: ServiceRef) => `${service} in ${cluster}`;

/** Services of ECS: a forced deployment replaces every task. */
export function ecsServices(client: ECSClient): Services {
  return {
    async startAnew(ref) {
      const { cluster, service } = ref;
      const { service: updated } = await asking(`starting ${nameOf(ref)} anew`, () =>
        client.send(new UpdateServiceCommand({ cluster, service, forceNewDeployment: true })),
      );
      return updated?.deployments?.find(({ status }) => status === 'PRIMARY')?.id ?? '';
    },
    async look(ref, deployment) {
      const { cluster, service } = ref;
      const { services } = await asking(`looking at ${nameOf(ref)}`, () =>
        client.send(new DescribeServicesCommand({ cluster, services: [service] })),
      );
      const found = services?.[0];
      if (!found)
        throw new Refusal('service-missing', `there is no service ${nameOf(ref)}`, {
          hint: 'check restore.services in understudy.yml',
        });
      const { deployments = [], runningCount = 0, desiredCount = 0 } = found;
      const seen = `${runningCount} of ${desiredCount} tasks, ${deployments.length} deployments`;
      // An answer from before the update knows nothing of it.
      const ours = deployments.find(({ id }) => id === deployment);
      if (!ours && deployment !== '') return { state: 'rolling', seen };
      if (ours?.rolloutState === 'FAILED') return { state: 'failed', seen };
      // Steady is what the AWS CLI waits for too: one deployment, with all its tasks.
      return { state: deployments.length <= 1 && runningCount === desiredCount ? 'steady' : 'rolling', seen };
    },
  };
}
