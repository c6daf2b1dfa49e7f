import { secondsBetween } from '../time.ts';
import type { Occasion } from './alert.ts';
import type { Finding, FindingCode } from './finding.ts';

/** A person has acknowledged a finding, or expects one, until a moment. */
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

/** The part of an acknowledgement that a finding shows. */
export type Acknowledged = Pick<Acknowledgement, 'until' | 'reason' | 'by'>;

/** The longest acknowledgement, in seconds: a finding that is quiet for months is forgotten. */
export const LONGEST_ACKNOWLEDGED = 90 * 86_400;

/** Returns the acknowledgement of a finding that is in force, the longest of several. */
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

/** An acknowledged finding does not make a target bad. A P0 does: nothing hides it. */
export function isSettled({
  severity,
  acknowledged,
}: Finding & { acknowledged?: Acknowledged | undefined }): boolean {
  return acknowledged !== undefined && severity !== 'P0';
}

export function acknowledged({ until, reason, by }: Acknowledgement): Acknowledged {
  return { until, reason, by };
}

/** A finding with the acknowledgement that is in force now, or without one. */
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
 * Alerts that an acknowledged finding still sends: that it became worse, and that a P0 opened. When the
 * acknowledgement ends, an open finding is alerted again at once.
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
