import { weekdaysOf } from '../../domain/plan/schedule.ts';

/**
 * The same schedule in the six fields of EventBridge Scheduler, `cron(0 2 ? * SUN *)`.
 * One day field must be `?` there, weekdays count from SUN=1, and steps need a start.
 */
export function toAwsCron(cron: string): string {
  const [minute, hour, dom, month, dow] = cron.trim().toUpperCase().split(/\s+/) as [
    string,
    string,
    string,
    string,
    string,
  ];
  const day = dom === '*' && dow !== '*' ? '?' : step(dom, 1);
  const weekday = dow === '*' ? '?' : weekdaysOf(dow).join(',');
  return `cron(${step(minute, 0)} ${step(hour, 0)} ${day} ${step(month, 1)} ${weekday} *)`;
}

function step(field: string, first: number): string {
  return field.replace(/^\*\//, `${first}/`);
}
