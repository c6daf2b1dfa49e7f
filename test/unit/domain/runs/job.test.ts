import type * as z from 'zod';
import {
  copyJob,
  dumpJob,
  expireJob,
  heartbeatJob,
  JOBS,
  preflightJob,
  rehearseInstanceJob,
  rehearseJob,
  SCHEDULED_JOBS,
  snapshotJob,
  tick,
  verifyJob,
} from '../../../../lib/domain/runs/job.ts';

const MESSAGE = { target: 'crm-prod', scheduledFor: '2026-11-20T01:00:00Z', requestedBy: 'schedule' };
const POINT = '20261120T010000Z-snapshot@eu-central-1';
/** Each with what its messages must say besides. */
const SCHEMAS: [string, z.ZodType, object][] = [
  ['dump', dumpJob, {}],
  ['verify', verifyJob, {}],
  ['rehearse', rehearseJob, {}],
  ['expire', expireJob, {}],
  ['snapshot', snapshotJob, {}],
  ['copy', copyJob, { point: POINT, to: 'eu-west-1' }],
  ['rehearse-instance', rehearseInstanceJob, { from: 'snapshot' }],
  ['preflight', preflightJob, {}],
  ['heartbeat', heartbeatJob, {}],
];

describe.each(SCHEMAS)('%s', (job, schema, besides) => {
  const parse = (changes: object) => schema.safeParse({ job, ...MESSAGE, ...besides, ...changes });

  test('takes its own message, with a reason', () => {
    expect(parse({ reason: 'before the migration' })).toMatchObject({
      success: true,
      data: { job, ...MESSAGE, ...besides, reason: 'before the migration' },
    });
  });

  test.each([
    ['an unknown key', { taget: 'crm' }],
    ['another job', { job: 'restore' }],
    ['no target', { target: undefined }],
    ['a target that is no id', { target: 'crm/prod' }],
    ['no moment', { scheduledFor: undefined }],
    ['a day without a time', { scheduledFor: '2026-11-20' }],
    ['a moment without a zone', { scheduledFor: '2026-11-20T01:00:00' }],
    ['a day that is none', { scheduledFor: '2026-02-30T01:00:00Z' }],
    ['nobody', { requestedBy: '' }],
    ['an endless reason', { reason: 'x'.repeat(1001) }],
  ])('refuses %s', (_, changes) => expect(parse(changes).success).toBe(false));

  test.each([
    ['2026-11-20T02:00:00+01:00', '2026-11-20T01:00:00Z'],
    ['2026-11-20T01:00:00.123Z', '2026-11-20T01:00:00Z'],
    ['2026-11-19T20:00:00-05:00', '2026-11-20T01:00:00Z'],
  ])('says %s as %s: one moment, one run', (written, expected) => {
    expect(parse({ scheduledFor: written })).toMatchObject({ data: { scheduledFor: expected } });
  });

  test('a message that does not say who sent it comes from somebody unknown', () => {
    expect(parse({ requestedBy: undefined })).toMatchObject({ data: { requestedBy: 'unknown' } });
  });
});

test('every job that somebody takes has a schema, and every scheduled one is among them or a sort of rehearsal', () => {
  expect(SCHEMAS.map(([job]) => job).sort()).toEqual([...JOBS].sort());
  expect(SCHEDULED_JOBS.filter((job) => !(JOBS as readonly string[]).includes(job))).toEqual([
    'simulation',
    'rehearse-snapshot',
    'rehearse-moment',
  ]);
});

test.each(
  SCHEMAS.flatMap(([job, schema, besides]) =>
    Object.keys(besides).map((key) => [job, key, schema, besides] as const),
  ),
)('%s without its %s is refused', (job, key, schema, besides) => {
  expect(schema.safeParse({ job, ...MESSAGE, ...besides, [key]: undefined }).success).toBe(false);
});

test('what may be left out is what is harmless', () => {
  expect(verifyJob.parse({ job: 'verify', ...MESSAGE })).toEqual({ job: 'verify', ...MESSAGE, again: false });
  expect(rehearseJob.parse({ job: 'rehearse', ...MESSAGE })).toMatchObject({ simulation: false });
  expect(expireJob.parse({ job: 'expire', ...MESSAGE })).toMatchObject({ dryRun: false });
});

test.each([
  ['20261120T010000Z-1', true],
  ['20261120T010000Z-1@replica', true],
  ['20261120T010000Z-automated@eu-west-1/123456789012', true],
  ['20261120T010000Z', false],
  ['latest', false],
  ['../20261120T010000Z-1', false],
])('may "%s" name a point? %s', (point, may) => {
  expect(verifyJob.safeParse({ job: 'verify', ...MESSAGE, point }).success).toBe(may);
  expect(rehearseJob.safeParse({ job: 'rehearse', ...MESSAGE, point }).success).toBe(may);
  expect(copyJob.safeParse({ job: 'copy', ...MESSAGE, point, to: 'eu-west-1' }).success).toBe(may);
});

test.each([
  ['eu-west-1', true],
  ['us-gov-west-1', true],
  ['ap-southeast-2', true],
  ['eu-west-1/123456789012', true],
  ['replica', false],
  ['vault', false],
  ['EU-WEST-1', false],
  ['eu-west-1/', false],
  ['eu-west-1/12345', false],
  ['eu-west-1/123456789012/x', false],
  ['eu-west-1a', false],
  ['', false],
])('may a copy go to "%s"? %s', (to, may) => {
  expect(copyJob.safeParse({ job: 'copy', ...MESSAGE, point: POINT, to }).success).toBe(may);
});

test.each<[string, object, boolean]>([
  ['the newest snapshot', { from: 'snapshot' }, true],
  ['a snapshot', { from: 'snapshot', point: POINT }, true],
  ['the latest moment', { from: 'moment' }, true],
  ['a moment', { from: 'moment', moment: '2026-11-20T11:00:00Z' }, true],
  ['a snapshot as of a moment', { from: 'snapshot', moment: '2026-11-20T11:00:00Z' }, false],
  ['a moment of a point', { from: 'moment', point: POINT }, false],
  ['both', { from: 'snapshot', point: POINT, moment: '2026-11-20T11:00:00Z' }, false],
  ['a dump', { from: 'dump' }, false],
  ['a moment that is none', { from: 'moment', moment: 'yesterday' }, false],
])('may an instance be rehearsed from %s? %#', (_, besides, may) => {
  const parsed = rehearseInstanceJob.safeParse({ job: 'rehearse-instance', ...MESSAGE, ...besides });
  expect(parsed.success).toBe(may);
});

test('a moment to restore to is said in UTC, like every other', () => {
  const said = { from: 'moment', moment: '2026-11-20T12:00:00+01:00' };
  expect(rehearseInstanceJob.parse({ job: 'rehearse-instance', ...MESSAGE, ...said })).toMatchObject({
    moment: '2026-11-20T11:00:00Z',
  });
});

test('a snapshot’s label is some text, and not endless', () => {
  const labelled = (label: string) => snapshotJob.safeParse({ job: 'snapshot', ...MESSAGE, label }).success;
  expect(['before v2', 'x'.repeat(200), '', 'x'.repeat(201)].map(labelled)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test('a tick names a policy, a job that schedules know, and the moment that was meant', () => {
  const said = { policy: 'production', job: 'simulation', scheduledFor: '2026-11-20T02:00:00+01:00' };
  expect(tick.parse(said)).toEqual({ ...said, scheduledFor: '2026-11-20T01:00:00Z' });
  for (const job of [...SCHEDULED_JOBS, 'heartbeat'])
    expect([job, tick.safeParse({ ...said, job }).success]).toEqual([job, true]);
  for (const job of ['restore', 'copy', 'rehearse-instance'])
    expect([job, tick.safeParse({ ...said, job }).success]).toEqual([job, false]);
  expect(tick.safeParse({ ...said, target: 'crm' }).success).toBe(false);
  expect(tick.safeParse({ ...said, scheduledFor: '<aws.scheduler.scheduled-time>' }).success).toBe(false);
});
