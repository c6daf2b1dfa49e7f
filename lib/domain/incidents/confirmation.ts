import { createHash } from 'node:crypto';
import { InputError, Refusal } from '../errors.ts';
import { compactUtc, humanSeconds, secondsBetween } from '../time.ts';

/** How old a plan may be that is confirmed, in seconds. */
export const PLAN_LASTS = 3600;

/** What confirms something as it was shown at a moment: that moment, and a digest of all that may not have changed since. */
export const confirmationFrom = (madeAt: string, shown: unknown): string =>
  `${compactUtc(madeAt)}-${digestOf(shown)}`;

export const digestOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);

/** When the plan was made that a confirmation is from. */
export function madeAtOf(confirmation: string): string {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-/.exec(confirmation) ?? [];
  return `${y}-${mo}-${d}T${h}:${mi}:${s}Z`;
}

/** When a plan was made that is confirmed now. Rejects with `plan-too-old`; `hint` shows another. */
export function freshlyMadeAt(confirmation: string, now: Date, hint: string): string {
  const madeAt = madeAtOf(confirmation);
  const age = secondsBetween(madeAt, now);
  if (age <= PLAN_LASTS && age >= -60) return madeAt;
  throw new Refusal(
    'plan-too-old',
    `the plan was made ${humanSeconds(Math.abs(age))} ago; it may be confirmed for ${humanSeconds(PLAN_LASTS)}`,
    { hint },
  );
}

/** What a person begins is found by its name, which is this moment. */
export function refuseAnotherTime(scheduledFor: string, now: Date): void {
  if (Math.abs(secondsBetween(scheduledFor, now)) <= 600) return;
  throw new InputError(`scheduledFor ${scheduledFor} is not now`, [], 'give the present moment in UTC');
}
