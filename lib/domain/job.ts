import * as z from 'zod';
import { TARGET_ID } from './names.ts';
import { utc } from './time.ts';

/** The jobs somebody takes. Anything else on topic `jobs` is alerted on. */
export const JOBS = ['dump', 'verify', 'rehearse', 'expire'] as const;
export type Job = (typeof JOBS)[number];

/** The jobs a schedule may start: a simulation is a rehearsal with everything switched on. */
export const SCHEDULED_JOBS = ['dump', 'verify', 'rehearse', 'simulation', 'expire'] as const;
export type ScheduledJob = (typeof SCHEDULED_JOBS)[number];

const moment = z.iso
  .datetime({ offset: true, error: 'expected a moment such as 2026-11-20T01:00:00Z' })
  .transform((at) => utc(new Date(at)));

const message = {
  target: z.string().regex(TARGET_ID, 'expected a target id such as crm-prod'),
  scheduledFor: moment,
  requestedBy: z.string().min(1).max(256).default('unknown'),
  reason: z.string().max(1000).optional(),
};

const POINT = z.string().regex(/^\d{8}T\d{6}Z-\d+$/, 'expected a point id such as 20261120T010000Z-1');

/** One schema a job; unknown keys are refused, so that a misspelt request fails loudly and not half. */
export const dumpJob = z.strictObject({ job: z.literal('dump'), ...message });
/** Without `point`: every point of the target that waits for its verification. */
export const verifyJob = z.strictObject({
  job: z.literal('verify'),
  ...message,
  point: POINT.optional(),
  /** Verify once more what was verified before. */
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

export type DumpJob = z.infer<typeof dumpJob>;
export type VerifyJob = z.infer<typeof verifyJob>;
export type RehearseJob = z.infer<typeof rehearseJob>;
export type ExpireJob = z.infer<typeof expireJob>;
export type JobMessage = DumpJob | VerifyJob | RehearseJob | ExpireJob;

/** What a schedule says to dispatch. `scheduledFor` is the moment the schedule meant, not the one it arrived. */
export const tick = z.strictObject({
  policy: z.string().min(1),
  job: z.enum(SCHEDULED_JOBS),
  scheduledFor: moment,
});
export type Tick = z.infer<typeof tick>;
