import { type ExtractOf, extractLabel } from '../../../../lib/domain/incidents/extract.ts';
import type { Target } from '../../../../lib/domain/plan/policy.ts';
import { type OperatorDeps, operate, operatorRequest } from '../../../../lib/workflows/operator/operate.ts';
import type { ExtractPlan } from '../../../../lib/workflows/operator/plan-extract.ts';
import { HOME, point, snapshotPoint } from '../../../support/builders.ts';
import { memoryCatalog } from '../../../support/doubles/catalog/catalog.ts';
import { manualClock } from '../../../support/doubles/clock.ts';
import { instanceOf, NOW, SNAPSHOT_AT, SNAPSHOT_ID } from '../../../support/rehearsals.ts';
import { restoreRecord } from '../../../support/restore-records.ts';
import { planOf } from '../../../support/snapshots.ts';

const LATEST = '2026-11-20T11:55:00Z';
const EARLIEST = '2026-11-13T11:55:00Z';

/** A target on RDS with a snapshot and a window of moments, as the watch saw them. */
async function world(
  options: { policy?: object; target?: Partial<Target>; platform?: object | undefined } = {},
) {
  const clock = manualClock(NOW);
  const catalog = memoryCatalog(clock, HOME);
  await catalog.adoptPoint(snapshotPoint(SNAPSHOT_AT));
  await catalog.adoptPoint(snapshotPoint('2026-11-19T02:00:00Z'));
  await catalog.adoptPoint(point('2026-11-20T01:00:00Z'));
  const seen = {
    readAt: NOW,
    status: 'available',
    retention: 7 * 86_400,
    earliest: EARLIEST,
    latest: LATEST,
  };
  await catalog.observe('crm', { platform: { ...seen, ...options.platform } }, clock.now());
  const plan = planOf({
    policy: options.policy ?? {},
    target: { platform: { kind: 'rds', id: 'crm-db' }, ...options.target },
  });
  const deps = { catalog, plan, clock, home: HOME } as unknown as OperatorDeps;
  const ask = (more: object) =>
    operate(operatorRequest.parse({ ask: 'extract', target: 'crm', ...more }), deps) as Promise<ExtractPlan>;
  /** A run of an extract of this, in this state. */
  const run = async (of: Omit<ExtractOf, 'target'>, state: 'running' | 'succeeded') => {
    const name = { job: 'extract', target: 'crm', scheduledFor: '2026-11-20T11:58:00Z' };
    const asked = { requestedBy: 'anna', now: clock.now(), leaseSeconds: 3600 };
    const claimed = await catalog.claim({ ...name, ...asked, label: extractLabel({ target: 'crm', ...of }) });
    if (claimed.outcome !== 'claimed' || state === 'running') return;
    await catalog.finish(claimed.claim, { state, endedAt: NOW, summary: '' });
  };
  return { ask, run, catalog, clock };
}

test('a moment is exactly the one that was named; as of one, the newest that AWS can restore', async () => {
  const { ask } = await world();
  const window = { earliest: EARLIEST, latest: '2026-11-20T11:54:59Z' };
  const at = '2026-11-20T10:00:00Z';
  expect(await ask({ from: 'moment', moment: at })).toMatchObject({ of: { moment: at }, asOf: at, window });
  expect(await ask({ from: 'moment', at })).toMatchObject({ of: { moment: at } });
  expect(await ask({ from: 'moment', at: NOW })).toMatchObject({ of: { moment: window.latest } });
  expect(await ask({ from: 'moment' })).toMatchObject({ of: { moment: window.latest } });
});

test('a snapshot is the one that was named, or the newest good one here that is not later', async () => {
  const { ask } = await world();
  const newest = { of: { point: SNAPSHOT_ID }, asOf: SNAPSHOT_AT };
  expect(await ask({ from: 'snapshot', point: SNAPSHOT_ID })).toMatchObject(newest);
  expect(await ask({ from: 'snapshot' })).toMatchObject(newest);
  const before = await ask({ from: 'snapshot', at: '2026-11-20T01:00:00Z' });
  expect(before.asOf).toBe('2026-11-19T02:00:00Z');
});

test('time, cost and the hours of the month are said; a price that is unknown too', async () => {
  const known = await world({ policy: instanceOf({ pricePerHour: 0.3 }) });
  expect((await known.ask({ from: 'moment' })).said).toMatch(/about 60 min .*0\.30 USD .* used this month$/);
  const unknown = await world();
  expect((await unknown.ask({ from: 'moment' })).said).toContain('set rehearsal.instance.pricePerHour');
});

test.each([
  ['in the future', { from: 'moment', moment: '2026-11-20T12:00:01Z' }, 'lies in the future'],
  ['before what AWS keeps', { from: 'moment', moment: '2026-11-13T11:54:59Z' }, 'before the earliest moment'],
  [
    'of a snapshot that is not there',
    { from: 'snapshot', point: '20261101T020000Z-snapshot@eu-central-1' },
    'no snapshot',
  ],
  ['of a dump', { from: 'snapshot', point: '20261120T010000Z-1' }, 'no snapshot in eu-central-1'],
  ['as of before every snapshot', { from: 'snapshot', at: '2026-11-01T00:00:00Z' }, 'no good snapshot'],
])('an extract %s is refused', async (_which, asked, message) => {
  const { ask } = await world();
  await expect(ask(asked)).rejects.toThrow(message);
});

test.each([
  ['no connection', { target: { connection: undefined } }, 'has no connection'],
  ['no platform', { target: { platform: undefined } }, 'names no rds:'],
  ['a cache', { target: { platform: { kind: 'elasticache', id: 'c' } } }, 'only PostgreSQL'],
  ['another engine', { target: { engine: 'mysql' } }, 'only PostgreSQL'],
  ['no hours left', { policy: instanceOf({ hoursAMonth: 0 }) }, 'allowed'],
  ['a source that is gone', { platform: { status: 'missing' } }, 'no backups'],
])('an extract of a target with %s is refused', async (_which, options, message) => {
  const { ask } = await world(options as Parameters<typeof world>[0]);
  await expect(ask({ from: 'moment' })).rejects.toThrow(message);
});

test('nothing is extracted while somebody restores the target', async () => {
  const { ask, catalog } = await world();
  await catalog.beginRestore(restoreRecord({ startedAt: NOW }));
  await expect(ask({ from: 'moment' })).rejects.toMatchObject({ code: 'restore-under-way' });
});

test('one of the same that is there or under way is taken up, even with no hours left, but not again', async () => {
  const of = { from: 'moment' as const, moment: '2026-11-20T10:00:00Z' };
  for (const state of ['running', 'succeeded'] as const) {
    const { ask, run } = await world({ policy: instanceOf({ hoursAMonth: 0 }) });
    await run(of, state);
    expect(await ask({ ...of, tables: ['public.leads'] })).toMatchObject({ known: { state } });
    await expect(ask({ ...of, again: true })).rejects.toMatchObject({ code: 'scratch-budget' });
  }
});

test('its progress says what it does', async () => {
  const { run, catalog, clock } = await world();
  const deps = { catalog, plan: planOf({}), clock } as unknown as OperatorDeps;
  const scheduledFor = '2026-11-20T11:58:00Z';
  const progress = () => operate({ ask: 'extract-progress', target: 'crm', scheduledFor }, deps);
  expect(await progress()).toEqual({ run: null, phase: 'begins' });
  await run({ from: 'moment', moment: NOW }, 'running');
  const record = {
    ...{ target: 'crm', policy: 'production', name: 'understudy-scratch-crm-1', kind: 'rds' as const },
    ...{ run: `extract/crm/${scheduledFor}`, state: 'making' as const, beganAt: NOW, expiresAt: NOW },
  };
  await catalog.beginScratch(record);
  expect(await progress()).toMatchObject({ phase: 'waits for its turn' });
  await catalog.startScratch(record, NOW, NOW, await catalog.standing('production'));
  expect(await progress()).toMatchObject({ run: { state: 'running' }, phase: 'restores' });
  await catalog.identifyScratch('crm', record.name, 'db-1');
  expect(await progress()).toMatchObject({ phase: 'reads its rows, and tears it down' });
});
