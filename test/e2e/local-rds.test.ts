import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RDS } from '@aws-sdk/client-rds';
import type { RestoreRecord } from '../../lib/domain/incidents/restore-record.ts';
import { isAlive } from '../../scripts/local/local-state.ts';
import { LOCAL_CREDENTIALS } from '../../scripts/local/moto.ts';
import { SAMPLE_CONFIG, type Sample } from '../../scripts/local/sample/sample-state.ts';
import { secondBegins } from '../support/emergencies.ts';
import { eventually } from '../support/rds-stage.ts';
import { localStage } from './local-stage.ts';
import { commandsOf, yamlOf } from './page.ts';
import { type Begun, UNDERSTUDY, untilIt } from './support.ts';

/** From `local up --rds` to `local down`: three in the morning as it is typed, and each page of docs/emergency. */
const stage = localStage();
let sample: Sample;
let dump: string;

let load: ReturnType<typeof stage.load> | undefined;

afterAll(async () => {
  await load?.stop();
  stage.understudy('local', 'down');
});

const ask = () => stage.application('GET', '/leads');
const record = () =>
  JSON.parse(stage.local('--json', 'restore', 'status', 'crm-prod').stdout) as RestoreRecord;

test('local up --rds brings up an instance and an application, and takes up what is there', async () => {
  const up = stage.understudy('local', 'up', '--rds');
  expect([up.status, up.status === 0 ? '' : up.stderr]).toEqual([0, '']);
  sample = stage.sample();
  const { endpoint, application, port } = sample;
  for (const address of [endpoint, application, `127.0.0.1:${port}`]) expect(up.stdout).toContain(address);
  stage.useEnvironment();
  expect([stage.psql('select count(*) from leads'), await ask()]).toEqual([
    '2000',
    { task: 'crm:2', port, rows: 2000 },
  ]);

  expect(stage.understudy('local', 'up', '--rds').stdout).toContain('up already');
  expect(stage.sample()).toEqual(sample);
  expect(stage.understudy('local', 'up', '--rds', '--target', 'crm-prod').status).toBe(2);
  expect(stage.understudy('local', 'up', '--empty').status).toBe(2);
});

test('backups of it are taken as on AWS', () => {
  expect(stage.local('run', 'dump', 'crm-prod').status).toBe(0);
  expect(stage.local('run', 'snapshot', 'crm-prod').status).toBe(0);
  const points = JSON.parse(stage.local('--json', 'points', 'crm-prod').stdout) as {
    id: string;
    dump?: object;
  }[];
  dump = points.find((point) => point.dump)!.id;
});

test('the deleted rows are served again, what is reported is what was measured, and there is a way back', async () => {
  load = stage.load();
  const { accepted } = load;
  const writes = (port: number) => accepted.filter((each) => each.port === port);
  const someMore = async () => {
    const sofar = accepted.length;
    await until(() => accepted.length > sofar + 10);
  };
  await someMore();
  const before = await nextSecond();
  stage.psql('delete from leads');
  expect(await ask()).toMatchObject({ port: sample.port, rows: 0 });

  const plan = stage.local('restore', 'crm-prod', '--before', before);
  expect([plan.status, plan.stdout]).toEqual([0, expect.stringContaining('--way moment --go')]);
  const beganAt = Date.now();
  const restore = await stage.typed(`${UNDERSTUDY} --local restore crm-prod --before ${before} --go`);
  await untilIt(restore, () => restore.shown().includes('approve crm-prod'));
  const askedAt = Date.now();
  expect((await ask())?.rows).toBe(0);
  await until(() => Date.now() > askedAt + 3000);
  await someMore();
  const answeredAt = Date.now();
  expect(stage.local('approve', 'crm-prod').status).toBe(0);
  expect([await restore.ended, restore.shown()]).toEqual([0, expect.stringContaining('rollback crm-prod')]);
  const endedAt = Date.now();

  const { made, phases, startedAt, way, lastWriteBefore, ...rest } = record();
  const port = made!.port!;
  await until(() => writes(port).length > 10);
  expect(await ask()).toEqual({ task: 'crm:2', port, rows: 2000 });

  // The times: all of it, and the wait for a person.
  const total = (Date.parse(rest.endedAt!) - Date.parse(startedAt)) / 1000;
  const sum = phases.reduce((seconds, phase) => seconds + phase.seconds, 0);
  expect(total).toBeLessThanOrEqual((endedAt - beganAt) / 1000 + 1);
  expect(Math.abs(sum - total)).toBeLessThanOrEqual(phases.length / 2 + 2);
  const waited = phases.find(({ name }) => name === 'approve')!.seconds;
  expect(waited).toBeGreaterThanOrEqual(Math.floor((answeredAt - askedAt) / 1000));
  expect(waited).toBeLessThanOrEqual((endedAt - beganAt) / 1000 + 1);

  // The lost interval: of all acknowledged writes, those and only those in it are not in the new database.
  const [asOf, last] = [Date.parse(way.asOf), Date.parse(lastWriteBefore!)];
  expect(asOf).toBe(Date.parse(before) - 1000);
  stage.useEnvironment();
  const there = new Set(stage.psql('select n from visits').split('\n').map(Number));
  const lost = writes(sample.port).filter(({ visit }) => !there.has(visit));
  const kept = writes(sample.port).filter(({ visit }) => there.has(visit));
  expect([lost.length > 10, kept.length > 10]).toEqual([true, true]);
  for (const write of lost) {
    expect(write.answeredAt).toBeGreaterThanOrEqual(asOf);
    expect(write.sentAt).toBeLessThanOrEqual(last);
  }
  for (const write of kept) expect(write.sentAt).toBeLessThanOrEqual(asOf);
  // The next write that succeeded was the new database's, and after the interval.
  for (const write of writes(port)) expect(write.answeredAt).toBeGreaterThan(last);
  const [, shown] = /lost: (\d+) s of writes/.exec(restore.shown())!;
  expect(Math.abs(Number(shown) - (last - asOf) / 1000)).toBeLessThanOrEqual(0.5);

  expect(stage.local('restore', 'rollback', 'crm-prod', '--reason', 'to see').status).toBe(0);
  await someMore();
  expect(accepted.at(-1)!.port).toBe(sample.port);
  expect(await ask()).toMatchObject({ port: sample.port, rows: 0 });
  await load.stop();
});

/** A page of docs/emergency: what happens before it is read, what is so after its commands, and after its way back. */
type Scene = {
  page: string;
  damage?: () => unknown;
  mended: () => Promise<void>;
  back?: () => Promise<void>;
  /** Where the page sends the application. */
  port?: () => number;
};

const deleteSome = () => stage.psql('delete from leads where id <= 500');
const served = (wanted: object) => () =>
  eventually(JSON.stringify(wanted), async () => {
    const answer = (await ask().catch(() => undefined)) ?? {};
    return Object.entries(wanted).every(([name, value]) => answer[name as keyof typeof answer] === value);
  }).then(() => undefined);

const SCENES: Scene[] = [
  { page: 'do-not-know-yet', damage: deleteSome, mended: served({ rows: 1500 }) },
  { page: 'rows-deleted', damage: deleteSome, mended: served({ rows: 2000 }), back: served({ rows: 1500 }) },
  {
    page: 'bad-migration',
    damage: () => stage.psql('alter table leads drop column stage'),
    async mended() {
      await served({ rows: 2000, port: record().made!.port! })();
      stage.useEnvironment();
      expect(stage.psql('select count(stage) from leads')).toBe('2000');
    },
    async back() {
      await served({ rows: 2000, port: sample.port })();
      stage.useEnvironment();
      expect(() => stage.psql('select stage from leads')).toThrow('does not exist');
    },
  },
  { page: 'application-broken', mended: served({ task: 'crm:1' }), back: served({ task: 'crm:2' }) },
  {
    page: 'outside-the-window',
    damage: () => stage.psql('truncate leads cascade'),
    async mended() {
      await served({ rows: 2000, port: sample.port })();
      // On the same server, and in another database.
      expect(record()).toMatchObject({ kind: 'database', made: { port: sample.port } });
    },
    back: served({ rows: 0 }),
  },
  {
    page: 'region-lost',
    async mended() {
      await served({ rows: 2000, port: record().made!.port! })();
      // Here the Region is there still.
      stage.local('restore', 'rollback', 'crm-prod');
      await served({ rows: 2000, port: sample.port })();
    },
  },
  {
    page: 'instance-lost',
    damage: deleteInstance,
    mended: async () => served({ rows: 2000, port: record().made!.port! })(),
    port: () => record().made!.port!,
  },
];

test('every scenario has a page, and every page is a scenario', () => {
  const pages = readdirSync(join(__dirname, '../../docs/emergency')).map((name) => name.replace('.md', ''));
  expect(SCENES.map(({ page }) => page).sort()).toEqual(pages.sort());
});

test.each(SCENES)('the page $page does what it says, command by command', async (scene) => {
  const { page, damage, mended, back } = scene;
  const commands = commandsOf(page);
  // What went wrong before would only go wrong again.
  expect((await ask())?.port).toBe(sample.port);
  refill();
  const moment = await nextSecond();
  damage?.();
  await read(scene, commands.there, moment);
  await mended();
  expect(commands.back.length > 0).toBe(back !== undefined);
  if (!back) return;
  await read(scene, commands.back, moment);
  await back();
});

/** Pastes each command. A restore goes on at its terminal while the next ones are pasted into another. */
async function read({ page, port }: Scene, commands: string[], moment: string): Promise<void> {
  let restore: Begun | undefined;
  const config = page === 'instance-lost' ? configOf(page) : undefined;
  for (const command of commands) {
    const line = here(command, { moment, config, port });
    if (command.includes(' --go')) {
      const begun = await stage.typed(line);
      await untilIt(begun, () => begun.shown().includes('approve crm-prod'));
      restore = begun;
    } else stage.pasted(line, endsOf(command));
    if (restore && command.includes('approve')) expect(await restore.ended).toBe(0);
  }
}

/** What a page writes for any deployment, and what it is here. */
function here(
  line: string,
  at: { moment: string; config?: string | undefined; port?: Scene['port'] },
): string {
  const { moment, config, port = () => sample.port } = at;
  const patch = readdirSync(stage.home).findLast((name) => name.endsWith('-patch.sql')) ?? '';
  const replaced: [string | RegExp, string][] = [
    ['./understudy', UNDERSTUDY],
    ['--stage prod', config ? `--local --config ${config}` : '--local'],
    [/2026-11-20T13:43:39Z/g, moment],
    ['20261120T010000Z-1', dump],
    ['crm-prod-20261120t140000z-patch.sql', patch],
    ['crm-prod-20261120t140000z-patch-reverse.sql', patch.replace('.sql', '-reverse.sql')],
    ['postgres@db.example.com', `postgres@127.0.0.1:${sample.port}`],
    ['db.example.com', '127.0.0.1'],
    ['.port = 5432', line.includes('.port') ? `.port = ${port()}` : ''],
    [/^npx serverless deploy.*/, 'true'],
    ['--vault crm-dumps-replica --region eu-west-1', ''],
    // Nobody is there to answer.
    [/(?:restart|rollback)-app crm-prod.*/, '$& --yes'],
  ];
  return replaced.reduce((text, [from, to]) => text.replace(from, to), line);
}

/** 3: it found something wrong, as it should. */
function endsOf(command: string): number[] {
  if (/ status crm-prod$| status$/.test(command) && !command.includes('restore')) return [0, 3];
  return / diff /.test(command) && !/--find|--table/.test(command) ? [3] : [0];
}

/** The local understudy.yml with what a page writes beneath `restore:`. */
function configOf(page: string): string {
  const file = join(stage.home, 'understudy.yml');
  const text = readFileSync(SAMPLE_CONFIG, 'utf8').replace(
    / {4}restore:\n( {6}.*\n)+/,
    `    ${yamlOf(page)!.trim()}\n`,
  );
  expect(text).toContain('subnetGroup');
  writeFileSync(file, text);
  return file;
}

/** Production as it was when it was dumped. */
function refill(): void {
  stage.useEnvironment();
  stage.psql(`alter table leads add column if not exists stage text not null default 'new';
    insert into leads (id, name, stage) select i, 'lead ' || i, (array['new', 'qualified', 'won'])[1 + i % 3] from generate_series(1, 2000) i on conflict do nothing;
    insert into invoices (id, lead_id, cents) select i, 1 + i % 2000, (i * 7919) % 500000 from generate_series(1, 4000) i on conflict do nothing`);
}

async function deleteInstance(): Promise<void> {
  const {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  } = LOCAL_CREDENTIALS;
  const rds = new RDS({ endpoint: sample.endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  const DBInstanceIdentifier = sample.instance;
  await rds.modifyDBInstance({ DBInstanceIdentifier, DeletionProtection: false });
  await rds.deleteDBInstance({ DBInstanceIdentifier, SkipFinalSnapshot: true });
}

test('local down ends all of it, also what a killed process left', () => {
  process.kill(sample.pid, 'SIGKILL');
  const down = stage.understudy('local', 'down');
  expect([down.status, down.stdout]).toEqual([0, expect.stringContaining('is down')]);
  expect([existsSync(sample.directory), isAlive(sample.pid)]).toEqual([false, false]);
  expect(stage.understudy('local', 'down').stdout).toContain('there is no local cloud');
});

/** The beginning of a second: what happened before it is kept, what comes after it is not. */
async function nextSecond(): Promise<string> {
  await secondBegins();
  await secondBegins();
  const second = new Date().toISOString().replace(/\.\d+/, '');
  await until(() => Date.now() > Date.parse(second) + 50);
  return second;
}

async function until(is: () => boolean): Promise<void> {
  for (let waited = 0; !is(); waited++) {
    if (waited > 15_000) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
