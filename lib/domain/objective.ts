import type { Policy } from './policy.ts';
import { longestInterval } from './schedule.ts';
import { humanSeconds } from './time.ts';

export type Arithmetic = {
  interval: number;
  dump: number;
  verify: number;
  grace: number;
  needed: number;
  promised: number;
  fits: boolean;
};

/**
 * Can dumps keep the RPO? Right before the next point counts, the newest one is as old as one interval plus the time
 * a dump and its verification take, and the next may be late by the grace before anybody calls it late.
 * All in seconds. Undefined when the policy schedules no dump.
 */
export function rpoArithmetic(
  policy: Policy,
  from: Date,
  measured?: { dump?: number; verify?: number },
): Arithmetic | undefined {
  const schedule = policy.schedules.dump;
  if (!schedule) return undefined;
  const interval = longestInterval(schedule, from);
  const dump = measured?.dump ?? policy.usual.dump;
  const verify = measured?.verify ?? policy.usual.verify;
  const needed = interval + dump + verify + policy.grace;
  const promised = policy.objectives.rpo.dump;
  return { interval, dump, verify, grace: policy.grace, needed, promised, fits: needed <= promised };
}

/** `24 h between dumps + 15 min dump + 10 min verification + 30 min grace = 24 h 55 min, promised 26 h`. */
export function sayArithmetic(sum: Arithmetic): string {
  const parts = `${humanSeconds(sum.interval)} between dumps + ${humanSeconds(sum.dump)} dump + ${humanSeconds(sum.verify)} verification + ${humanSeconds(sum.grace)} grace`;
  return `${parts} = ${humanSeconds(sum.needed)}, promised ${humanSeconds(sum.promised)}`;
}
