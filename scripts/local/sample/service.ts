import {
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeServicesCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';

const SERVICE = { cluster: 'web', service: 'crm' };
const RELEASES = ['crm:4.1', 'crm:4.2'];
const MILLISECONDS_BETWEEN_LOOKS = 500;

/** What runs now: a deployment, and the task that it is of; no task while none is wanted. */
type Deployed = { deployment: string; task?: string };

/**
 * The ECS service of the application, in its second release. moto runs no tasks: `onChange` is called whenever the
 * service is deployed, started or stopped, and the application follows.
 */
export async function runService(onChange: (task: string | undefined) => void): Promise<{ close(): void }> {
  const ecs = new ECSClient({});
  await ecs.send(new CreateClusterCommand({ clusterName: SERVICE.cluster }));
  for (const image of RELEASES)
    await ecs.send(
      new RegisterTaskDefinitionCommand({
        family: SERVICE.service,
        containerDefinitions: [{ name: SERVICE.service, image, memory: 512 }],
      }),
    );
  const { cluster, service } = SERVICE;
  const wishes = { taskDefinition: service, desiredCount: 0 };
  await ecs.send(new CreateServiceCommand({ cluster, serviceName: service, ...wishes }));
  // moto believes that a task runs when the wish changes.
  await ecs.send(new UpdateServiceCommand({ ...SERVICE, desiredCount: 1 }));
  let last = await look(ecs);
  onChange(last.task);
  const timer = setInterval(async () => {
    const now = await look(ecs).catch(() => last);
    if (now.deployment === last.deployment && now.task === last.task) return;
    last = now;
    onChange(now.task);
  }, MILLISECONDS_BETWEEN_LOOKS);
  return { close: () => clearInterval(timer) };
}

async function look(ecs: ECSClient): Promise<Deployed> {
  const { cluster, service } = SERVICE;
  const { services } = await ecs.send(new DescribeServicesCommand({ cluster, services: [service] }));
  const { deployments, desiredCount, taskDefinition = '' } = services![0]!;
  return {
    deployment: deployments![0]!.id!,
    ...(desiredCount === 0 ? {} : { task: taskDefinition.split('/').at(-1)! }),
  };
}
