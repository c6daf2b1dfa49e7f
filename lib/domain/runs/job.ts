import * as z from 'zod';
import { POINT_ID, type RunName, TARGET_ID } from '../names.ts';
import { utc } from '../time.ts';

/**
 * The jobs a schedule may start: a simulation is a rehearsal with every option on; a snapshot and a moment are
 * rehearsed on a scratch instance; a drill is a whole restore of a staging target.
 */
export const SCHEDULED_JOBS = [
  'dump',
  'verify',
  'rehearse',
  'simulation',
  'expire',
  'snapshot',
  'rehearse-snapshot',
  'rehearse-moment',
  'drill',
  'preflight',
] as const;
export type ScheduledJob = (typeof SCHEDULED_JOBS)[number];
/** The heartbeat has its own schedule, which no policy chooses. */
export type FiredJob = ScheduledJob | 'heartbeat';

const moment = z.iso
  .datetime({ offset: true, error: 'expected a moment such as 2026-11-20T01:00:00Z' })
  .transform((at) => utc(new Date(at)));

const message = {
  target: z.string().regex(TARGET_ID, 'expected a target id such as crm-prod'),
  scheduledFor: moment,
  requestedBy: z.string().min(1).max(256).default('unknown'),
  reason: z.string().max(1000).optional(),
};

const PLACE = /^[a-z]{2}(-[a-z]+)+-\d(\/\d{12})?$/;
const POINT = z.string().regex(POINT_ID, 'expected a point id such as 20261120T010000Z-1');

/** One schema for each job; unknown keys are refused, so that a misspelt request fails completely. */
export const dumpJob = z.strictObject({ job: z.literal('dump'), ...message });
/** Without `point`: every point of the target that awaits its verification. */
export const verifyJob = z.strictObject({
  job: z.literal('verify'),
  ...message,
  point: POINT.optional(),
  /** Repeats a verification. */
  again: z.boolean().default(false),
});
export const rehearseJob = z.strictObject({
  job: z.literal('rehearse'),
  ...message,
  point: POINT.optional(),
  simulation: z.boolean().default(false),
});
export const expireJob = z.strictObject({
  job: z.literal('expire'),
  ...message,
  dryRun: z.boolean().default(false),
});

/**
 * Takes a snapshot of the instance, cluster or cache. A label marks the one before a risky release, which is exempt
 * from daily, weekly and monthly retention.
 */
export const snapshotJob = z.strictObject({
  job: z.literal('snapshot'),
  ...message,
  label: z.string().min(1).max(200).optional(),
});
/** Copies a point to one place of the policy. */
export const copyJob = z.strictObject({
  job: z.literal('copy'),
  ...message,
  point: POINT,
  to: z.string().regex(PLACE, 'expected a place such as eu-west-1 or eu-west-1/123456789012'),
});
/** Restores a snapshot, or the source as of a moment, onto a scratch instance, and proves what can be proven. */
export const rehearseInstanceJob = z
  .strictObject({
    job: z.literal('rehearse-instance'),
    ...message,
    from: z.enum(['snapshot', 'moment']),
    point: POINT.optional(),
    /** The moment to restore to; by default the latest possible one. */
    moment: moment.optional(),
  })
  .refine((job) => (job.from === 'moment' ? job.point === undefined : job.moment === undefined), {
    message: 'point goes with from: snapshot, and moment with from: moment',
  });
/**
 * Brings the rows of a snapshot or a moment out of a scratch instance, so that they can be compared; or asks one condition
 * of it. A person invokes it by hand.
 */
export const extractJob = z
  .strictObject({
    job: z.literal('extract'),
    ...message,
    from: z.enum(['snapshot', 'moment']),
    point: POINT.optional(),
    moment: moment.optional(),
    /** Names such as `public.leads`; every table, if there are none. */
    tables: z.array(z.string().min(1).max(200)).min(1).max(1000).optional(),
    /** A condition in SQL: only its answer comes out. */
    find: z.string().min(1).max(10_000).optional(),
  })
  .refine((job) => (job.from === 'moment' ? job.moment && !job.point : job.point && !job.moment), {
    message: 'from: snapshot needs a point, and from: moment a moment',
  })
  .refine((job) => !(job.find && job.tables), { message: 'find asks the whole copy, without tables' });
/** An emergency restore of a target that has `drill:`, approved by policy and rolled back at its end. */
export const drillJob = z.strictObject({ job: z.literal('drill'), ...message });
/** Would a restore succeed now, and is the source set up as promised? */
export const preflightJob = z.strictObject({ job: z.literal('preflight'), ...message });
/** Writes one row into the target's heartbeat. */
export const heartbeatJob = z.strictObject({ job: z.literal('heartbeat'), ...message });

/** The moment of a plan, and the digest of one of its ways. */
export const CONFIRMATION = /^\d{8}T\d{6}Z-[0-9a-f]{16}$/;
const RESTORE_ID = /^\d{8}T\d{6}Z$/;
/**
 * An emergency restore, which a person invokes by hand: one way of a plan, and `confirm` as it was shown with it.
 */
export const restoreJob = z.strictObject({
  job: z.literal('restore'),
  ...message,
  way: z.enum(['moment', 'snapshot', 'dump']),
  point: POINT.optional(),
  /** A dump goes into a new database beside the living one, also where an instance could be made for it. */
  beside: z.boolean().optional(),
  asOf: moment,
  confirm: z
    .string()
    .regex(
      CONFIRMATION,
      'expected what the plan shows for this way, such as 20261120T140000Z-0123456789abcdef',
    ),
});
/** Back to the old database after an emergency restore. */
export const rollbackJob = z.strictObject({
  job: z.literal('rollback'),
  ...message,
  restore: z.string().regex(RESTORE_ID, 'expected the id of a restore such as 20261120T120000Z'),
});
const confirmed = z
  .string()
  .regex(CONFIRMATION, 'expected what was shown, such as 20261120T140000Z-0123456789abcdef');
/** Every task of the application starts anew. */
export const restartAppJob = z.strictObject({
  job: z.literal('restart-app'),
  ...message,
  confirm: confirmed,
});
/** The application goes back to a former task definition. */
export const rollbackAppJob = z.strictObject({
  job: z.literal('rollback-app'),
  ...message,
  to: z.string().min(1).max(500),
  confirm: confirmed,
});
export type AppJob = z.infer<typeof restartAppJob> | z.infer<typeof rollbackAppJob>;
export type RestoreJob = z.infer<typeof restoreJob>;
export type RollbackJob = z.infer<typeof rollbackJob>;

/** Jobs that a person may ask for. */
export const askedJob = z.discriminatedUnion('job', [
  dumpJob,
  verifyJob,
  rehearseJob,
  expireJob,
  snapshotJob,
  copyJob,
  rehearseInstanceJob,
  drillJob,
  preflightJob,
]);
/** Every message that topic `jobs` may carry. */
export const jobMessage = z.discriminatedUnion('job', [...askedJob.options, heartbeatJob]);
export type JobMessage = z.infer<typeof jobMessage>;
export type Job = JobMessage['job'];
/** The jobs that have a function. Any other message on topic `jobs` raises an alert. */
export const JOBS: readonly Job[] = jobMessage.options.map(({ shape }) => shape.job.value);

export type SnapshotJob = z.infer<typeof snapshotJob>;
export type CopyJob = z.infer<typeof copyJob>;
export type RehearseInstanceJob = z.infer<typeof rehearseInstanceJob>;
export type ExtractJob = z.infer<typeof extractJob>;
/** What makes a scratch instance. */
export type InstanceJob = RehearseInstanceJob | ExtractJob;
export type DrillJob = z.infer<typeof drillJob>;
export type PreflightJob = z.infer<typeof preflightJob>;
export type HeartbeatJob = z.infer<typeof heartbeatJob>;
export type DumpJob = z.infer<typeof dumpJob>;
export type VerifyJob = z.infer<typeof verifyJob>;
export type RehearseJob = z.infer<typeof rehearseJob>;
export type ExpireJob = z.infer<typeof expireJob>;

/** Each sort of rehearsal has its own runs, and so have extracts: one must not hide that another is missing. */
export function rehearsalRun(job: RehearseJob | InstanceJob): RunName {
  const { target, scheduledFor } = job;
  if (job.job === 'extract') return { job: job.job, target, scheduledFor };
  if (job.job === 'rehearse-instance') return { job: `rehearse-${job.from}`, target, scheduledFor };
  return { job: job.simulation ? 'simulation' : 'rehearse', target, scheduledFor };
}

/** The message of a schedule to dispatch. `scheduledFor` is the moment the schedule meant, not the moment it arrived. */
export const tick = z.strictObject({
  policy: z.string().min(1),
  job: z.enum([...SCHEDULED_JOBS, 'heartbeat']),
  scheduledFor: moment,
});
export type Tick = z.infer<typeof tick>;
