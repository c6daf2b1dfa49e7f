import type * as z from 'zod';
import {
  dumpJob,
  expireJob,
  JOBS,
  rehearseJob,
  SCHEDULED_JOBS,
  tick,
  verifyJob,
} from '../../../lib/domain/job.ts';

const MESSAGE = { target: 'crm-prod', scheduledFor: '2026-11-20T01:00:00Z', requestedBy: 'schedule' };
const SCHEMAS: [string, z.ZodType][] = [
  ['dump', dumpJob],
  ['verify', verifyJob],
  ['rehearse', rehearseJob],
  ['expire', expireJob],
];

describe.each(SCHEMAS)('%s', (job, schema) => {
  const parse = (changes: object) => schema.safeParse({ job, ...MESSAGE, ...changes });

  test('takes its own message, with a reason', () => {
    expect(parse({ reason: 'before the migration' })).toMatchObject({
      success: true,
      data: { job, ...MESSAGE, reason: 'before the migration' },
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

test('every job that somebody takes has a schema, and every scheduled one is among them or a simulation', () => {
  expect(SCHEMAS.map(([job]) => job).sort()).toEqual([...JOBS].sort());
  expect(SCHEDULED_JOBS.filter((job) => !(JOBS as readonly string[]).includes(job))).toEqual(['simulation']);
});

test('what may be left out is what is harmless', () => {
  expect(verifyJob.parse({ job: 'verify', ...MESSAGE })).toEqual({ job: 'verify', ...MESSAGE, again: false });
  expect(rehearseJob.parse({ job: 'rehearse', ...MESSAGE })).toMatchObject({ simulation: false });
  expect(expireJob.parse({ job: 'expire', ...MESSAGE })).toMatchObject({ dryRun: false });
});

test.each([
  ['20261120T010000Z-1', true],
  ['20261120T010000Z', false],
  ['latest', false],
  ['../20261120T010000Z-1', false],
])('may "%s" name a point? %s', (point, may) => {
  expect(verifyJob.safeParse({ job: 'verify', ...MESSAGE, point }).success).toBe(may);
  expect(rehearseJob.safeParse({ job: 'rehearse', ...MESSAGE, point }).success).toBe(may);
});

test('a tick names a policy, a job that schedules know, and the moment that was meant', () => {
  const said = { policy: 'production', job: 'simulation', scheduledFor: '2026-11-20T02:00:00+01:00' };
  expect(tick.parse(said)).toEqual({ ...said, scheduledFor: '2026-11-20T01:00:00Z' });
  expect(tick.safeParse({ ...said, job: 'restore' }).success).toBe(false);
  expect(tick.safeParse({ ...said, target: 'crm' }).success).toBe(false);
  expect(tick.safeParse({ ...said, scheduledFor: '<aws.scheduler.scheduled-time>' }).success).toBe(false);
});
