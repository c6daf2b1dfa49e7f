import { stripVTControlCharacters } from 'node:util';
import { planRestore } from '../../../lib/workflows/operator/plan-restore.ts';
import { status } from '../../../lib/workflows/operator/status.ts';
import { checkCommand } from '../../../scripts/cli/commands/check-command.ts';
import { statusCommand } from '../../../scripts/cli/commands/status-command.ts';
import { formatPlan } from '../../../scripts/cli/format-plan.ts';
import type { Session } from '../../../scripts/cli/session.ts';
import { type EmergencyWorld, emergencyWorld, OLD } from '../../support/emergency-world.ts';
import { restoreRecord } from '../../support/restore-records.ts';
import { RIGHT } from '../../unit/config/text.ts';

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
    planText: () => RIGHT,
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
