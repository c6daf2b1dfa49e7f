import { stripVTControlCharacters } from 'node:util';
import { loadConfig } from '../../../../lib/config/load.ts';
import { resolvePlan } from '../../../../lib/config/resolve.ts';
import { checkCommand } from '../../../../scripts/cli/commands/check-command.ts';
import type { Session } from '../../../../scripts/cli/session.ts';

const text = `version: 1
policies:
  production:
    objectives: { rpo: { dump: 26h }, rto: 1h }
    schedules: { dump: "0 1 * * *", verify: "30 1 * * *", rehearse: "0 2 * * SUN", expire: "0 5 * * *" }
    retention: { daily: 35d, weekly: 12w, monthly: 12mo }
targets:
  shop: { policy: production, connection: { secret: s } }
  mini:
    policy: production
    connection: { secret: s }
    overrides:
      objectives: { rto: 5m }
      retention: { daily: 3d, weekly: 0d, monthly: 0d }
  tiny:
    policy: production
    connection: { secret: s }
    overrides: { objectives: { rto: 5m }, retention: { daily: 3d, weekly: 0d, monthly: 0d } }
`;

async function checked(more = '') {
  const written = loadConfig(text + more, 'understudy.yml', new Date());
  const session = {
    plan: () => resolvePlan(written),
    written: () => written,
    planText: () => text + more,
    options: { config: 'understudy.yml' },
  } as Session;
  return checkCommand(session);
}

test('check reads back a target that overrides its policy with its own figures', async () => {
  const { lines } = await checked();
  const blocks = stripVTControlCharacters(lines.join('\n')).split('\n\n');
  expect(blocks).toHaveLength(3);
  expect(blocks[0]).toMatch(
    /^production {2}shop\n[\s\S]*RTO 1h[\s\S]*one must pass every 8 d\n[\s\S]*day for 35d, of each week for 12w, of each month for 12mo/,
  );
  expect(blocks[1]).toMatch(
    /^production, with overrides {2}mini, tiny\n[\s\S]*RTO 5m[\s\S]*the last of each day for 3d; never/,
  );
  expect(blocks[2]).toBe('understudy.yml is valid: 1 policy, 3 targets');
});

test('check --json has each target with its own policy, arithmetic and next runs', async () => {
  const { document } = await checked();
  const { targets } = document as { targets: { id: string; policy: { objectives: { rto: number } } }[] };
  expect(targets.map(({ id, policy }) => [id, policy.objectives.rto])).toEqual([
    ['shop', 3600],
    ['mini', 300],
    ['tiny', 300],
  ]);
  expect(targets[1]).toMatchObject({
    arithmetic: { promised: 93_600 },
    next: { dump: [expect.anything(), expect.anything(), expect.anything()] },
  });
});

test('check shows the parameters of each stage, which the deployment reads from the same file', async () => {
  const { lines, document } = await checked('deployment:\n  prod: { pagerEndpoint: env:PAGER_URL }\n');
  expect(lines.at(-2)).toBe('deployment of prod: pagerEndpoint=env:PAGER_URL');
  expect(document).toMatchObject({ deployment: { prod: { pagerEndpoint: 'env:PAGER_URL' } } });
});
