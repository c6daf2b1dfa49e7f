import { stripVTControlCharacters } from 'node:util';
import type { RestoreRecord } from '../../../lib/domain/incidents/restore-record.ts';
import { servedBy } from '../../../lib/domain/incidents/served-by.ts';
import { planRestore } from '../../../lib/workflows/operator/plan-restore.ts';
import { status } from '../../../lib/workflows/operator/status.ts';
import { checkCommand } from '../../../scripts/cli/commands/check-command.ts';
import { statusCommand } from '../../../scripts/cli/commands/status-command.ts';
import { formatPlan } from '../../../scripts/cli/format-plan.ts';
import type { Session } from '../../../scripts/cli/session.ts';
import { policy } from '../../support/builders.ts';
import { type EmergencyWorld, emergencyWorld, OLD } from '../../support/emergency-world.ts';
import { restoreRecord } from '../../support/restore-records.ts';

const NEW = 'crm-db-restored-20261120t120000z';
const SAID = `${NEW} serves crm since 2026-11-20 12:10 UTC; understudy.yml still names crm-db, so everything here is about that one: set rds: ${NEW} and deploy`;

function isNamed({ plan }: EmergencyWorld, id: string): void {
  plan.targets[0]!.platform = { kind: 'rds', id };
}

async function worldOf(cutover: 'secret' | 'rename'): Promise<EmergencyWorld> {
  const world = await emergencyWorld({ restore: { cutover, services: [] } });
  world.approving();
  await world.whole(world.bodyOf());
  return world;
}

/** What the plan and the overviews say. */
async function said(world: EmergencyWorld): Promise<(string | undefined)[]> {
  const target = world.plan.targets[0]!;
  const plan = await planRestore(target, {}, world.deps);
  const session = {
    options: { stage: 'prod', config: 'understudy.yml' },
    plan: () => world.plan,
    planText: () => 'version: 1',
    written: () => ({}),
    invoke: async (_: string, { target: only }: { target?: string }) => status(world.deps, only),
  } as unknown as Session;
  const lines = [
    formatPlan(plan),
    (await statusCommand(session, 'crm')).lines,
    (await statusCommand(session)).lines,
    (await checkCommand(session)).lines,
  ];
  return lines.map((each) =>
    each!.map(stripVTControlCharacters).find((line) => line.includes(' serves crm')),
  );
}

test('after a cutover by secret the plan, status and check say first which database serves, until understudy.yml names it', async () => {
  const world = await worldOf('secret');
  const { switched } = await world.record();
  const [plan, ...others] = await said(world);
  expect(plan).toBe(SAID.replace('2026-11-20 12:10', switched!.at.slice(0, 16).replace('T', ' ')));
  expect(others).toEqual([plan, plan, plan]);
  // Backups of a closed database are no protection, however good they are.
  expect((await status(world.deps, 'crm')).targets).toMatchObject([
    { state: 'bad', servedBy: { name: NEW } },
  ]);
  // A later restore that was rejected hides it no more than it hides a rollback.
  const later = restoreRecord({ id: '20261120T180000Z', token: 'later' });
  await world.catalog.beginRestore(later);
  await world.catalog.putRestore({ ...later, state: 'not-done' });
  expect(await said(world)).toEqual([plan, plan, plan, plan]);
  isNamed(world, NEW);
  expect((await said(world)).filter(Boolean)).toEqual([]);
  isNamed(world, OLD.name);
  await world.whole(world.rollbackOf((await world.catalog.restoresOf('crm'))[1]!.id));
  expect((await said(world)).filter(Boolean)).toEqual([]);
});

test('a new database that has the name of the old one is the one that is named', async () => {
  expect((await said(await worldOf('rename'))).filter(Boolean)).toEqual([]);
});

test('a restore that was rolled back after understudy.yml named the new one says the old one is to be named, as do the plan, status and check', async () => {
  const world = await worldOf('secret');
  isNamed(world, NEW);
  const { id } = await world.record();
  expect(await world.whole(world.rollbackOf(id))).toMatchObject({ outcome: 'done' });
  const { next, endedAt } = await world.record();
  expect(next).toEqual([
    `understudy.yml names ${NEW}, which is closed: set rds: crm-db there and deploy`,
    expect.stringContaining(`${NEW} stays`),
  ]);
  const since = endedAt!.slice(0, 16).replace('T', ' ');
  const line = `crm-db serves crm since ${since} UTC; understudy.yml still names ${NEW}, so everything here is about that one: set rds: crm-db and deploy`;
  expect(await said(world)).toEqual([line, line, line, line]);
  isNamed(world, OLD.name);
  expect((await said(world)).filter(Boolean)).toEqual([]);
});

describe('of several restores', () => {
  const [at, secret] = ['2026-11-20T12:10:00Z', { ...policy().restore, cutover: 'secret' as const }];
  const restore = (from: string, to: string, changes: Partial<RestoreRecord> = {}) =>
    restoreRecord({
      ...{ state: 'done', settings: secret, switched: { at, secrets: [] } },
      ...{ old: { name: from, resourceId: '1' }, made: { name: to, resourceId: '2' }, ...changes },
    });
  const back = { state: 'rolled-back', endedAt: '2026-11-20T13:00:00Z' } as const;
  const serves = (named: string, ...newestFirst: RestoreRecord[]) =>
    servedBy({ id: named }, newestFirst)?.name;

  test('one of a database beside, made later, hides nothing', () => {
    const beside = restore('crm', 'crm_restored', { kind: 'database' });
    expect(serves('a', beside, restore('a', 'b'))).toBe('b');
    expect(serves('b', beside, restore('a', 'b'))).toBeUndefined();
  });

  test('those that went back lead to what serves now', () => {
    expect(serves('c', restore('b', 'c', back), restore('a', 'b', back))).toBe('a');
    expect(serves('c', restore('b', 'c', back), restore('a', 'b'))).toBe('b');
    expect(serves('b', restore('a', 'c'), restore('a', 'b', back))).toBe('c');
    expect(serves('a', restore('a', 'b', back))).toBeUndefined();
    const byName = { ...secret, cutover: 'rename' as const };
    expect(serves('b', restore('a', 'b', { ...back, settings: byName }))).toBeUndefined();
  });
});
