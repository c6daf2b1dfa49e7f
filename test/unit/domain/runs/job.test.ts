import type * as z from 'zod';
import {
  copyJob,
  drillJob,
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
const DUMP = '20261120T010000Z-1';
const MOMENT = '2026-11-20T11:00:00Z';
/** The schema of each job, with what its messages must say besides. */
const SCHEMAS: Record<string, [z.ZodType, object]> = {
  dump: [dumpJob, {}],
  verify: [verifyJob, {}],
  rehearse: [rehearseJob, {}],
  expire: [expireJob, {}],
  snapshot: [snapshotJob, {}],
  copy: [copyJob, { point: POINT, to: 'eu-west-1' }],
  'rehearse-instance': [rehearseInstanceJob, { from: 'snapshot' }],
  drill: [drillJob, {}],
  preflight: [preflightJob, {}],
  heartbeat: [heartbeatJob, {}],
};
/** Parses a whole message of a job with these changes. */
const parse = (job: string, changes: object = {}) => {
  const [schema, besides] = SCHEMAS[job]!;
  return schema.safeParse({ job, ...MESSAGE, ...besides, ...changes });
};
const accepts = (job: string, changes: object) => parse(job, changes).success;

describe.each(Object.keys(SCHEMAS))('a message for %s', (job) => {
  test('is accepted with a reason', () => {
    const reason = 'before the migration';
    expect(parse(job, { reason })).toMatchObject({ success: true, data: { job, ...MESSAGE, reason } });
  });

  test.each([
    ['an unknown key', { taget: 'crm' }],
    ['another job', { job: 'restore' }],
    ['no target', { target: undefined }],
    ['a target that is no id', { target: 'crm/prod' }],
    ['no moment', { scheduledFor: undefined }],
    ['a day without a time', { scheduledFor: '2026-11-20' }],
    ['a moment without a zone', { scheduledFor: '2026-11-20T01:00:00' }],
    ['a day that does not exist', { scheduledFor: '2026-02-30T01:00:00Z' }],
    ['an empty requestedBy', { requestedBy: '' }],
    ['a reason of more than 1000 characters', { reason: 'x'.repeat(1001) }],
  ])('is refused with %s', (_, changes) => expect(accepts(job, changes)).toBe(false));

  test.each([
    ['2026-11-20T02:00:00+01:00', '2026-11-20T01:00:00Z'],
    ['2026-11-20T01:00:00.123Z', '2026-11-20T01:00:00Z'],
    ['2026-11-19T20:00:00-05:00', '2026-11-20T01:00:00Z'],
  ])('has its moment %s in UTC: %s', (written, scheduledFor) => {
    expect(parse(job, { scheduledFor: written })).toMatchObject({ data: { scheduledFor } });
  });

  test('comes from "unknown" when it does not say who sent it', () => {
    expect(parse(job, { requestedBy: undefined })).toMatchObject({ data: { requestedBy: 'unknown' } });
  });
});

test('every job has a schema, and every scheduled job is one of them or a sort of rehearsal', () => {
  expect(Object.keys(SCHEMAS).sort()).toEqual([...JOBS].sort());
  const sorts = SCHEDULED_JOBS.filter((job) => !(JOBS as readonly string[]).includes(job));
  expect(sorts).toEqual(['simulation', 'rehearse-snapshot', 'rehearse-moment']);
});

test.each(
  Object.entries(SCHEMAS).flatMap(([job, [, besides]]) => Object.keys(besides).map((key) => [job, key])),
)('a message for %s without %s is refused', (job, key) =>
  expect(accepts(job!, { [key!]: undefined })).toBe(false),
);

test('a verification is not repeated, a rehearsal no simulation and an expiry no dry run unless the message says so', () => {
  expect(parse('verify')).toEqual({ success: true, data: { job: 'verify', ...MESSAGE, again: false } });
  expect(parse('rehearse')).toMatchObject({ data: { simulation: false } });
  expect(parse('expire')).toMatchObject({ data: { dryRun: false } });
});

test.each([
  [DUMP, true],
  [`${DUMP}@replica`, true],
  ['20261120T010000Z-automated@eu-west-1/123456789012', true],
  ['20261120T010000Z', false],
  ['latest', false],
  [`../${DUMP}`, false],
])('messages for verify, rehearse and copy may name the point "%s": %s', (point, may) => {
  for (const job of ['verify', 'rehearse', 'copy'])
    expect([job, accepts(job, { point })]).toEqual([job, may]);
});

test.each(['eu-west-1', 'us-gov-west-1', 'ap-southeast-2', 'eu-west-1/123456789012'])(
  'a message for copy may name the place "%s"',
  (to) => expect(accepts('copy', { to })).toBe(true),
);

test.each([
  ...['replica', 'vault', 'EU-WEST-1', 'eu-west-1a', ''],
  ...['eu-west-1/', 'eu-west-1/12345', 'eu-west-1/123456789012/x'],
])('a message for copy may not name the place "%s"', (to) => expect(accepts('copy', { to })).toBe(false));

test.each<[string, object, boolean]>([
  ['the newest snapshot', { from: 'snapshot' }, true],
  ['a snapshot', { from: 'snapshot', point: POINT }, true],
  ['the latest moment', { from: 'moment' }, true],
  ['a moment', { from: 'moment', moment: MOMENT }, true],
  ['a snapshot as of a moment', { from: 'snapshot', moment: MOMENT }, false],
  ['a moment of a point', { from: 'moment', point: POINT }, false],
  ['a point and a moment', { from: 'snapshot', point: POINT, moment: MOMENT }, false],
  ['a dump', { from: 'dump' }, false],
  ['a moment that is none', { from: 'moment', moment: 'yesterday' }, false],
])('a message for rehearse-instance may name %s (%j): %s', (_, besides, may) => {
  expect(accepts('rehearse-instance', besides)).toBe(may);
});

test('the moment that a message for rehearse-instance names is read in UTC', () => {
  const named = parse('rehearse-instance', { from: 'moment', moment: '2026-11-20T12:00:00+01:00' });
  expect(named).toMatchObject({ data: { moment: MOMENT } });
});

test('a snapshot’s label has 1 to 200 characters', () => {
  const accepted = ['before v2', 'x'.repeat(200), '', 'x'.repeat(201)].map((label) =>
    accepts('snapshot', { label }),
  );
  expect(accepted).toEqual([true, true, false, false]);
});

test('a schedule’s tick names a policy, a job that schedules start and the moment it was meant for', () => {
  const said = { policy: 'production', job: 'simulation', scheduledFor: '2026-11-20T02:00:00+01:00' };
  const takes = (changes: object) => tick.safeParse({ ...said, ...changes }).success;
  expect(tick.parse(said)).toEqual({ ...said, scheduledFor: '2026-11-20T01:00:00Z' });
  for (const job of [...SCHEDULED_JOBS, 'heartbeat']) expect([job, takes({ job })]).toEqual([job, true]);
  for (const job of ['restore', 'copy', 'rehearse-instance'])
    expect([job, takes({ job })]).toEqual([job, false]);
  expect(takes({ target: 'crm' })).toBe(false);
  expect(takes({ scheduledFor: '<aws.scheduler.scheduled-time>' })).toBe(false);
});
