/**
 * Moments and durations.
 *
 * A moment ("utc") is always text of one width, `2026-11-20T01:00:00Z`, so that it sorts as text, in keys too. People
 * write a duration as `90s`, `15m`, `26h`, `35d`, `12w` or `12mo`; it is held as whole seconds (a month counts 31
 * days: what is promised for a month must hold in the longest one).
 */
const UNIT_SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, mo: 31 * 86_400 };

export const DURATION_PATTERN = /^(\d+)(s|m|h|d|w|mo)$/;

/** Formats a moment with second precision: `2026-11-20T01:00:00Z`. */
export function utc(moment: Date): string {
  return `${moment.toISOString().slice(0, 19)}Z`;
}

/** The moment without punctuation, for names and keys: `20261120T010000Z`. */
export function compactUtc(moment: string): string {
  return utc(new Date(moment)).replace(/[-:]/g, '');
}

/** The same for people, to the minute: `2026-11-20 01:00`. */
export function shortMoment(moment: string): string {
  return moment.slice(0, 16).replace('T', ' ');
}

/** Seconds in a duration such as `26h`. Throws RangeError for anything else. */
export function seconds(duration: string): number {
  const match = DURATION_PATTERN.exec(duration);
  if (!match) throw new RangeError(`"${duration}" is no duration; write a number and s, m, h, d, w or mo`);
  return Number(match[1]) * UNIT_SECONDS[match[2]!]!;
}

/** Whole seconds from one moment to another; negative when `to` is the earlier. */
export function secondsBetween(from: string | Date, to: string | Date): number {
  return Math.round((new Date(to).getTime() - new Date(from).getTime()) / 1000);
}

/** The moment so many seconds later (or earlier, when negative). */
export function plusSeconds(moment: string | Date, amount: number): Date {
  return new Date(new Date(moment).getTime() + amount * 1000);
}

/** A duration for people, in at most two units: `26 h`, `3 d 4 h`, `45 min`, `1.4 s`. */
export function humanSeconds(amount: number): string {
  if (amount < 0) return `-${humanSeconds(-amount)}`;
  if (amount < 10) return `${Math.round(amount * 10) / 10} s`;
  if (amount < 120) return `${Math.round(amount)} s`;
  const minutes = Math.round(amount / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 72) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return hours % 24 === 0 ? `${hours / 24} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
