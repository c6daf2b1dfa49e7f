import type { FoundDatabase } from '../../../lib/ports/databases.ts';
import { forgetDropped } from '../../../lib/workflows/dump/forget-dropped.ts';
import { lookAtRestores } from '../../../lib/workflows/watch/restores.ts';
import { target } from '../../support/builders.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { memoryDeps } from '../../support/doubles/deps.ts';
import { memoryPlatform } from '../../support/doubles/platform.ts';
import { planWith } from '../../support/plan.ts';
import { restoreRecord } from '../../support/restore-records.ts';

const AT = { host: 'db.example.com', port: 5432 };
const CREDENTIALS = { ...AT, database: 'crm', user: 'crm', password: 'x', sslmode: 'require' as const };
const KEPT = [
  { name: 'crm_replaced_20261120t120000z', resourceId: '16384' },
  { name: 'crm_restored_20261120t120000z', resourceId: '16500' },
];

/** What is kept after a dump of a server that has the first of both, and what the watch tells of it. */
async function keptAfter(changes: Parameters<typeof restoreRecord>[0] = {}, credentials = CREDENTIALS) {
  const clock = manualClock('2026-11-21T01:00:00Z');
  const deps = memoryDeps(clock);
  const old = { name: 'crm', resourceId: '16384', ...AT, database: 'crm' };
  await deps.catalog.beginRestore(restoreRecord({ kind: 'database', old }));
  const ended = { state: 'done' as const, endedAt: '2026-11-20T13:00:00Z', kept: KEPT };
  await deps.catalog.putRestore(restoreRecord({ kind: 'database', old, ...ended, ...changes }));
  const find = async (_: unknown, which: object): Promise<FoundDatabase | undefined> =>
    'id' in which && which.id === '16384' ? { id: '16384', name: 'crm' } : undefined;
  await forgetDropped(target(), credentials, { ...deps, engine: { databases: { find } } });
  const kept = (await deps.catalog.restore('crm'))!.kept!.map(({ resourceId }) => resourceId);
  const platform = memoryPlatform({ clock, home: 'eu-central-1', sources: [] });
  const { findings } = await lookAtRestores({ ...deps, platform, plan: planWith() }, clock.now());
  return { kept, told: findings.map(({ message }) => message) };
}

test('a database that somebody has dropped is not told of any more, and another stays', async () => {
  expect(await keptAfter()).toEqual({
    kept: ['16384'],
    told: [
      'crm_replaced_20261120t120000z stays beside production since the restore 20261120T120000Z of crm ended at 2026-11-20 13:00 UTC, and takes disk of its server: dropdb --host db.example.com --port 5432 crm_replaced_20261120t120000z',
    ],
  });
});

test('nothing is forgotten of another server, of an instance, or during a restore', async () => {
  const elsewhere = { ...CREDENTIALS, host: 'other.example.com' };
  expect((await keptAfter({}, elsewhere)).kept).toEqual(['16384', '16500']);
  expect((await keptAfter({ kind: 'rds' })).kept).toEqual(['16384', '16500']);
  expect((await keptAfter({ state: 'running' })).kept).toEqual(['16384', '16500']);
});
