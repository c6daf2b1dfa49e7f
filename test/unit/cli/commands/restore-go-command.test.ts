import type { RestorePlan } from '../../../../lib/domain/incidents/way.ts';
import { restoreGoCommand } from '../../../../scripts/cli/commands/restore-go-command.ts';
import { type RestoreOptions, refuseRestoreMisfits } from '../../../../scripts/cli/restore-options.ts';
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

test('a dump goes beside the living database where somebody says so, and the question says what that takes', async () => {
  const points = [{ ...DUMP, sourceBytes: 5e9 }];
  const { refused, asked } = await wouldBegin({ points, beside: true }, { beside: true, point: DUMP.id });
  expect(asked).toEqual([{ ask: 'plan', target: 'crm', point: DUMP.id, beside: true }]);
  expect(refused.hint).toContain(`--at ${DUMP.snapshotAt} --way dump --beside --go --confirm`);
});

test.each<[string, RestoreOptions, string]>([
  ['a moment', { way: 'moment', go: true }, 'a moment is none'],
  ['a snapshot', { way: 'snapshot', go: true }, 'a snapshot is none'],
  ['the point of a snapshot', { point: SNAPSHOT.id, go: true }, `${SNAPSHOT.id} is a snapshot`],
  ['the plan of a snapshot', { point: SNAPSHOT.id }, `${SNAPSHOT.id} is a snapshot`],
])('%s does not go beside the living database', (_, options, why) => {
  expect(() => refuseRestoreMisfits('crm', { beside: true, ...options })).toThrow(
    expect.objectContaining({
      mistakes: [`--beside: only a dump goes beside the living database, and ${why}`],
    }),
  );
});

test.each<[RestoreOptions, string]>([
  [{ to: 'postgres://db/x' }, '--beside does not go with --to'],
  [{ table: ['public.leads'] }, '--beside takes a whole dump, and no tables or files'],
])('--beside goes with a plan and with --go alone: %j', (options, mistake) => {
  expect(() => refuseRestoreMisfits('crm', { beside: true, ...options })).toThrow(
    expect.objectContaining({ mistakes: [mistake] }),
  );
});
