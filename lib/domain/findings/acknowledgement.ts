import { secondsBetween } from '../time.ts';
import type { Occasion } from './alert.ts';
import type { Finding, FindingCode } from './finding.ts';

/** A person's word that a finding is known, or will come and is expected, until a moment. */
export type Acknowledgement = {
  target: string;
  code: FindingCode;
  /** Of one subject; without it, of any. */
  subject?: string;
  until: string;
  reason: string;
  by: string;
  at: string;
  endedAt?: string;
  endedBy?: string;
};

/** What a finding says of its acknowledgement. */
export type Acknowledged = Pick<Acknowledgement, 'until' | 'reason' | 'by'>;

/** Longer than this nothing is acknowledged at once, in seconds: what nobody looks at for months is forgotten. */
export const LONGEST_ACKNOWLEDGED = 90 * 86_400;

/** The acknowledgement of a finding that is in force, the longest of several. */
export function acknowledgementOf(
  all: readonly Acknowledgement[],
  { target, code, subject }: Pick<Finding, 'target' | 'code' | 'subject'>,
  now: Date,
): Acknowledgement | undefined {
  return all
    .filter((each) => each.target === target && each.code === code && isInForce(each, now))
    .filter((each) => each.subject === undefined || each.subject === subject)
    .sort((a, b) => b.until.localeCompare(a.until))[0];
}

export function isInForce({ until, endedAt }: Acknowledgement, now: Date): boolean {
  return endedAt === undefined && secondsBetween(now, until) > 0;
}

/** An acknowledged finding makes no target bad. A P0 does all the same: nothing may look well over it. */
export function isSettled({
  severity,
  acknowledged,
}: Finding & { acknowledged?: Acknowledged | undefined }): boolean {
  return acknowledged !== undefined && severity !== 'P0';
}

export function acknowledged({ until, reason, by }: Acknowledgement): Acknowledged {
  return { until, reason, by };
}

/** A finding with the acknowledgement that is in force at this moment, or without one. */
export function marked<Found extends Finding>(
  found: Found,
  all: readonly Acknowledgement[],
  now: Date,
): Found & { acknowledged?: Acknowledged } {
  const { acknowledged: _before, ...rest } = found as Found & { acknowledged?: Acknowledged };
  const by = acknowledgementOf(all, found, now);
  return { ...(rest as Found), ...(by ? { acknowledged: acknowledged(by) } : {}) };
}

/**
 * What remains to be told of a finding that is acknowledged: that it became worse, and that a P0 opened. When the
 * acknowledgement is over, the finding is told again at once, if it is still open.
 */
export function tellDespite<Topic>(
  tell: { occasion: Occasion; topics: Topic[] } | undefined,
  finding: Finding,
  before: { acknowledged?: Acknowledged | undefined; lastToldAt?: string | undefined } | undefined,
  now: Acknowledgement | undefined,
  topics: readonly Topic[],
): { occasion: Occasion; topics: Topic[] } | undefined {
  if (now) {
    const isNews =
      tell?.occasion === 'worsened' || (tell?.occasion === 'opened' && finding.severity === 'P0');
    return isNews ? tell : undefined;
  }
  if (before?.acknowledged && (!tell || tell.occasion === 'reminder'))
    return { occasion: before.lastToldAt === undefined ? 'opened' : 'reminder', topics: [...topics] };
  return tell;
}
