import {
  DescribeServiceRevisionsCommand,
  type ECSClient,
  ListServiceDeploymentsCommand,
  paginateListTaskDefinitions,
  type Service,
} from '@aws-sdk/client-ecs';
import { definitionFamily, nameOfService } from '../../domain/incidents/app-change.ts';
import type { EarlierDefinition, ServiceRef } from '../../ports/switching.ts';
import { askEcs } from './ecs-requests.ts';

/** How many of its last deployments are looked at: as many as one request describes. */
const LAST = 20;

/**
 * The task definition that a service ran before. While one deployment replaces another, the service has both; ECS keeps
 * those that succeeded for 90 days; without either it is the former revision, which may never have run.
 */
export async function earlierDefinition(
  client: ECSClient,
  ref: ServiceRef,
  { deployments = [], taskDefinition: current }: Service,
): Promise<EarlierDefinition | undefined> {
  const isOther = (arn: string | undefined): arn is string => arn !== undefined && arn !== current;
  const replaced = deployments.find(
    ({ status, rolloutState, taskDefinition }) =>
      status !== 'PRIMARY' && rolloutState === 'COMPLETED' && isOther(taskDefinition),
  )?.taskDefinition;
  if (replaced) return { taskDefinition: replaced, from: 'deployment' };
  // A person reads how it was found, so a history that cannot be read is no obstacle.
  const history = await succeeded(client, ref).catch(() => undefined);
  const ran = history?.find(isOther);
  if (ran) return { taskDefinition: ran, from: 'history' };
  const former =
    current && (await findRevision(client, current, (arn) => revisionOf(arn) < revisionOf(current)));
  return former ? { taskDefinition: former, from: history ? 'revision' : 'guess' } : undefined;
}

/** Task definitions of the deployments that succeeded, the newest first. */
async function succeeded(client: ECSClient, ref: ServiceRef): Promise<string[]> {
  const { cluster, service } = ref;
  const { serviceDeployments = [] } = await askEcs(`listing deployments of ${nameOfService(ref)}`, () =>
    client.send(
      new ListServiceDeploymentsCommand({ cluster, service, status: ['SUCCESSFUL'], maxResults: LAST }),
    ),
  );
  const newest = [...serviceDeployments].sort((a, b) => Number(b.createdAt) - Number(a.createdAt));
  const arns = newest.flatMap(({ targetServiceRevisionArn }) => targetServiceRevisionArn ?? []);
  if (arns.length === 0) return [];
  const { serviceRevisions = [] } = await askEcs(`looking at deployments of ${nameOfService(ref)}`, () =>
    client.send(new DescribeServiceRevisionsCommand({ serviceRevisionArns: [...new Set(arns)] })),
  );
  const ran = new Map(
    serviceRevisions.map(({ serviceRevisionArn, taskDefinition }) => [serviceRevisionArn, taskDefinition]),
  );
  return arns.flatMap((arn) => ran.get(arn) ?? []);
}

/**
 * The newest active revision of a family that is wanted. Only ARNs are listed: what a task definition contains, secrets
 * in plain text for one, is nobody's business here.
 */
export async function findRevision(
  client: ECSClient,
  of: string,
  isWanted: (arn: string) => boolean,
): Promise<string | undefined> {
  const family = definitionFamily(of);
  const pages = paginateListTaskDefinitions(
    { client },
    { familyPrefix: family, status: 'ACTIVE', sort: 'DESC' },
  );
  return askEcs(`listing the revisions of ${family}`, async () => {
    for await (const { taskDefinitionArns = [] } of pages) {
      const found = taskDefinitionArns
        .filter((arn) => definitionFamily(arn) === family && isWanted(arn))
        .sort((a, b) => revisionOf(b) - revisionOf(a))[0];
      if (found) return found;
    }
    return undefined;
  });
}

const revisionOf = (arn: string) => Number(arn.replace(/^.*:/, ''));
