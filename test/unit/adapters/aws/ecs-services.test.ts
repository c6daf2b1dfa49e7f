import { type Deployment, ECSClient, type Service } from '@aws-sdk/client-ecs';
import { ecsServices } from '../../../../lib/adapters/aws/ecs-services.ts';

const REF = { cluster: 'main', service: 'web' };
const arn = (revision: number, family = 'crm') =>
  `arn:aws:ecs:eu-central-1:111122223333:task-definition/${family}:${revision}`;
const REVISIONS = [40, 41, 42].map((n) => ({ serviceRevisionArn: `r${n}`, taskDefinition: arn(n) }));

/** ECS that answers what the test says, by command. */
function ecsOf(service: Service, answers: Record<string, () => unknown> = {}) {
  const all: Record<string, () => unknown> = {
    DescribeServicesCommand: () => ({ services: [service] }),
    ListServiceDeploymentsCommand: () => ({}),
    DescribeServiceRevisionsCommand: () => ({ serviceRevisions: REVISIONS }),
    ListTaskDefinitionsCommand: () => ({ taskDefinitionArns: [] }),
    ...answers,
  };
  const client = new ECSClient({ region: 'eu-central-1' });
  const send = async (command: object) => all[command.constructor.name]!();
  return ecsServices(Object.assign(client, { send }));
}

const at = (second: number) => new Date(Date.UTC(2026, 10, 20, 12, 0, second));
const deployment = (id: string, changes: object = {}): Deployment => ({
  ...{ id, status: 'PRIMARY', rolloutState: 'IN_PROGRESS', taskDefinition: arn(42), createdAt: at(10) },
  ...changes,
});
const OURS = { id: 'ours', begunAt: at(10).toISOString() };
const FULL = { runningCount: 2, desiredCount: 2 };

describe('a deployment of a service', () => {
  const seen = (service: Service) => ecsOf(service).look(REF, OURS);

  test('is steady when it is the only one, with all its tasks', async () => {
    expect(await seen({ ...FULL, deployments: [deployment('ours')] })).toEqual({
      ...{ state: 'steady', seen: '2 of 2 tasks, 1 deployments' },
    });
    const both = [deployment('ours'), deployment('old', { status: 'ACTIVE', createdAt: at(0) })];
    expect((await seen({ ...FULL, deployments: both })).state).toBe('rolling');
    expect((await seen({ ...FULL, runningCount: 1, deployments: [deployment('ours')] })).state).toBe(
      'rolling',
    );
  });

  test('has failed when the circuit breaker says so, with its reason', async () => {
    const failed = deployment('ours', {
      rolloutState: 'FAILED',
      rolloutStateReason: 'tasks failed to start',
    });
    expect(await seen({ ...FULL, deployments: [failed] })).toEqual({
      state: 'failed',
      seen: 'tasks failed to start; 2 of 2 tasks, 1 deployments',
    });
  });

  test('has failed when a later one is in its place, as after a rollback by the circuit breaker', async () => {
    const later = deployment('theirs', { createdAt: at(11), taskDefinition: arn(41) });
    expect(await seen({ ...FULL, deployments: [later] })).toMatchObject({
      state: 'failed',
      seen: expect.stringContaining('a later deployment, of crm:41, has taken its place'),
    });
  });

  test('is waited for when an answer is from before it', async () => {
    const former = deployment('old', { createdAt: at(0) });
    expect((await seen({ ...FULL, deployments: [former] })).state).toBe('rolling');
  });
});

describe('what a service ran before', () => {
  const running = { taskDefinition: arn(42), deployments: [deployment('ours')] };
  const succeeded = (...revisions: number[]) => ({
    ListServiceDeploymentsCommand: () => ({
      serviceDeployments: revisions.map((n, index) => ({
        ...{ targetServiceRevisionArn: `r${n}`, createdAt: at(index) },
      })),
    }),
  });
  const revisions = (...numbers: number[]) => ({
    ListTaskDefinitionsCommand: () => ({ taskDefinitionArns: numbers.map((n) => arn(n)) }),
  });

  test('is that of a completed deployment which is being replaced', async () => {
    const replaced = { status: 'ACTIVE', rolloutState: 'COMPLETED', taskDefinition: arn(39) };
    const service = { ...running, deployments: [deployment('ours'), deployment('old', replaced)] };
    expect(await ecsOf(service, succeeded(40, 42)).earlier(REF)).toEqual({
      ...{ taskDefinition: arn(39), from: 'deployment' },
    });
    // One that never came up is nothing to go back to.
    const bad = { ...replaced, rolloutState: 'FAILED' };
    const other = { ...running, deployments: [deployment('ours'), deployment('old', bad)] };
    expect((await ecsOf(other, succeeded(40, 42)).earlier(REF))?.from).toBe('history');
  });

  test('is the newest other one that ECS remembers as successful, not a revision that never ran', async () => {
    const ecs = ecsOf(running, { ...succeeded(40, 42), ...revisions(42, 41, 40) });
    expect(await ecs.earlier(REF)).toEqual({ taskDefinition: arn(40), from: 'history' });
    expect((await ecsOf(running, succeeded(42, 41, 40)).earlier(REF))?.taskDefinition).toBe(arn(40));
  });

  test('is the active revision before it where nothing else is known, and says so', async () => {
    const ecs = ecsOf(running, { ...succeeded(42), ...revisions(43, 42, 38, 39) });
    expect(await ecs.earlier(REF)).toEqual({ taskDefinition: arn(39), from: 'revision' });
    const denied = () => {
      throw new Error('denied');
    };
    const blind = ecsOf(running, { ...revisions(39), ListServiceDeploymentsCommand: denied });
    expect(await blind.earlier(REF)).toEqual({ taskDefinition: arn(39), from: 'guess' });
    expect(await ecsOf(running, revisions(43)).earlier(REF)).toBeUndefined();
  });
});

test('a service that CodeDeploy deploys is refused', async () => {
  const service = { taskDefinition: arn(42), deploymentController: { type: 'CODE_DEPLOY' as const } };
  await expect(ecsOf(service).current(REF)).rejects.toMatchObject({ code: 'service-foreign' });
});
