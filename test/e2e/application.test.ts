import { readFileSync } from 'node:fs';
import { ECS } from '@aws-sdk/client-ecs';
import { APP_COMMANDS } from '../../scripts/cli/registry/app-commands.ts';
import { planWith } from '../support/plan.ts';
import { createStage } from '../support/stage.ts';
import { configOf, run, UNDERSTUDY, written } from './support.ts';

/** An application on ECS that a person starts anew, and sends back to a former task definition. */
describe('./understudy restart-app and rollback-app', () => {
  const ecs = new ECS({});
  const [cluster, service] = ['web', 'crm'];
  const arns: string[] = [];
  let config: string;

  beforeAll(async () => {
    const stage = await createStage(planWith());
    const text = readFileSync(configOf(stage, { crm: 'crm' }), 'utf8');
    config = written(
      text.replace(
        `connection: { secret: ${stage.name}/crm }`,
        `$&, overrides: { restore: { services: [{ cluster: ${cluster}, service: ${service} }] } }`,
      ),
    );
    await ecs.createCluster({ clusterName: cluster });
    for (const image of ['crm:1', 'crm:2', 'crm:3']) {
      const containerDefinitions = [{ name: 'crm', image, memory: 64 }];
      const { taskDefinition } = await ecs.registerTaskDefinition({ family: 'crm', containerDefinitions });
      arns.push(taskDefinition!.taskDefinitionArn!);
    }
    await ecs.createService({ cluster, serviceName: service, taskDefinition: arns[2]!, desiredCount: 0 });
  });
  const here = (...args: string[]) => run(UNDERSTUDY, ['--local', '--config', config, ...args]);
  const runs = async () =>
    (await ecs.describeServices({ cluster, services: [service] })).services![0]!.taskDefinition;

  it('changes nothing without a terminal, and shows what it would do with the code that confirms it', async () => {
    const { status, stderr } = here('rollback-app', 'crm', '--to', 'PREVIOUS');
    expect(status).toBe(2);
    expect(stderr).toContain('web/crm: crm:3 → crm:2');
    expect(stderr).toMatch(/rollback-app crm --to PREVIOUS --confirm \d{8}T\d{6}Z-[0-9a-f]{16}/);
    expect(await runs()).toBe(arns[2]);
    expect(here('rollback-app', 'crm').status).toBe(2);
  });

  it('goes back with that code, waits until it is steady, and shows the way back, in status too', async () => {
    const asked = here('rollback-app', 'crm', '--to', 'PREVIOUS').stderr;
    const [confirm] = /\d{8}T\d{6}Z-[0-9a-f]{16}/.exec(asked)!;
    const gone = here('--json', 'rollback-app', 'crm', '--to', 'PREVIOUS', '--confirm', confirm!);
    expect([gone.status, JSON.parse(gone.stdout)]).toEqual([
      0,
      expect.objectContaining({
        ...{ state: 'done', job: 'rollback-app' },
        services: [expect.objectContaining({ from: arns[2], to: arns[1], state: 'steady' })],
      }),
    ]);
    expect(await runs()).toBe(arns[1]);
    const shown = here('restore', 'status', 'crm');
    expect([shown.status, shown.stdout]).toEqual([
      0,
      expect.stringContaining('the way back: ./understudy --local rollback-app crm --to crm:3'),
    ]);
    // The code stands for what was shown: another service by now.
    const again = here('rollback-app', 'crm', '--to', 'PREVIOUS', '--confirm', confirm!);
    expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('is not what it was')]);
    expect(here('timeline', 'crm').stdout).toContain('crm crm:3 → crm:2');
  });

  it.each(APP_COMMANDS.flatMap(({ examples }) => examples))('runs the example of its help: %s', (example) => {
    const [, ...typed] = example.replace('crm-prod', 'crm').replace('crm:41', 'crm:3').split(' ');
    const { status, stderr } = here(...typed.slice(0, -2), '--yes');
    expect([example, status, status === 0 ? '' : stderr]).toEqual([example, 0, '']);
  });
});
