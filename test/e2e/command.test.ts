import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { planWith } from '../support/plan.ts';
import { createStage } from '../support/stage.ts';

const ROOT = join(__dirname, '../..');

/** ./understudy as a person runs it. */
function understudy(...args: string[]) {
  const ran = spawnSync(join(ROOT, 'understudy'), args, { encoding: 'utf8', cwd: ROOT, env: process.env });
  return { ...ran, json: () => JSON.parse(ran.stdout) as unknown };
}

describe('./understudy', () => {
  let database: TestDatabase;
  let config: string;

  beforeAll(async () => {
    database = await createDatabase(
      'create table leads (id int primary key); insert into leads select generate_series(1, 100)',
    );
    const stage = await createStage(planWith());
    await stage.secret('crm', database.credentials);
    config = join(mkdtempSync(join(tmpdir(), 'us-cli-')), 'understudy.yml');
    const text = readFileSync(join(ROOT, 'understudy.yml'), 'utf8');
    const [policies] = text.split('\ntargets:');
    writeFileSync(
      config,
      `${policies}\ntargets:\n  crm: { policy: production, connection: { secret: ${stage.name}/crm } }\n`,
    );
  });
  afterAll(() => database.drop());
  const here = (...args: string[]) => understudy('--local', '--config', config, '--json', ...args);

  it('reads the sample back: three firings of each job in UTC, and the arithmetic of the RPO', () => {
    const { status, stdout } = understudy('check');
    expect(status).toBe(0);
    expect(stdout).toContain(
      '24 h between dumps + 15 min dump + 10 min verification + 30 min grace = 24 h 55 min, promised 26 h',
    );
    expect(stdout.match(/01:00 UTC/g)!.length).toBeGreaterThanOrEqual(3);
    expect(understudy('check', '--json').json()).toMatchObject({ ok: true });
  });

  it('ends with 2 on wrong input, with every mistake and where it stands', () => {
    const broken = join(mkdtempSync(join(tmpdir(), 'us-cli-')), 'understudy.yml');
    writeFileSync(
      broken,
      readFileSync(config, 'utf8')
        .replace('rto: 1h', 'rto: soon')
        .replace('policy: production', 'policy: productoin'),
    );
    const { status, stderr } = understudy('--config', broken, 'check');
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /2 mistakes[\s\S]*understudy\.yml:\d+ policies\.production\.objectives\.rto[\s\S]*targets\.crm\.policy/,
    );
    expect(understudy('nonsense').status).toBe(2);
    expect(here('points', 'nobody').status).toBe(2);
    expect(here('run', 'juggle', 'crm').status).toBe(2);
  });

  it('dumps, rehearses and shows the evidence with 0, one JSON document each, and an unknown target is not good', () => {
    expect(here('status').status).toBe(3);
    expect(here('doctor', 'crm').status).toBe(0);
    const run = here('run', 'dump', 'crm');
    expect([run.status, run.json()]).toEqual([
      0,
      [expect.objectContaining({ function: 'dump' }), expect.objectContaining({ function: 'verify' })],
    ]);
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
    expect(here('points', 'crm').json()).toEqual([expect.objectContaining({ state: 'rehearsed' })]);
    expect(here('run', 'expire', 'crm', '--dry-run').json()).toMatchObject({
      decisions: [expect.objectContaining({ keep: true })],
    });
    expect(here('alerts', 'test').status).toBe(0);
  });

  it('ends with 1 when the job could not be done, saying what to do next', async () => {
    await database.sql('alter database postgres allow_connections true');
    const wrong = join(mkdtempSync(join(tmpdir(), 'us-cli-')), 'understudy.yml');
    writeFileSync(wrong, readFileSync(config, 'utf8').replace(/secret: \S+/, 'secret: not/there'));
    const { status, stdout } = understudy('--local', '--config', wrong, 'run', 'dump', 'crm');
    expect([status, stdout]).toEqual([1, expect.stringContaining('understudy:target=crm')]);
  });
});
