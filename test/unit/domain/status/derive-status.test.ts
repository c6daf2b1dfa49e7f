import type { RecoveryPoint } from '../../../../lib/domain/points/recovery-point.ts';
import { deriveStatus, median } from '../../../../lib/domain/status/derive-status.ts';
import { evidence, failedPoint, HOME, point, run, snapshotPoint } from '../../../support/builders.ts';

const SEEN = '2026-01-01T00:00:00Z';
const OWED = { dump: { cron: '0 1 * * *', timezone: 'UTC', since: SEEN } };
const at = (hour: number) => `2026-11-20T0${hour}:00:00Z`;
const day = (number: number, month = '11') => `2026-${month}-${String(number).padStart(2, '0')}T01:00:00Z`;
const ofPoints = (...points: RecoveryPoint[]) =>
  deriveStatus('crm', SEEN, points, [], [], { owed: OWED, home: HOME });
const ofRuns = (...runs: ReturnType<typeof run>[]) => deriveStatus('crm', SEEN, [], runs, []);
const replica = (scheduledFor: string, changes: Parameters<typeof point>[1] = {}) =>
  point(scheduledFor, { id: `${scheduledFor.replace(/[-:]/g, '')}-1@replica`, place: 'replica', ...changes });

test('the status of a target without points, runs and evidence says only when it was first seen and what is owed', () => {
  expect(ofPoints()).toEqual({
    target: 'crm',
    firstSeenAt: SEEN,
    owed: OWED,
    lastRun: {},
    lastSuccess: {},
    lastFired: {},
    usual: {},
  });
});

test('the status tells apart the newest dump, the newest good, the newest rehearsed and the one not yet verified', () => {
  const status = ofPoints(
    failedPoint(at(5)),
    point(at(4), { state: 'corrupt' }),
    point(at(3), { state: 'available' }),
    point(at(2)),
    point(at(1), { state: 'rehearsed' }),
    point(day(19), { state: 'rehearsed' }),
  );
  expect(status).toMatchObject({
    newestPoint: { id: '20261120T040000Z-1', state: 'corrupt' },
    newestVerified: { id: '20261120T020000Z-1', snapshotAt: at(2) },
    newestRehearsed: { id: '20261120T010000Z-1' },
    waiting: { id: '20261120T030000Z-1' },
  });
});

test('the newest dump in the status is that of the newest database snapshot, not of the latest schedule', () => {
  const late = point(day(18), { snapshotAt: at(9) });
  expect(ofPoints(point(at(1)), late).newestVerified?.id).toBe(late.id);
});

test('a rehearsed dump is the newest verified one in the status too', () => {
  const status = ofPoints(point(at(1), { state: 'rehearsed' }));
  expect(status.newestVerified).toMatchObject({ id: '20261120T010000Z-1' });
  expect(status.newestVerified).toEqual(status.newestRehearsed);
});

test('dumps that are being written, deleted or gone do not count in the status', () => {
  const { snapshotAt: _s, availableAt: _a, ...creating } = point(at(5), { state: 'creating' });
  const gone = [point(at(4), { state: 'expiring' }), point(at(3), { state: 'expired' })];
  const status = ofPoints(creating, ...gone);
  expect([status.newestVerified, status.waiting]).toEqual([undefined, undefined]);
});

test('snapshots and replicas are neither the newest dump of the status nor the one not yet verified', () => {
  const dump = point(day(18), { state: 'available' });
  const status = ofPoints(snapshotPoint(at(1), { state: 'rehearsed' }), replica(day(19)), dump);
  expect([status.newestPoint?.id, status.waiting?.id]).toEqual([dump.id, dump.id]);
  expect([status.newestVerified, status.newestRehearsed]).toEqual([undefined, undefined]);
  const available = { state: 'available' } as const;
  expect(ofPoints(replica(at(1), available), snapshotPoint(day(19), available)).waiting).toBeUndefined();
});

test('the status sums up the snapshots at home apart from dumps, also those that Understudy did not take', () => {
  const status = ofPoints(
    snapshotPoint(at(5), { state: 'corrupt' }),
    snapshotPoint(at(4), { kind: 'automated' }),
    snapshotPoint(at(3), { kind: 'foreign', state: 'rehearsed' }),
    snapshotPoint(at(2)),
  );
  expect(status.snapshots).toMatchObject({
    newestPoint: { id: `20261120T050000Z-snapshot@${HOME}`, state: 'corrupt' },
    newestVerified: { id: `20261120T040000Z-automated@${HOME}` },
    newestRehearsed: { id: `20261120T030000Z-foreign@${HOME}` },
  });
});

test('the status names the newest good copy in every other place, and has no copies where there are none', () => {
  const abroad = 'eu-west-1';
  const status = ofPoints(
    snapshotPoint(at(5), { place: abroad, state: 'available' }),
    snapshotPoint(at(4), { place: abroad }),
    snapshotPoint(at(3), { place: abroad }),
    snapshotPoint(at(2), { place: `${abroad}/444455556666` }),
    replica(at(1)),
    point(at(1)),
  );
  expect(status.copies).toMatchObject({
    'snapshot@eu-west-1': { id: '20261120T040000Z-snapshot@eu-west-1' },
    'snapshot@eu-west-1/444455556666': { id: '20261120T020000Z-snapshot@eu-west-1/444455556666' },
    'dump@replica': { id: '20261120T010000Z-1@replica' },
  });
  expect(Object.keys(status.copies!)).toHaveLength(3);
  expect(status.snapshots).toBeUndefined();
  expect(ofPoints(point(at(1)), snapshotPoint(at(1)))).not.toHaveProperty('copies');
});

test('usual in the status is the median of the last fourteen good dumps, which one odd night does not change', () => {
  const night = (number: number, dumpSeconds: number, changes: Parameters<typeof point>[1] = {}) =>
    point(day(number), { dumpSeconds, verifySeconds: 60, bytes: 1000, ...changes });
  const fortnight = Array.from({ length: 14 }, (_, index) => night(19 - index, 600));
  const before = Array.from({ length: 5 }, (_, index) => night(5 - index, 1));
  const longBefore = Array.from({ length: 28 }, (_, index) =>
    point(day(28 - index, '10'), { dumpSeconds: 1, verifySeconds: 1, bytes: 1 }),
  );
  const odd = [night(20, 99_999), night(21, 1, { state: 'corrupt' })];
  const { usual } = ofPoints(...odd, ...fortnight, ...before, ...longBefore);
  expect(usual).toEqual({ dump: 600, verify: 60, bytes: 1000 });
});

test('usual in the status does not mix dumps, snapshots, replicas and copies', () => {
  const { usual } = ofPoints(
    point(at(1), { dumpSeconds: 600, verifySeconds: 60, bytes: 1000 }),
    replica(at(1), { dumpSeconds: 1, verifySeconds: 1, bytes: 1 }),
    snapshotPoint(at(1), { takeSeconds: 300 }),
    snapshotPoint(at(1), { place: 'eu-west-1', takeSeconds: 9000 }),
    snapshotPoint(day(19), { takeSeconds: 9000, state: 'corrupt' }),
  );
  expect(usual).toEqual({ dump: 600, verify: 60, bytes: 1000, snapshot: 300 });
});

test('the status keeps the last run and the last success of each job, simulations apart from rehearsals', () => {
  const failed = { state: 'failed', attempt: 2, endedAt: '2026-11-20T01:02:00Z', summary: 'no' } as const;
  const status = ofRuns(
    run('dump', at(1), failed),
    run('dump', day(19)),
    run('dump', day(18)),
    run('rehearse', '2026-11-15T02:00:00Z', { state: 'running' }),
    run('simulation', '2026-11-02T03:00:00Z'),
  );
  expect(status.lastRun).toEqual({
    dump: { scheduledFor: at(1), ...failed },
    rehearse: { scheduledFor: '2026-11-15T02:00:00Z', state: 'running', attempt: 1 },
    simulation: { scheduledFor: '2026-11-02T03:00:00Z', state: 'succeeded', attempt: 1 },
  });
  expect(status.lastSuccess.dump?.scheduledFor).toBe(day(19));
  expect(status.lastSuccess.rehearse).toBeUndefined();
});

test('a labelled snapshot is the last run in the status, but not the last firing of the schedule', () => {
  const labelled = Array.from({ length: 20 }, (_, index) =>
    run('snapshot', day(20 - index), { label: 'release' }),
  );
  const status = ofRuns(...labelled, run('snapshot', '2026-10-30T01:00:00Z'));
  expect(status.lastRun.snapshot).toMatchObject({ scheduledFor: day(20) });
  expect(status.lastFired).toEqual({ snapshot: '2026-10-30T01:00:00Z' });
  // Among the runs that are read there may be only labelled ones: then the last firing stays what was known.
  const lastFired = status.lastFired!;
  expect(deriveStatus('crm', SEEN, [], labelled, [], { lastFired }).lastFired).toEqual(lastFired);
});

test('the status tells apart the last rehearsal and the last one that passed, each with its strength', () => {
  const rto = { promised: 3600, achieved: 240, met: true };
  const passedAt = '2026-11-13T02:00:00Z';
  const status = deriveStatus(
    'crm',
    SEEN,
    [],
    [],
    [
      evidence(at(2), { outcome: 'failed', strength: 'none' }),
      evidence(passedAt, { strength: 'restored', rto }),
      evidence('2026-11-06T02:00:00Z'),
    ],
  );
  expect(status.lastRehearsal).toMatchObject({ at: at(2), outcome: 'failed', strength: 'none' });
  const passed = { at: passedAt, point: '20261120T010000Z-1', strength: 'restored', rto };
  expect(status.lastPassedRehearsal).toEqual(passed);
});

test('the status repeats what was observed of the platform and the heartbeat', () => {
  const platform = { readAt: SEEN, status: 'available', retention: 604_800, latest: SEEN };
  const status = deriveStatus('crm', SEEN, [], [], [], { platform, heartbeatAt: SEEN, home: HOME });
  expect(status).toMatchObject({ platform, heartbeatAt: SEEN });
  expect(status).not.toHaveProperty('home');
});

test('median gives one of its values, and nothing of none', () => {
  expect([median([]), median([5]), median([9, 1, 5]), median([4, 1, 3, 2])]).toEqual([undefined, 5, 5, 2]);
});
