import { humanSeconds, plusSeconds, secondsBetween } from '../time.ts';
import { inZone, lastFiring, nextFirings, type Schedule } from './schedule.ts';

const DAY = 86_400;

/** A night on which a zone’s clock changes: the moment, by how many seconds, and the local date. */
type ClockChange = { at: Date; by: number; day: string };

/**
 * What the next two clock changes of its zone do to a schedule, one sentence each. EventBridge Scheduler skips a
 * firing in the hour that is left out, and fires once in the repeated hour.
 */
export function formatClockChanges(schedule: Schedule, from: Date): string[] {
  return clockChanges(schedule.timezone, from).flatMap(({ at, by, day }) => {
    const before = lastFiring(schedule, plusSeconds(at, -1), plusSeconds(at, -40 * DAY));
    const [after] = nextFirings(schedule, plusSeconds(at, -1), 1);
    if (before === undefined || after === undefined) return [];
    const apart = secondsBetween(before, after);
    const facts = [
      ...(skips(schedule, at, by) ? ['the firing in the hour left out is skipped'] : []),
      ...(apart <= 2 * DAY ? [`${humanSeconds(apart)} between two firings`] : []),
      `the next one comes at ${after.slice(11, 16)} UTC`,
    ];
    return [`clocks go ${by > 0 ? 'forward' : 'back'} on ${day}: ${facts.join(', ')}`];
  });
}

/** Does the schedule fire at a time of day that the change leaves out? */
function skips(schedule: Schedule, at: Date, by: number): boolean {
  if (by <= 0) return false;
  const wall = plusSeconds(at, offsetAt(plusSeconds(at, -60), schedule.timezone));
  const [next] = nextFirings({ cron: schedule.cron, timezone: 'UTC' }, plusSeconds(wall, -1), 1);
  return next !== undefined && secondsBetween(wall, next) < by;
}

/** The next two, within 400 days; none in a zone without clock changes. */
function clockChanges(timezone: string, from: Date): ClockChange[] {
  const found: ClockChange[] = [];
  let before = offsetAt(from, timezone);
  for (let day = 1; day <= 400 && found.length < 2; day++) {
    const at = plusSeconds(from, day * DAY);
    const offset = offsetAt(at, timezone);
    if (offset !== before) {
      const moment = momentOfChange(plusSeconds(at, -DAY), at, timezone);
      const day = inZone(moment.toISOString(), timezone).slice(0, 10);
      found.push({ at: moment, by: offset - before, day });
    }
    before = offset;
  }
  return found;
}

function momentOfChange(from: Date, to: Date, timezone: string): Date {
  const before = offsetAt(from, timezone);
  let [low, high] = [from.getTime(), to.getTime()];
  while (high - low > 60_000) {
    const middle = (low + high) / 2;
    if (offsetAt(new Date(middle), timezone) === before) low = middle;
    else high = middle;
  }
  return new Date(Math.round(high / 60_000) * 60_000);
}

/** Seconds that a zone is ahead of UTC. */
function offsetAt(moment: Date, timezone: string): number {
  const wall = inZone(moment.toISOString(), timezone).slice(0, 16).replace(' ', 'T');
  return Math.round((new Date(`${wall}:00Z`).getTime() - moment.getTime()) / 60_000) * 60;
}
