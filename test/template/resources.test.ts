import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { everything, packaged, ROOT } from './packaged.ts';

const countOf = ({ template }: ReturnType<typeof packaged>) => ({
  all: Object.keys(template.resources).length,
  schedules: template.ids('Scheduler::Schedule').length,
  more: [
    ...template.ids('SNS::Subscription').filter((id) => /email|https/.test(template.text(id, 'Protocol'))),
    ...template.ids('RDS::EventSubscription'),
    ...template.ids('IAM::ManagedPolicy'),
    ...Object.keys(template.resources).filter((id) =>
      /^(Replication|ScratchToSecrets|ScratchEndpoint)/.test(id),
    ),
  ].length,
});
const bare = ({ all, schedules, more }: ReturnType<typeof countOf>) => all - schedules - more;

test('resources grow with schedules and with what few deployments have, as docs/deploy.md says', () => {
  const [sample, full] = [countOf(packaged()), countOf(everything())];
  expect(bare(full)).toBe(bare(sample));
  const text = readFileSync(join(ROOT, 'docs/deploy.md'), 'utf8');
  const [, documented] = /about (\d+) resources and one for each schedule/.exec(text)!;
  expect(Math.abs(bare(sample) - Number(documented))).toBeLessThan(20);
});

test('numbers of understudy.yml reach the resources as those of serverless.yml do', () => {
  const { template } = everything();
  expect([
    template.value('ScratchLambdaFunction', 'MemorySize'),
    template.value('ScratchLogGroup', 'RetentionInDays'),
    template.value('DumpEventSourceMappingSQSDumpQueue', 'ScalingConfig', 'MaximumConcurrency'),
    template.value('WatchSchedule', 'State'),
  ]).toEqual([3008, 60, 5, 'ENABLED']);
});
