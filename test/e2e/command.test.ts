import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { COMMANDS } from '../../scripts/cli/registry/commands.ts';
import { ROOT } from '../../scripts/local/tools.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { planWith } from '../support/plan.ts';
import { SECRETS_OF_IT, smokeApplication } from '../support/smoke-application.ts';
import { createStage } from '../support/stage.ts';
import { begin, run, UNDERSTUDY, untilIt, written } from './support.ts';

/** Those that can be typed here: there is no shell to set up, no local cloud to begin or end, no job to cancel,
 * no patch to apply (mend.test.ts does), no instance to restore (emergency.test.ts does), and no service of an application
 * (application.test.ts does). */
const NOT_HERE = [
  'completion',
  'local',
  'cancel',
  'patch',
  'approve',
  'reject',
  'restart-app',
  'rollback-app',
];
const EXAMPLES = COMMANDS.filter(({ name }) => !NOT_HERE.includes(name))
  .flatMap(({ examples }) => examples)
  // Those that restore onto instances want an RDS: emergency.test.ts and diff-moment.test.ts run them.
  .filter((example) => !/ --go | restore status |diff .* --(moment|within) /.test(example));

const BOOKINGS =
  '{ name: bookings are there, sql: select count(*) from public.bookings, expect: { equals: 100 } }';

/** ./understudy as a person runs it. */
function understudy(...args: string[]) {
  const ran = run(UNDERSTUDY, args);
  return { ...ran, json: () => JSON.parse(ran.stdout) as unknown };
}
const shell = (line: string) => run('bash', ['-c', line]);

describe('./understudy', () => {
  let database: TestDatabase;
  let config: string;
  let smokeConfig: string;

  beforeAll(async () => {
    database = await createDatabase(
      'create table bookings (id int primary key); insert into bookings select generate_series(1, 100)',
    );
    const stage = await createStage(planWith());
    await stage.secret('crm', database.credentials);
    // The file as it is shipped, with a database that it has never heard of.
    const text = readFileSync(join(ROOT, 'understudy.yml'), 'utf8').replace('crm-prod:', 'crm:');
    const ours = text.replace('understudy/crm-prod', `${stage.name}/crm`);
    const [head, tail] = ours.split('    labels: { service: crm }\n') as [string, string];
    const withSmoke = (steps: string) => written(`${head}${steps}${tail}`);
    config = withSmoke(`    smoke: { steps: [${BOOKINGS}] }\n`);
    await new SecretsManager({}).createSecret({
      Name: `${stage.name}/smoke`,
      SecretString: JSON.stringify({ password: SECRETS_OF_IT.password }),
    });
    smokeConfig = withSmoke(`    smoke:
      url: https://app.example.com
      steps:
        - name: log in
          http: { method: POST, url: /login, json: { password: "\${secret:${stage.name}/smoke#password}" } }
          capture: { token: $.user.token }
        - name: create
          http: { method: POST, url: /records, headers: { authorization: "Bearer \${token}" }, json: { of: crm } }
          capture: { id: $.id }
        - name: search
          priority: P1
          retries: 1
          retryAfter: 1s
          http: { url: /records/7, headers: { authorization: "Bearer \${token}" } }
        - ${BOOKINGS}
        - name: delete
          cleanup: true
          http: { method: DELETE, url: "/records/\${id}", headers: { authorization: "Bearer \${token}" } }
`);
  });
  afterAll(() => database.drop());
  const here = (...args: string[]) => understudy('--local', '--config', config, '--json', ...args);

  it('checks the sample and shows three firings of each job in UTC, and the arithmetic of the RPO', () => {
    const { status, stdout } = understudy('check');
    expect(status).toBe(0);
    expect(stdout).toContain(
      '24 h between dumps + 15 min dump + 10 min verification + 30 min grace = 24 h 55 min, promised 26 h',
    );
    expect(stdout.match(/01:00 UTC/g)!.length).toBeGreaterThanOrEqual(3);
    expect(understudy('check', '--json').json()).toMatchObject({ ok: true });
  });

  it('ends with 2 on a wrong configuration, with every mistake and its line, and on unknown arguments', () => {
    const text = readFileSync(config, 'utf8').replace('rto: 1h', 'rto: soon');
    const broken = written(text.replace('policy: production', 'polcy: production'));
    const { status, stderr } = understudy('--config', broken, 'check');
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /3 mistakes[\s\S]*understudy\.yml:\d+ policies\.production\.objectives\.rto[\s\S]*targets\.crm\.polcy: unknown key/,
    );
    expect(understudy('nonsense').status).toBe(2);
    expect(here('points', 'missing').status).toBe(2);
    expect(here('run', 'juggle', 'crm').status).toBe(2);
  });

  it('ends with 2 for an option that is given twice, and for two that exclude each other', () => {
    const twice = understudy('run', 'snapshot', 'crm', '--label', 'a', '--label', 'b');
    expect([twice.status, twice.stderr]).toEqual([2, expect.stringContaining('given twice')]);
    expect(understudy('--stage', 'prod', '--local', 'status').status).toBe(2);
    const up = understudy('--config', config, 'local', 'up', '--target', 'missing');
    expect([up.status, up.stderr]).toEqual([2, expect.stringContaining('missing')]);
  });

  it('ends with 0 when its reader has gone, and with 1 when its output cannot be written', () => {
    const piped = shell('./understudy check | true; echo "${PIPESTATUS[0]}"');
    expect([piped.stdout, piped.stderr]).toEqual(['0\n', '']);
    const full = shell('./understudy check > /dev/full');
    expect([full.status, full.stderr]).toEqual([1, expect.stringContaining('cannot be written')]);
  });

  it('ends with 130 when it is interrupted while it waits, and says that the job goes on', async () => {
    const asked: string[] = [];
    const lambda = createServer((request, response) => {
      request.on('data', (text) => asked.push(String(text))).on('end', () => response.end('null'));
    });
    await new Promise<void>((resolve) => lambda.listen(0, '127.0.0.1', resolve));
    const { port } = lambda.address() as AddressInfo;
    const args = ['--config', config, '--stage', 'prod', 'run', 'dump', 'crm', '--wait'];
    const waiting = begin(UNDERSTUDY, args, { AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` });
    await untilIt(waiting, () => waiting.shown().includes('waiting for its turn'));
    waiting.child.kill('SIGINT');
    expect([await waiting.ended, waiting.shown()]).toEqual([130, expect.stringContaining('goes on')]);
    expect(asked.join()).toContain('"outcome"');
    expect(asked.join()).not.toContain('cancel');
    lambda.close();
  });

  it('dumps, rehearses and shows the evidence with 0 and one JSON document each', () => {
    expect(here('status').status).toBe(3);
    expect(here('doctor', 'crm').status).toBe(0);
    const run = here('run', 'dump', 'crm');
    expect([run.status, run.json()]).toEqual([
      0,
      [expect.objectContaining({ function: 'dump' }), expect.objectContaining({ function: 'verify' })],
    ]);
    expect([run.stderr.includes('✔ dump of crm'), run.stderr.includes('✖')]).toEqual([true, false]);
    expect(here('rehearse', 'crm').status).toBe(0);
    expect(here('evidence', 'crm').json()).toEqual([
      expect.objectContaining({
        strength: 'exact',
        outcome: 'passed',
        operator: expect.stringContaining('understudy'),
      }),
    ]);
    expect([here('status').status, here('status').json()]).toEqual([
      0,
      expect.objectContaining({ targets: [expect.objectContaining({ state: 'good' })] }),
    ]);
    expect(here('points', 'crm').json()).toEqual([
      expect.objectContaining({
        state: 'rehearsed',
        rehearsal: expect.objectContaining({ outcome: 'passed', strength: 'exact' }),
      }),
    ]);
    const unknown = here('run', 'verify', 'crm', '--point', '20260101T010000Z-1');
    expect([unknown.status, unknown.stderr]).toEqual([
      2,
      expect.stringContaining('crm has no recovery point 20260101T010000Z-1'),
    ]);
    const ack = ['ack', 'crm', 'size-anomaly', '--until', '7d', '--reason', 'a bulk load'];
    expect(here(...ack).json()).toMatchObject({ open: [], acknowledgement: { code: 'size-anomaly' } });
    expect(here('status').json()).toMatchObject({
      targets: [{ state: 'good', acknowledged: [{ reason: 'a bulk load' }] }],
    });
    expect(here('timeline', 'crm').json()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ from: 'run', code: 'rehearse' }),
        expect.objectContaining({ from: 'person', code: 'size-anomaly' }),
      ]),
    );
    expect(here('run', 'expire', 'crm', '--dry-run').json()).toMatchObject({
      decisions: [expect.objectContaining({ keep: true })],
    });
    expect(here('alerts', 'test').status).toBe(0);
  });

  it('runs smoke steps against an application and the database, and shows no value', async () => {
    const application = await smokeApplication();
    const smoke = async (...args: string[]) => {
      const given = ['--local', '--config', smokeConfig, 'smoke', 'crm', '--url', application.url, ...args];
      const running = begin(UNDERSTUDY, given);
      return { status: await running.ended, shown: running.shown() };
    };
    const failed = await smoke();
    expect([failed.status, failed.shown]).toEqual([3, expect.stringContaining('› ✔ create (P0)')]);
    expect(failed.shown).toContain('✖ search (P1): answered 404, expected 200 to 299');
    expect(application.records.size).toBe(0);
    application.records.set(7, { id: 7, content: SECRETS_OF_IT.content });
    const passed = await smoke();
    expect([passed.status, passed.shown]).toEqual([0, expect.stringContaining('5 smoke steps passed')]);
    const asked = application.asked.length;
    const dry = await smoke('--dry-run', '--json');
    expect([dry.status, JSON.parse(dry.shown)]).toMatchObject([0, { sent: false, url: application.url }]);
    expect(application.asked).toHaveLength(asked);
    await application.stop();
    const away = await smoke('--json');
    expect([away.status, away.shown]).toEqual([3, expect.stringContaining('nothing listens there')]);
    const without = written(readFileSync(smokeConfig, 'utf8').replace('/smoke#password', '/gone#password'));
    const unread = run(UNDERSTUDY, ['--local', '--config', without, 'smoke', 'crm']);
    expect([unread.status, unread.stderr]).toEqual([
      1,
      expect.stringContaining('with the tag understudy:target=crm'),
    ]);
    const shown =
      [failed, passed, dry, away].map((each) => each.shown).join('') + unread.stdout + unread.stderr;
    for (const value of Object.values(SECRETS_OF_IT)) expect(shown).not.toContain(value);
  });

  it.each(EXAMPLES)('runs the example of its help: %s', (example) => {
    const [point] = here('points', 'crm').json() as { id: string }[];
    const typed = example
      .replace('--stage prod', '--local')
      .replaceAll('crm-prod', 'crm')
      .replace('public.leads', 'public.bookings')
      .replace('from leads', 'from bookings')
      .replace(/--at \S+/, `--at ${new Date().toISOString()}`)
      .replace(/restore crm --table/, `restore crm --output ${dirname(config)} --table`)
      .replace(/\d{8}T\d{6}Z-1/, point!.id)
      .replace(/--vault \S+/, `--vault ${process.env['UNDERSTUDY_VAULT']}`)
      .replace('--config other.yml', '')
      .replace('./understudy', `./understudy --config ${config}`);
    const ran = shell(typed);
    expect([typed, ran.status, ran.status === 0 ? '' : ran.stderr]).toEqual([typed, 0, '']);
  });

  it('ends with 1 and shows no tick when the job could not be done, with what to do next', () => {
    const wrong = written(readFileSync(config, 'utf8').replace(/secret: \S+/, 'secret: not/there'));
    const { status, stdout, stderr } = understudy('--local', '--config', wrong, 'run', 'dump', 'crm');
    expect([status, stdout]).toEqual([1, expect.stringContaining('understudy:target=crm')]);
    expect([stderr.includes('✖ dump of crm'), stderr.includes('✔')]).toEqual([true, false]);
  });
});
