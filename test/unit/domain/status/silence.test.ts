import type { ScheduledJob } from '../../../../lib/domain/runs/job.ts';
import { deriveStatus } from '../../../../lib/domain/status/derive-status.ts';
import { checkSilence } from '../../../../lib/domain/status/lateness.ts';
import type { TargetStatus } from '../../../../lib/domain/status/target-status.ts';
import { point, policy, run, status, target } from '../../../support/builders.ts';

const only = (job: ScheduledJob, cron: string, timezone = 'UTC') =>
  target({ policy: policy({ schedules: { [job]: { cron, timezone } } }) });
const DAILY = only('dump', '0 1 * * *');
const NOON = '2026-11-20T12:00:00Z';

const ran = (
  scheduledFor: string,
  state: 'running' | 'succeeded' | 'failed' = 'succeeded',
  job: ScheduledJob = 'dump',
) => status({ lastRun: { [job]: { scheduledFor, state, attempt: 1 } }, lastFired: { [job]: scheduledFor } });
const silent = (known: TargetStatus, now = NOON, about = DAILY) =>
  checkSilence(about, known, new Date(now)).map(({ subject, message }) => `${subject}: ${message}`);

describe('a job that was due', () => {
  test('is silent once its grace is over and no run of it exists', () => {
    expect(silent(ran('2026-11-19T01:00:00Z'), '2026-11-20T01:29:59Z')).toEqual([]);
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

  test('and never ran is silent, and the message says that it never ran', () => {
    expect(silent(status())).toEqual([expect.stringContaining('crm never had one')]);
  });

  test.each(['running', 'succeeded', 'failed'] as const)('is not silent when its run has %s', (state) => {
    expect(silent(ran('2026-11-20T01:00:00Z', state))).toEqual([]);
  });

  test('is not silent when an operator ran it later', () => {
    expect(silent(ran('2026-11-20T09:12:00Z'))).toEqual([]);
  });

  test('is silent although a labelled snapshot came meanwhile, where the status tells them apart', () => {
    const nightly = only('snapshot', '0 1 * * *');
    const { lastRun } = ran('2026-11-20T01:10:00Z', 'succeeded', 'snapshot');
    const labelled = status({ lastRun, lastFired: { snapshot: '2026-11-18T01:00:00Z' } });
    expect(silent(labelled, NOON, nightly)).toEqual([
      expect.stringContaining('the last snapshot of crm was for 2026-11-18T01:00:00Z'),
    ]);
    expect(silent(status({ lastRun, lastFired: {} }), NOON, nightly)).toHaveLength(1);
    expect(silent(status({ lastRun }), NOON, nightly)).toEqual([]);
  });

  test('is silent only if it was due after the watch first saw its target', () => {
    const late = status({ firstSeenAt: '2026-11-20T01:00:01Z' });
    expect(silent(late, '2026-11-20T23:00:00Z')).toEqual([]);
    expect(silent(late, '2026-11-21T01:30:00Z')).toHaveLength(1);
    expect(silent(status({ firstSeenAt: '2026-11-20T01:00:00Z' }), '2026-11-20T01:30:00Z')).toHaveLength(1);
  });

  test('is silent only if its schedule was the same when it was due', () => {
    const changedAt = (since: string) => ({
      ...ran('2026-11-19T01:00:00Z'),
      owed: { dump: { cron: '0 1 * * *', timezone: 'UTC', since } },
    });
    expect(silent(changedAt('2026-11-20T01:00:01Z'))).toEqual([]);
    expect(silent(changedAt('2026-11-20T01:00:00Z'))).toHaveLength(1);
  });
});

test.each([
  ['dump', '0 1 * * *', '2026-11-19T01:00:00Z', '2026-11-20T01:00:00Z'],
  ['rehearse', '0 2 * * SUN', '2026-11-08T02:00:00Z', '2026-11-15T02:00:00Z'],
  ['simulation', '0 3 1W * *', '2026-10-01T03:00:00Z', '2026-11-02T03:00:00Z'],
  ['expire', '0 5 * * *', '2026-11-19T05:00:00Z', '2026-11-20T05:00:00Z'],
] as const)('%s is silent by its own schedule %s', (job, cron, before, due) => {
  const about = only(job, cron);
  expect(silent(ran(before, 'succeeded', job), NOON, about)).toEqual([
    expect.stringContaining(`${job} of crm was due at ${due}`),
  ]);
  expect(silent(ran(due, 'succeeded', job), NOON, about)).toEqual([]);
});

test('each silent job of a target has a finding of its own', () => {
  const jobs = checkSilence(target(), status(), new Date(NOON)).map(({ subject }) => subject);
  expect(jobs).toEqual(['dump', 'rehearse', 'expire']);
});

test.each([
  ['in the spring gap is not silent that day', '2026-03-28T01:30:00Z', '2026-03-29T12:00:00Z', 0],
  ['in the spring gap is silent the next day', '2026-03-28T01:30:00Z', '2026-03-30T01:00:00Z', 1],
  ['in the repeated hour is silent after its first pass', '2026-10-24T00:30:00Z', '2026-10-25T01:00:00Z', 1],
  ['in the repeated hour is not owed twice', '2026-10-25T00:30:00Z', '2026-10-25T12:00:00Z', 0],
])('a job scheduled %s (last run for %s, seen at %s)', (_, last, now, count) => {
  expect(silent(ran(last), now, only('dump', '30 2 * * *', 'Europe/Berlin'))).toHaveLength(count);
});

describe('a dump that waits for its verification', () => {
  const waiting = (usual: TargetStatus['usual'] = {}) => {
    const [snapshotAt, availableAt] = ['2026-11-20T01:00:00Z', '2026-11-20T01:10:00Z'];
    const point = { id: '20261120T010000Z-1', snapshotAt, availableAt, state: 'available' };
    return { ...ran(snapshotAt), waiting: point, usual };
  };

  test('may wait for the grace and as long as a verification usually takes', () => {
    expect(silent(waiting(), '2026-11-20T01:55:00Z')).toEqual([]);
    expect(silent(waiting(), '2026-11-20T01:55:01Z')).toEqual([
      'verify: 20261120T010000Z-1 of crm has waited 45 min for its verification',
    ]);
  });

  test('may wait as long as verifications were measured to take', () => {
    expect(silent(waiting({ verify: 3600 }), '2026-11-20T02:40:00Z')).toEqual([]);
    expect(silent(waiting({ verify: 60 }), '2026-11-20T01:41:01Z')).toHaveLength(1);
  });

  test('is still found when newer dumps come', () => {
    const points = ['04', '03', '02', '01'].map((hour) =>
      point(`2026-11-20T${hour}:00:00Z`, { state: 'available' }),
    );
    const runs = [run('dump', '2026-11-20T04:00:00Z')];
    const known = deriveStatus('crm', '2026-01-01T00:00:00Z', points, runs, []);
    expect(silent(known, '2026-11-20T04:10:00Z', only('dump', '0 * * * *'))).toEqual([
      expect.stringMatching(/^verify: /),
    ]);
  });
});
