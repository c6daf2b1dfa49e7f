import { existsSync } from 'node:fs';
import type { RestoreRecord } from '../../lib/domain/incidents/restore-record.ts';
import { isAlive } from '../../scripts/local/local-state.ts';
import { secondBegins } from '../support/emergencies.ts';
import { localStage } from './local-stage.ts';
import { untilIt } from './support.ts';

/** A DELETE without WHERE at three in the morning, from `local up --rds` to `local down`. */
const stage = localStage();

afterAll(() => void stage.understudy('local', 'down'));

test('local up --rds brings up an instance and an application, and takes up what is there', async () => {
  const up = stage.understudy('local', 'up', '--rds');
  expect([up.status, up.status === 0 ? '' : up.stderr]).toEqual([0, '']);
  const { endpoint, application, port } = stage.sample();
  for (const address of [endpoint, application, `127.0.0.1:${port}`]) expect(up.stdout).toContain(address);
  stage.useEnvironment();
  expect([stage.psql('select count(*) from leads'), await stage.application('GET', '/leads')]).toEqual([
    '2000',
    { task: 'crm:2', port, rows: 2000 },
  ]);

  const before = stage.sample();
  expect(stage.understudy('local', 'up', '--rds').stdout).toContain('up already');
  expect(stage.sample()).toEqual(before);
  expect(stage.understudy('local', 'up', '--rds', '--target', 'crm-prod').status).toBe(2);
  expect(stage.understudy('local', 'up', '--empty').status).toBe(2);
});

test('the deleted rows are served again, what is reported is what was measured, and there is a way back', async () => {
  const { port: old } = stage.sample();
  const load = stage.load();
  const writes = (port: number) => load.accepted.filter((each) => each.port === port);
  await secondBegins();
  const before = new Date(Date.now() + 1000).toISOString().replace(/\.\d+/, '');
  await secondBegins();
  await until(() => Date.now() > new Date(before).getTime() + 50);
  stage.psql('delete from leads');
  expect(await stage.application('GET', '/leads')).toEqual({ task: 'crm:2', port: old, rows: 0 });

  const plan = stage.local('restore', 'crm-prod', '--before', before);
  expect([plan.status, plan.stdout]).toEqual([0, expect.stringContaining('--way moment --go')]);
  const beganAt = Date.now();
  const restore = await stage.typed('--local', 'restore', 'crm-prod', '--before', before, '--go');
  await untilIt(restore, () => restore.shown().includes('approve crm-prod'));
  const askedAt = Date.now();
  expect((await stage.application('GET', '/leads'))?.rows).toBe(0);
  await until(() => Date.now() > askedAt + 3000);
  const answeredAt = Date.now();
  expect(stage.local('approve', 'crm-prod').status).toBe(0);
  expect([await restore.ended, restore.shown()]).toEqual([0, expect.stringContaining('rollback crm-prod')]);
  const endedAt = Date.now();

  const record = JSON.parse(stage.local('--json', 'restore', 'status', 'crm-prod').stdout) as RestoreRecord;
  const made = record.made!.port!;
  await until(() => writes(made).length > 10);
  expect(await stage.application('GET', '/leads')).toEqual({ task: 'crm:2', port: made, rows: 2000 });

  // The times: all of it, and the wait for a person.
  const total = secondsBetween(record.startedAt, record.endedAt!);
  const seconds = record.phases.reduce((sum, phase) => sum + phase.seconds, 0);
  expect(total).toBeLessThanOrEqual((endedAt - beganAt) / 1000 + 1);
  expect(Math.abs(seconds - total)).toBeLessThanOrEqual(record.phases.length / 2 + 2);
  const waited = record.phases.find(({ name }) => name === 'approve')!.seconds;
  expect(waited).toBeGreaterThanOrEqual(Math.floor((answeredAt - askedAt) / 1000));
  expect(waited).toBeLessThanOrEqual((endedAt - beganAt) / 1000 + 1);

  // The lost interval: of all acknowledged writes, those and only those in it are not in the new database.
  const asOf = new Date(record.way.asOf).getTime();
  const last = new Date(record.lastWriteBefore!).getTime();
  expect(asOf).toBe(new Date(before).getTime() - 1000);
  stage.useEnvironment();
  const kept = new Set(stage.psql('select n from visits').split('\n').map(Number));
  const lost = writes(old).filter(({ visit }) => !kept.has(visit));
  const rest = writes(old).filter(({ visit }) => kept.has(visit));
  expect([lost.length > 10, rest.length > 10]).toEqual([true, true]);
  for (const { sentAt, answeredAt } of lost) {
    expect(answeredAt).toBeGreaterThanOrEqual(asOf);
    expect(sentAt).toBeLessThanOrEqual(last);
  }
  for (const { sentAt } of rest) expect(sentAt).toBeLessThanOrEqual(asOf);
  // The next write that succeeded was the new database's, and after the interval.
  for (const { answeredAt } of writes(made)) expect(answeredAt).toBeGreaterThan(last);
  const shown = /lost: (\d+) s of writes/.exec(restore.shown());
  expect(Math.abs(Number(shown![1]) - (last - asOf) / 1000)).toBeLessThanOrEqual(0.5);

  expect(stage.local('restore', 'rollback', 'crm-prod', '--reason', 'to see').status).toBe(0);
  const sofar = writes(old).length;
  await until(() => writes(old).length > sofar + 10);
  expect(await stage.application('GET', '/leads')).toEqual({ task: 'crm:2', port: old, rows: 0 });
  await load.stop();
});

test('local down ends all of it, also what a killed process left', () => {
  const sample = stage.sample();
  process.kill(sample.pid, 'SIGKILL');
  const down = stage.understudy('local', 'down');
  expect([down.status, down.stdout]).toEqual([0, expect.stringContaining('is down')]);
  expect([existsSync(sample.directory), isAlive(sample.pid)]).toEqual([false, false]);
  expect(stage.understudy('local', 'down').stdout).toContain('there is no local cloud');
});

const secondsBetween = (from: string, to: string) =>
  (new Date(to).getTime() - new Date(from).getTime()) / 1000;

async function until(is: () => boolean): Promise<void> {
  for (let waited = 0; !is(); waited++) {
    if (waited > 15_000) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
