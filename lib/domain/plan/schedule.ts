import { Cron } from 'croner';
import { secondsBetween, utc } from '../time.ts';

/** A schedule in standard five-field cron (`0 2 * * SUN`; also `L`, `15W` and `MON#1`) and an IANA time zone. */
export type Schedule = { cron: string; timezone: string };

const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** What is wrong with a schedule, or undefined when it is valid and fires again after `from`. */
export function scheduleMistake(schedule: Schedule, from: Date): string | undefined {
  const fields = schedule.cron.trim().split(/\s+/);
  if (fields.length !== 5) return 'expected five fields: minute hour day-of-month month day-of-week';
  if (schedule.cron.includes('?')) return 'write * where AWS has ?';
  if (fields[2] !== '*' && fields[4] !== '*')
    return 'day-of-month and day-of-week cannot both be set; make one of them *';
  try {
    if (fields[4] !== '*') weekdaysOf(fields[4]!);
    if (!isZone(schedule.timezone))
      return `"${schedule.timezone}" is not an IANA time zone such as Europe/Berlin`;
    if ((schedule.cron.match(/#/g) ?? []).length > 1) return 'only one weekday may have a #';
    return nextFirings(schedule, from, 1).length === 0 ? 'this schedule can never fire' : undefined;
  } catch (error) {
    return (error as Error).message.replace(/^Cron\w+: /, '');
  }
}

/** By its exact name: EventBridge Scheduler takes no offsets and no other spelling. */
function isZone(name: string): boolean {
  return name === 'UTC' || Intl.supportedValuesOf('timeZone').includes(name);
}

/** The next firings strictly after `from`, as EventBridge Scheduler would make them. */
export function nextFirings(schedule: Schedule, from: Date, count: number): string[] {
  const cron = parse(schedule);
  const found: string[] = [];
  let cursor: Date | null = from;
  while (found.length < count) {
    cursor = nextRun(cron, cursor);
    if (!cursor) break;
    if (fires(cron, schedule, cursor)) found.push(utc(cursor));
  }
  return found;
}

/** The newest firing at or before `at`, looking back to `notBefore` at most. */
export function lastFiring(schedule: Schedule, at: Date, notBefore: Date): string | undefined {
  const newest = newestFiring(schedule, at);
  return newest !== undefined && new Date(newest) >= notBefore ? newest : undefined;
}

const newestFirings = new Map<string, string | undefined>();

/** All targets of a policy ask for the same moment, so the answer is kept while the moment stays the same. */
function newestFiring(schedule: Schedule, at: Date): string | undefined {
  const key = `${schedule.cron}|${schedule.timezone}|${at.getTime()}`;
  if (newestFirings.has(key)) return newestFirings.get(key);
  if (newestFirings.size > 500) newestFirings.clear();
  const cron = parse(schedule);
  const newestOf = (count: number) =>
    cron
      .previousRuns(count, new Date(at.getTime() + 1000))
      .find((run) => run <= at && fires(cron, schedule, run));
  // A repeated hour may have sixty firings, all in its second pass.
  const newest = newestOf(3) ?? newestOf(70);
  newestFirings.set(key, newest && utc(newest));
  return newest && utc(newest);
}

/** The longest distance between two firings around and after `from`, in seconds: the interval that an RPO must allow. */
export function longestInterval(schedule: Schedule, from: Date): number {
  const until = new Date(from.getTime() + (isWeekly(schedule) ? 15 : 400) * 86_400_000);
  const cron = parse(schedule);
  const last = newestFiring(schedule, from);
  let previous = last === undefined ? undefined : new Date(last);
  let longest = 0;
  let cursor: Date | null = from;
  // Firings of two weeks or a year, and at least three; a frequent schedule shows its gaps much earlier.
  for (let step = 0; step < 20_000; step++) {
    cursor = nextRun(cron, cursor);
    if (!cursor) break;
    if (!fires(cron, schedule, cursor)) continue;
    if (previous) longest = Math.max(longest, secondsBetween(previous, cursor));
    previous = cursor;
    if (cursor > until && step >= 3) break;
  }
  return longest;
}

/** Does every week have the same firings? Only in UTC, whose clock never changes, and without days of a month. */
function isWeekly({ cron, timezone }: Schedule): boolean {
  const [, , day, month, weekday] = cron.trim().split(/\s+/);
  return timezone === 'UTC' && day === '*' && month === '*' && !/[#L]/i.test(weekday ?? '');
}

/**
 * croner skips a first of March in a list of days with the 30th or 31st; looking back from its result finds it. Only
 * lists of days are affected.
 */
function nextRun(cron: Cron, after: Date): Date | null {
  let next = cron.nextRun(after);
  const listsDays = /[,/-]/.test(cron.getPattern()?.split(/\s+/)[2] ?? '');
  while (next && listsDays) {
    const [before] = cron.previousRuns(1, next);
    if (!before || before <= after) return next;
    next = before;
  }
  return next;
}

function parse(schedule: Schedule): Cron {
  return new Cron(withWeekdaysListed(schedule.cron), {
    mode: '5-part',
    timezone: schedule.timezone,
    paused: true,
  });
}

/**
 * EventBridge Scheduler skips a time that the spring gap leaves out (croner moves it to the gap's end), and fires
 * once in the hour that autumn repeats. So no firing is expected in the second pass of a repeated hour.
 */
function fires(cron: Cron, schedule: Schedule, at: Date): boolean {
  if (!cron.match(at)) return false;
  const hourBefore = new Date(at.getTime() - 3_600_000);
  return wallClock(at, schedule.timezone) !== wallClock(hourBefore, schedule.timezone);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function wallClock(at: Date, timeZone: string): string {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
    formats.set(timeZone, format);
  }
  return format.format(at);
}

/** The moment in a schedule's own zone: `2026-11-20 02:00 Europe/Berlin`. */
export function inZone(moment: string, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(
    new Date(moment),
  );
  return `${parts} ${timeZone}`;
}

/** The same for croner, which counts weekdays from SUN=0 and knows no range over the end of a week. */
function withWeekdaysListed(cron: string): string {
  const fields = cron.trim().toUpperCase().split(/\s+/);
  const dow = fields[4];
  if (dow === undefined || dow === '*' || /[#L/]/.test(dow)) return cron;
  fields[4] = weekdaysOf(dow).join(',');
  return fields.join(' ');
}

/** The weekdays of a field, each once: names, or numbers from SUN=1 for the nth and the last of a month. Throws on others. */
export function weekdaysOf(field: string): string[] {
  return [...new Set(field.toUpperCase().split(',').flatMap(weekdays))];
}

function weekdays(part: string): string[] {
  const number = (day: string): number => {
    const index = DAYS.indexOf(day);
    const value = index >= 0 ? index : Number(day) % 7;
    if (!Number.isInteger(value) || (index < 0 && Number(day) > 7))
      throw new Error(`"${part}" is not a weekday`);
    return value;
  };
  const nth = /^(\w+)#([1-5])$/.exec(part);
  if (nth) return [`${number(nth[1]!) + 1}#${nth[2]}`];
  const last = /^(\w+)L$/.exec(part);
  if (last && !DAYS.includes(part)) return [`${number(last[1]!) + 1}L`];
  const range = /^(\w+)-(\w+)$/.exec(part);
  if (!range) return [DAYS[number(part)]!];
  if (range[1] === '0' && range[2] === '7') return DAYS;
  const days: string[] = [];
  const end = number(range[2]!);
  for (let day = number(range[1]!); ; day = (day + 1) % 7) {
    days.push(DAYS[day]!);
    if (day === end) return days;
  }
}
