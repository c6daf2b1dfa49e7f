/** Severities: P0 wakes a person, P1 pages during the day, P2 is read, P3 is noted. */
export const SEVERITIES = ['P0', 'P1', 'P2', 'P3'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** P0 and P1 reach the pager as well as everything else. */
export function pages(severity: Severity): boolean {
  return severity === 'P0' || severity === 'P1';
}

/** True when `a` is worse than `b`. */
export function worse(a: Severity, b: Severity): boolean {
  return SEVERITIES.indexOf(a) < SEVERITIES.indexOf(b);
}

/** The milder of two: a P2 target's findings are never worse than P2, unless its policy sets a code's severity. */
export function milder(a: Severity, b: Severity): Severity {
  return worse(a, b) ? b : a;
}
