import { COMMANDS } from '../../scripts/cli/registry/commands.ts';
import { observe, reachable, secondBegins } from '../support/emergencies.ts';
import { instancePlan } from '../support/plan.ts';
import { createPlatform, eventually, type Platform } from '../support/rds-stage.ts';
import { begin, UNDERSTUDY, untilIt, written } from './support.ts';

/** The 3 a.m. restore as it is typed: the plan, the question, another terminal that approves, and the way back. */
let platform: Platform;
let config: string;
let moment: string;

beforeAll(async () => {
  platform = await createPlatform(() => instancePlan({ policy: 'restore: { cutover: secret }' }));
  await platform.source('crm', { id: 'crm-prod' });
  await source(`create table public.leads (id int primary key); alter table public.leads owner to postgres;
    insert into public.leads select generate_series(1, 200)`);
  config = written(`version: 1
policies:
  production:
    objectives: { rpo: { snapshot: 26h }, rto: 1h }
    schedules: { snapshot: "0 1 * * *", preflight: "0 6 * * *", expire: "0 5 * * *" }
    retention: { daily: 35d }
    restore: { cutover: secret }
targets:
  crm: { policy: production, rds: crm-prod, connection: { secret: ${platform.stage.name}/crm } }
`);
  await secondBegins();
  moment = `${new Date().toISOString().slice(0, 19)}Z`;
  await secondBegins();
  await source('delete from public.leads');
  await reachable(moment);
});
afterAll(() => platform.close());

const source = (text: string) => platform.rds.instance('crm-prod').sql('crm', text);
/** The local RDS is in this process, so nothing may block it. */
const typed = (...args: string[]) => begin(UNDERSTUDY, ['--local', '--config', config, ...args]);
async function ran(...args: string[]) {
  const program = typed(...args);
  const status = await program.ended;
  return { status, shown: program.shown() };
}

test('somebody sees the ways back, begins one, another approves it, and it can be taken back', async () => {
  await observe();
  const plan = await ran('restore', 'crm', '--at', moment);
  expect([plan.status, plan.shown]).toEqual([0, expect.stringContaining(`--at ${moment} --way moment --go`)]);

  const whole = JSON.parse((await ran('--json', 'restore', 'crm', '--latest')).shown.replace(/^[^{]*/, ''));
  expect(whole.ways).toMatchObject([
    {
      kind: 'moment',
      loses: { least: expect.any(Number) },
      concerns: [],
      costs: { said: expect.any(String) },
    },
  ]);
  expect(await ran('restore', 'crm', '--point', 'none')).toEqual({
    status: 2,
    shown: expect.stringContaining('crm has no recovery point none'),
  });

  // Without a terminal nothing begins: the command to paste says what would be confirmed.
  const asked = await ran(
    'restore',
    'crm',
    '--at',
    moment,
    '--way',
    'moment',
    '--go',
    '--reason',
    'lost leads',
  );
  expect(asked.status).toBe(2);
  const [, pasted] = /if you mean it: \.\/understudy --local (.*)/.exec(asked.shown) ?? [];
  expect(pasted).toContain('--confirm');
  expect((await ran('restore', 'status', 'crm')).shown).toContain('nobody has restored crm yet');

  const args = [...pasted!.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word!);
  const restore = typed(...args);
  await untilIt(restore, () => restore.shown().includes('approve crm'));
  const status = await ran('restore', 'status', 'crm');
  expect([status.status, status.shown]).toEqual([0, expect.stringContaining('Decide by')]);
  expect(
    (await ran('restore', 'crm', '--at', moment, '--way', 'moment', '--go', '--confirm', 'x')).status,
  ).not.toBe(0);
  expect(await source('select count(*)::int as n from public.leads')).toEqual([{ n: 0 }]);

  expect(await ran('approve', 'crm', '--reason', 'looks right')).toMatchObject({ status: 0 });
  expect([await restore.ended, restore.shown()]).toEqual([
    0,
    expect.stringContaining('restore rollback crm'),
  ]);
  const done = JSON.parse(
    (await ran('--json', 'restore', 'status', 'crm', '--follow')).shown.replace(/^[^{]*/, ''),
  );
  expect(done).toMatchObject({ state: 'done', reason: 'lost leads', answer: { reason: 'looks right' } });
  const restored = platform.rds.instance(done.made.name);
  expect(await restored.sql('crm', 'select count(*)::int as n from public.leads')).toEqual([{ n: 200 }]);

  expect(await ran('restore', 'abort', 'crm')).toMatchObject({ status: 2 });
  expect(await ran('restore', 'rollback', 'crm', '--reason', 'not the right moment')).toMatchObject({
    status: 0,
  });
  await eventually(
    'the old one to let sessions in',
    async () => (await source('select 1 as n')).length === 1,
  );
  expect(await ran('restore', 'rollback', 'crm')).toMatchObject({ status: 2 });
  expect(await ran('restore', 'rollback', 'crm', '--restore', '20200101T000000Z')).toMatchObject({
    ...{ status: 2, shown: expect.stringContaining('there is no restore 20200101T000000Z of crm') },
  });
  expect((await ran('restore', 'stauts', 'crm')).shown).toContain('restore status crm');
});

test('the help shows each of these commands', () => {
  const examples = COMMANDS.flatMap((each) => each.examples).join('\n');
  for (const command of ['restore status crm-prod --follow', '--go', 'approve crm-prod', 'reject crm-prod'])
    expect(examples).toContain(command);
});
