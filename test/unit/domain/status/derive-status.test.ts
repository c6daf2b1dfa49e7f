import { deriveStatus, median } from '../../../../lib/domain/status/derive-status.ts';
import { evidence, failedPoint, HOME, point, run, snapshotPoint } from '../../../support/builders.ts';

const SEEN = '2026-01-01T00:00:00Z';
const OWED = { dump: { cron: '0 1 * * *', timezone: 'UTC', since: SEEN } };
const derive = (
  points: Parameters<typeof deriveStatus>[2] = [],
  runs: Parameters<typeof deriveStatus>[3] = [],
  proofs: Parameters<typeof deriveStatus>[4] = [],
) => deriveStatus('crm', SEEN, points, runs, proofs, { owed: OWED });

test('of a target about which nothing is known only that is said', () => {
  expect(derive()).toEqual({
    target: 'crm',
    firstSeenAt: SEEN,
    owed: OWED,
    lastRun: {},
    lastSuccess: {},
    lastFired: {},
    usual: {},
  });
});

test('a snapshot with a label is the last run, and stands for no firing of the schedule', () => {
  const labelled = Array.from({ length: 20 }, (_, day) =>
    run('snapshot', `2026-11-${20 - day < 10 ? '0' : ''}${20 - day}T01:10:00Z`, { label: 'release' }),
  );
  const status = derive([], [...labelled, run('snapshot', '2026-10-30T01:00:00Z')]);
  expect(status.lastRun.snapshot).toMatchObject({ scheduledFor: '2026-11-20T01:10:00Z' });
  expect(status.lastFired).toEqual({ snapshot: '2026-10-30T01:00:00Z' });
  // When there are only labelled ones among those that are read, what was known stays so.
  const { lastFired } = status;
  expect(deriveStatus('crm', SEEN, [], labelled, [], { lastFired: lastFired! }).lastFired).toEqual(lastFired);
});

test('the newest point, the newest good, the newest rehearsed and the one that waits are told apart', () => {
  const status = derive([
    failedPoint('2026-11-20T05:00:00Z'),
    point('2026-11-20T04:00:00Z', { state: 'corrupt' }),
    point('2026-11-20T03:00:00Z', { state: 'available' }),
    point('2026-11-20T02:00:00Z'),
    point('2026-11-20T01:00:00Z', { state: 'rehearsed' }),
    point('2026-11-19T01:00:00Z', { state: 'rehearsed' }),
  ]);
  expect(status.newestPoint).toMatchObject({ id: '20261120T040000Z-1', state: 'corrupt' });
  expect(status.newestVerified).toMatchObject({
    id: '20261120T020000Z-1',
    snapshotAt: '2026-11-20T02:00:00Z',
  });
  expect(status.newestRehearsed).toMatchObject({ id: '20261120T010000Z-1' });
  expect(status.waiting).toMatchObject({ id: '20261120T030000Z-1' });
});

test('the newest is that of the newest snapshot, not of the latest name', () => {
  const late = point('2026-11-18T01:00:00Z', { snapshotAt: '2026-11-20T09:00:00Z' });
  expect(derive([point('2026-11-20T01:00:00Z'), late]).newestVerified?.id).toBe(late.id);
});

test('a rehearsed point is a verified one', () => {
  const status = derive([point('2026-11-20T01:00:00Z', { state: 'rehearsed' })]);
  expect(status.newestVerified).toEqual(status.newestRehearsed);
});

test('what is being written, on its way out or gone counts for nothing', () => {
  const {
    snapshotAt: _s,
    availableAt: _a,
    ...creating
  } = point('2026-11-20T05:00:00Z', { state: 'creating' });
  const status = derive([
    creating,
    point('2026-11-20T04:00:00Z', { state: 'expiring' }),
    point('2026-11-20T03:00:00Z', { state: 'expired' }),
  ]);
  expect(status.newestVerified).toBeUndefined();
  expect(status.waiting).toBeUndefined();
});

test('the last run and the last success of each job are kept, simulations apart from rehearsals', () => {
  const status = derive(
    [],
    [
      run('dump', '2026-11-20T01:00:00Z', {
        state: 'failed',
        attempt: 2,
        endedAt: '2026-11-20T01:02:00Z',
        summary: 'no',
      }),
      run('dump', '2026-11-19T01:00:00Z'),
      run('dump', '2026-11-18T01:00:00Z'),
      run('rehearse', '2026-11-15T02:00:00Z', { state: 'running' }),
      run('simulation', '2026-11-02T03:00:00Z'),
    ],
  );
  expect(status.lastRun).toEqual({
    dump: {
      scheduledFor: '2026-11-20T01:00:00Z',
      state: 'failed',
      attempt: 2,
      endedAt: '2026-11-20T01:02:00Z',
      summary: 'no',
    },
    rehearse: { scheduledFor: '2026-11-15T02:00:00Z', state: 'running', attempt: 1 },
    simulation: { scheduledFor: '2026-11-02T03:00:00Z', state: 'succeeded', attempt: 1 },
  });
  expect(status.lastSuccess.dump?.scheduledFor).toBe('2026-11-19T01:00:00Z');
  expect(status.lastSuccess.rehearse).toBeUndefined();
});

test('the last rehearsal and the last one that passed are told apart, each with its strength', () => {
  const rto = { promised: 3600, achieved: 240, met: true };
  const status = derive(
    [],
    [],
    [
      evidence('2026-11-20T02:00:00Z', { outcome: 'failed', strength: 'none' }),
      evidence('2026-11-13T02:00:00Z', { strength: 'restored', rto }),
      evidence('2026-11-06T02:00:00Z'),
    ],
  );
  expect(status.lastRehearsal).toMatchObject({
    at: '2026-11-20T02:00:00Z',
    outcome: 'failed',
    strength: 'none',
  });
  expect(status.lastPassedRehearsal).toEqual({
    at: '2026-11-13T02:00:00Z',
    point: '20261120T010000Z-1',
    strength: 'restored',
    rto,
  });
});

test('what is usual is the median of the last fourteen good points, so that one odd night changes nothing', () => {
  const night = (day: number, dumpSeconds: number, state: 'verified' | 'corrupt' = 'verified') =>
    point(`2026-11-${String(day).padStart(2, '0')}T01:00:00Z`, {
      dumpSeconds,
      verifySeconds: 60,
      bytes: 1000,
      state,
    });
  const fortnight = Array.from({ length: 14 }, (_, index) => night(19 - index, 600));
  const once = Array.from({ length: 5 }, (_, index) => night(5 - index, 1));
  const long = Array.from({ length: 28 }, (_, index) =>
    point(`2026-10-${String(28 - index).padStart(2, '0')}T01:00:00Z`, {
      dumpSeconds: 1,
      verifySeconds: 1,
      bytes: 1,
    }),
  );
  expect(derive([night(20, 99_999), night(21, 1, 'corrupt'), ...fortnight, ...once, ...long]).usual).toEqual({
    dump: 600,
    verify: 60,
    bytes: 1000,
  });
});

describe('of points of several kinds and places', () => {
  const at = (points: Parameters<typeof deriveStatus>[2], home: string | undefined = HOME) =>
    deriveStatus('crm', SEEN, points, [], [], home ? { home } : {});
  const replica = (scheduledFor: string, changes: Parameters<typeof point>[1] = {}) =>
    point(scheduledFor, {
      id: `${scheduledFor.replace(/[-:]/g, '')}-1@replica`,
      place: 'replica',
      ...changes,
    });

  test('dumps in the vault are what the status itself speaks of', () => {
    const dump = point('2026-11-18T01:00:00Z', { state: 'available' });
    const status = at([
      snapshotPoint('2026-11-20T01:00:00Z', { state: 'rehearsed' }),
      replica('2026-11-19T01:00:00Z'),
      dump,
    ]);
    expect(status.newestPoint?.id).toBe(dump.id);
    expect(status.waiting?.id).toBe(dump.id);
    expect(status.newestVerified).toBeUndefined();
    expect(status.newestRehearsed).toBeUndefined();
  });

  test('neither a snapshot nor a replica waits as a dump does for its verification', () => {
    const snapshot = snapshotPoint('2026-11-19T01:00:00Z', { state: 'available' });
    const status = at([replica('2026-11-20T01:00:00Z', { state: 'available' }), snapshot]);
    expect(status.waiting).toBeUndefined();
  });

  test('snapshots at home are summed up apart, whoever took them', () => {
    const status = at([
      snapshotPoint('2026-11-20T05:00:00Z', { state: 'corrupt' }),
      snapshotPoint('2026-11-20T04:00:00Z', { kind: 'automated' }),
      snapshotPoint('2026-11-20T03:00:00Z', { kind: 'foreign', state: 'rehearsed' }),
      snapshotPoint('2026-11-20T02:00:00Z'),
    ]);
    expect(status.snapshots).toMatchObject({
      newestPoint: { id: `20261120T050000Z-snapshot@${HOME}`, state: 'corrupt' },
      newestVerified: { id: `20261120T040000Z-automated@${HOME}` },
      newestRehearsed: { id: `20261120T030000Z-foreign@${HOME}` },
    });
  });

  test('of every other place the newest good copy is kept', () => {
    const abroad = 'eu-west-1';
    const status = at([
      snapshotPoint('2026-11-20T05:00:00Z', { place: abroad, state: 'available' }),
      snapshotPoint('2026-11-20T04:00:00Z', { place: abroad }),
      snapshotPoint('2026-11-20T03:00:00Z', { place: abroad }),
      snapshotPoint('2026-11-20T02:00:00Z', { place: `${abroad}/444455556666` }),
      replica('2026-11-20T01:00:00Z'),
      point('2026-11-20T01:00:00Z'),
    ]);
    expect(
      Object.fromEntries(Object.entries(status.copies ?? {}).map(([where, { id }]) => [where, id])),
    ).toEqual({
      'snapshot@eu-west-1': '20261120T040000Z-snapshot@eu-west-1',
      'snapshot@eu-west-1/444455556666': '20261120T020000Z-snapshot@eu-west-1/444455556666',
      'dump@replica': '20261120T010000Z-1@replica',
    });
    expect(status.snapshots).toBeUndefined();
  });

  test('a target without copies has none to speak of', () => {
    const status = at([point('2026-11-20T01:00:00Z'), snapshotPoint('2026-11-20T01:00:00Z')]);
    expect(status).not.toHaveProperty('copies');
  });

  test('what is usual of dumps and of snapshots does not mix', () => {
    const status = at([
      point('2026-11-20T01:00:00Z', { dumpSeconds: 600, verifySeconds: 60, bytes: 1000 }),
      replica('2026-11-20T01:00:00Z', { dumpSeconds: 1, verifySeconds: 1, bytes: 1 }),
      snapshotPoint('2026-11-20T01:00:00Z', { takeSeconds: 300 }),
      snapshotPoint('2026-11-20T01:00:00Z', { place: 'eu-west-1', takeSeconds: 9000 }),
      snapshotPoint('2026-11-19T01:00:00Z', { takeSeconds: 9000, state: 'corrupt' }),
    ]);
    expect(status.usual).toEqual({ dump: 600, verify: 60, bytes: 1000, snapshot: 300 });
  });

  test('what was observed stands beside it, as it was', () => {
    const platform = { readAt: SEEN, status: 'available', retention: 604_800, latest: SEEN };
    const status = deriveStatus('crm', SEEN, [], [], [], { platform, heartbeatAt: SEEN, home: HOME });
    expect(status).toMatchObject({ platform, heartbeatAt: SEEN });
    expect(status).not.toHaveProperty('home');
  });
});

test('a median is a value that was there', () => {
  expect(median([])).toBeUndefined();
  expect(median([5])).toBe(5);
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 3, 2])).toBe(2);
});
