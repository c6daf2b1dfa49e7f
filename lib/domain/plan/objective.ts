import { humanSeconds } from '../time.ts';
import type { Policy } from './policy.ts';
import { longestInterval } from './schedule.ts';

/** The means that bring data back; each has its own RPO. */
export const MEANS = ['dump', 'snapshot', 'pitr'] as const;
export type Means = (typeof MEANS)[number];

export type Arithmetic = {
  means: 'dump' | 'snapshot';
  interval: number;
  /** The time zone, if a change of its clock makes the interval longer than usual. */
  clockChange?: string;
  /** How long one takes, and its verification (a snapshot's is part of taking it). */
  dump: number;
  verify: number;
  grace: number;
  needed: number;
  promised: number;
  fits: boolean;
};

/**
 * Can dumps, or snapshots, keep the RPO? Just before the next point counts, the newest is as old as one interval plus
 * the time of a dump and its verification, and the next may be late by the grace. All in seconds. Undefined when the
 * policy schedules or promises none.
 */
export function rpoArithmetic(
  policy: Policy,
  from: Date,
  measured?: { dump?: number; verify?: number },
  means: 'dump' | 'snapshot' = 'dump',
): Arithmetic | undefined {
  const schedule = policy.schedules[means];
  const promised = policy.objectives.rpo[means];
  if (!schedule || promised === undefined) return undefined;
  const interval = longestInterval(schedule, from);
  const dump = measured?.dump ?? policy.usual[means];
  const verify = measured?.verify ?? (means === 'dump' ? policy.usual.verify : 0);
  const { timezone } = schedule;
  const isLonger = timezone !== 'UTC' && interval > longestInterval({ ...schedule, timezone: 'UTC' }, from);
  const clockChange = isLonger ? { clockChange: timezone } : {};
  const needed = interval + dump + verify + policy.grace;
  const fits = needed <= promised;
  return { means, interval, ...clockChange, dump, verify, grace: policy.grace, needed, promised, fits };
}

/** `24 h between dumps + 15 min dump + 10 min verification + 30 min grace = 24 h 55 min, promised 26 h`. */
export function formatArithmetic(sum: Arithmetic): string {
  const verification = sum.means === 'dump' ? ` + ${humanSeconds(sum.verify)} verification` : '';
  const change = sum.clockChange ? ` (across a clock change in ${sum.clockChange})` : '';
  const parts = `${humanSeconds(sum.interval)} between ${sum.means}s${change} + ${humanSeconds(sum.dump)} ${sum.means}${verification} + ${humanSeconds(sum.grace)} grace`;
  return `${parts} = ${humanSeconds(sum.needed)}, promised ${humanSeconds(sum.promised)}`;
}
