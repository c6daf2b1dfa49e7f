import type { RestorePlan } from '../../../../lib/domain/incidents/way.ts';
import { restoreGoCommand } from '../../../../scripts/cli/commands/restore-go-command.ts';
import type { RestoreOptions } from '../../../../scripts/cli/restore-options.ts';
import type { Session } from '../../../../scripts/cli/session.ts';
import { type Changes, DUMP, found, passed, planOf, SNAPSHOT } from '../../../support/plans.ts';

/** What is asked for, and what would be begun, where there is no terminal to ask at. */
async function wouldBegin(changes: Changes, options: RestoreOptions = {}) {
  const asked: unknown[] = [];
  const session = {
    isLocal: true,
    options: {},
    invoke: async (_function: string, request: unknown): Promise<RestorePlan> => {
      asked.push(request);
      return planOf(changes);
    },
  } as unknown as Session;
  const refused = await restoreGoCommand(session, 'crm', { go: true, ...options }).catch((error) => error);
  return { refused, asked };
}

/** A dump that no new instance is made of. */
const ABROAD = { ...DUMP, id: `${DUMP.id}@replica`, place: 'replica' as const };
const BACKUPS_GONE = found('backups-disabled', 'crm-prod', { message: 'crm-prod keeps no backups' });

test('the recommended way is begun, if a new instance can be made of it', async () => {
  const evidence = [passed('snapshot', '2026-11-18T00:00:00Z', 60)];
  const { refused } = await wouldBegin({ evidence });
  expect(refused).toMatchObject({ code: 'input-invalid', message: 'there is no terminal to ask at' });
  expect(refused.hint).toContain(`--at ${SNAPSHOT.snapshotAt} --way snapshot --go --confirm`);
});

test('one that an open finding would stop is begun last, and says so', async () => {
  const evidence = [passed('dump', '2026-11-18T00:00:00Z', 60, { point: ABROAD.id })];
  const { refused } = await wouldBegin({ evidence, findings: [BACKUPS_GONE], points: [ABROAD, SNAPSHOT] });
  expect(refused.hint).toContain('--way snapshot');
  const { refused: only } = await wouldBegin({ evidence, findings: [BACKUPS_GONE], points: [ABROAD] });
  expect(only.hint).toContain('--way moment');
  expect(only.mistakes).toEqual(['backups-disabled would stop it: crm-prod keeps no backups']);
});

test('the way that was asked for is begun, of the point that was asked for', async () => {
  const { refused, asked } = await wouldBegin({ point: SNAPSHOT.id }, { point: SNAPSHOT.id });
  expect(asked).toEqual([{ ask: 'plan', target: 'crm', point: SNAPSHOT.id }]);
  expect(refused.hint).toContain('--way snapshot');
  expect((await wouldBegin({}, { way: 'snapshot' })).refused.hint).toContain('--way snapshot');
  expect(
    (await wouldBegin({ points: [ABROAD], point: ABROAD.id }, { point: ABROAD.id })).refused,
  ).toMatchObject({
    code: 'no-way',
  });
});
