import type { ScheduledJob } from '../../../../lib/domain/runs/job.ts';
import { deriveStatus } from '../../../../lib/domain/status/derive-status.ts';
import { checkSilence } from '../../../../lib/domain/status/lateness.ts';
import type { TargetStatus } from '../../../../lib/domain/status/target-status.ts';
import { point, policy, run, status, target } from '../../../support/builders.ts';

const only = (job: ScheduledJob, cron: string, timezone = 'UTC') =>
  target({ policy: policy({ schedules: { [job]: { cron, timezone } } }) });
const DAILY = only('dump', '0 1 * * *');

const ran = (
  scheduledFor: string,
  state: 'running' | 'succeeded' | 'failed' = 'succeeded',
  job: ScheduledJob = 'dump',
) => status({ lastRun: { [job]: { scheduledFor, state, attempt: 1 } }, lastFired: { [job]: scheduledFor } });
const silent = (known: TargetStatus, now: string, about = DAILY) =>
  checkSilence(about, known, new Date(now)).map(({ subject, message }) => `${subject}: ${message}`);

describe('a job that was due', () => {
  test('may be late by its grace', () => {
    expect(silent(ran('2026-11-19T01:00:00Z'), '2026-11-20T01:29:59Z')).toEqual([]);
  });

  test('is silent when its grace is over and it left no trace', () => {
    expect(checkSilence(DAILY, ran('2026-11-19T01:00:00Z'), new Date('2026-11-20T01:30:00Z'))).toMatchObject([
      {
        code: 'job-silent',
        severity: 'P0',
        subject: 'dump',
        message:
          'dump of crm was due at 2026-11-20T01:00:00Z and did not run; the last dump of crm was for 2026-11-19T01:00:00Z',
        objectives: 'next due 2026-11-21T01:00:00Z',
        next: expect.stringContaining('./understudy run dump crm'),
      },
    ]);
  });

  test.each(['running', 'succeeded', 'failed'] as const)('is not silent when its run has %s', (state) => {
    expect(silent(ran('2026-11-20T01:00:00Z', state), '2026-11-20T12:00:00Z')).toEqual([]);
  });

  test('is no longer silent when a later run was made by hand', () => {
    expect(silent(ran('2026-11-20T09:12:00Z'), '2026-11-20T12:00:00Z')).toEqual([]);
  });

  test('is silent although a snapshot with a label came meanwhile, unless nothing tells them apart', () => {
    const nightly = only('snapshot', '0 1 * * *');
    const { lastRun } = ran('2026-11-20T01:10:00Z', 'succeeded', 'snapshot');
    const labelled = status({ lastRun, lastFired: { snapshot: '2026-11-18T01:00:00Z' } });
    expect(silent(labelled, '2026-11-20T12:00:00Z', nightly)).toEqual([
      expect.stringContaining('the last snapshot of crm was for 2026-11-18T01:00:00Z'),
    ]);
    expect(silent(status({ lastRun, lastFired: {} }), '2026-11-20T12:00:00Z', nightly)).toHaveLength(1);
    expect(silent(status({ lastRun }), '2026-11-20T12:00:00Z', nightly)).toEqual([]);
  });

  test('that never ran is said to', () => {
    expect(silent(status(), '2026-11-20T12:00:00Z')).toEqual([expect.stringContaining('crm never had one')]);
  });
});

describe('a target that is new', () => {
  test('owes nothing that was due before it was first seen', () => {
    expect(silent(status({ firstSeenAt: '2026-11-20T01:00:01Z' }), '2026-11-20T23:00:00Z')).toEqual([]);
  });

  test('owes what was due from then on', () => {
    expect(silent(status({ firstSeenAt: '2026-11-20T01:00:00Z' }), '2026-11-20T01:30:00Z')).toHaveLength(1);
    expect(silent(status({ firstSeenAt: '2026-11-20T01:00:01Z' }), '2026-11-21T01:30:00Z')).toHaveLength(1);
  });
});

test('a schedule that was changed owes nothing for the time before', () => {
  const changedAt = (since: string) => ({
    ...ran('2026-11-19T01:00:00Z'),
    owed: { dump: { cron: '0 1 * * *', timezone: 'UTC', since } },
  });
  expect(silent(changedAt('2026-11-20T01:00:01Z'), '2026-11-20T12:00:00Z')).toEqual([]);
  expect(silent(changedAt('2026-11-20T01:00:00Z'), '2026-11-20T12:00:00Z')).toHaveLength(1);
});

test.each([
  ['dump', '0 1 * * *', '2026-11-19T01:00:00Z', '2026-11-20T01:00:00Z'],
  ['rehearse', '0 2 * * SUN', '2026-11-08T02:00:00Z', '2026-11-15T02:00:00Z'],
  ['simulation', '0 3 1W * *', '2026-10-01T03:00:00Z', '2026-11-02T03:00:00Z'],
  ['expire', '0 5 * * *', '2026-11-19T05:00:00Z', '2026-11-20T05:00:00Z'],
] as const)('%s is judged by its own schedule', (job, cron, before, due) => {
  const about = only(job, cron);
  expect(silent(ran(before, 'succeeded', job), '2026-11-20T12:00:00Z', about)).toEqual([
    expect.stringContaining(`${job} of crm was due at ${due}`),
  ]);
  expect(silent(ran(due, 'succeeded', job), '2026-11-20T12:00:00Z', about)).toEqual([]);
});

test('every silent job is told, each on its own', () => {
  const jobs = checkSilence(target(), status(), new Date('2026-11-20T12:00:00Z')).map(
    ({ subject }) => subject,
  );
  expect(jobs).toEqual(['dump', 'rehearse', 'expire']);
});

describe('when clocks change', () => {
  const berlin = only('dump', '30 2 * * *', 'Europe/Berlin');

  test('what the spring gap swallows is not missed', () => {
    expect(silent(ran('2026-03-28T01:30:00Z'), '2026-03-29T12:00:00Z', berlin)).toEqual([]);
    expect(silent(ran('2026-03-28T01:30:00Z'), '2026-03-30T01:00:00Z', berlin)).toHaveLength(1);
  });

  test('what the autumn repeats is owed once, the first time', () => {
    expect(silent(ran('2026-10-24T00:30:00Z'), '2026-10-25T01:00:00Z', berlin)).toHaveLength(1);
    expect(silent(ran('2026-10-25T00:30:00Z'), '2026-10-25T12:00:00Z', berlin)).toEqual([]);
  });
});

describe('a point that waits for its verification', () => {
  const waiting = (usual: TargetStatus['usual'] = {}) =>
    status({
      lastRun: { dump: { scheduledFor: '2026-11-20T01:00:00Z', state: 'succeeded', attempt: 1 } },
      waiting: {
        id: '20261120T010000Z-1',
        snapshotAt: '2026-11-20T01:00:00Z',
        availableAt: '2026-11-20T01:10:00Z',
        state: 'available',
      },
      usual,
    });

  test('may wait for the grace and as long as a verification usually takes', () => {
    expect(silent(waiting(), '2026-11-20T01:55:00Z')).toEqual([]);
    expect(silent(waiting(), '2026-11-20T01:55:01Z')).toEqual([
      'verify: 20261120T010000Z-1 of crm has waited 45 min for its verification',
    ]);
  });

  test('may wait as long as was measured, where it was', () => {
    expect(silent(waiting({ verify: 3600 }), '2026-11-20T02:40:00Z')).toEqual([]);
    expect(silent(waiting({ verify: 60 }), '2026-11-20T01:41:01Z')).toHaveLength(1);
  });

  test('is not forgotten when a newer one comes', () => {
    const hourly = only('dump', '0 * * * *');
    const points = ['04', '03', '02', '01'].map((hour) =>
      point(`2026-11-20T${hour}:00:00Z`, { state: 'available' }),
    );
    const known = deriveStatus(
      'crm',
      '2026-01-01T00:00:00Z',
      points,
      [run('dump', '2026-11-20T04:00:00Z')],
      [],
    );
    expect(checkSilence(hourly, known, new Date('2026-11-20T04:10:00Z'))).toMatchObject([
      { code: 'job-silent', subject: 'verify' },
    ]);
  });
});
