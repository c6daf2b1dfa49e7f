/**
 * EventBridge Scheduler's cron, as its user guide describes it and apart from everything in lib/: six fields, exactly
 * one `?` among the day fields, weekdays from SUN=1, `L`, `W`, one `#`. In UTC.
 */
export function awsFirings(expression: string, from: Date, count: number): string[] {
  const fields = /^cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)$/.exec(expression)?.slice(1);
  if (!fields) throw new Error(`${expression}: expected cron( and six fields )`);
  const [minute, hour, dom, month, dow, year] = fields as [string, string, string, string, string, string];
  if ((dom === '?') === (dow === '?')) throw new Error(`${expression}: exactly one day field has to be ?`);
  if (year !== '*') throw new Error(`${expression}: expected every year`);
  const minutes = numbers(minute, 0, 59);
  const hours = numbers(hour, 0, 23);
  const months = numbers(month, 1, 12, MONTHS);

  const found: string[] = [];
  const day = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth(), from.getUTCDate()));
  const end = from.getTime() + 40 * 366 * 86_400_000;
  for (; found.length < count && day.getTime() < end; day.setUTCDate(day.getUTCDate() + 1)) {
    if (!months.includes(day.getUTCMonth() + 1)) continue;
    if (!(dow === '?' ? isDayOfMonth(dom, day) : isWeekday(dow, day))) continue;
    for (const h of hours)
      for (const m of minutes) {
        const at = new Date(day.getTime() + (h * 60 + m) * 60_000);
        if (at > from && found.length < count) found.push(at.toISOString().replace('.000', ''));
      }
  }
  return found;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** The values of `5`, `1-5`, `*`, `0/15`, `10-50/20` and lists of these, in order. */
function numbers(field: string, low: number, high: number, names: string[] = []): number[] {
  const value = (text: string) => {
    const number = names.includes(text)
      ? names.indexOf(text) + 1
      : /^\d+$/.test(text)
        ? Number(text)
        : Number.NaN;
    if (!(number >= low && number <= high))
      throw new Error(`"${text}" in ${field}: expected ${low} to ${high}`);
    return number;
  };
  const all = new Set<number>();
  for (const part of field.split(',')) {
    const [range, step] = part.split('/') as [string, string | undefined];
    const [first, last] =
      range === '*' ? [low, high] : (range.split('-').map(value) as [number, number | undefined]);
    if (range === '*' && step) throw new Error(`"${part}": a step needs a start`);
    for (let n = first; n <= (last ?? (step ? high : first)); n += Number(step ?? 1)) all.add(n);
  }
  return [...all].sort((a, b) => a - b);
}

const lastOf = (day: Date) => new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 0)).getUTCDate();

function isDayOfMonth(field: string, day: Date): boolean {
  const date = day.getUTCDate();
  if (field === 'L') return date === lastOf(day);
  const near = /^(\d+)W$/.exec(field);
  if (!near) return numbers(field, 1, 31).includes(date);
  const weekday = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), Number(near[1]))).getUTCDay();
  const wanted = Number(near[1]);
  if (weekday === 6) return date === (wanted === 1 ? 3 : wanted - 1);
  if (weekday === 0) return date === (wanted === lastOf(day) ? wanted - 2 : wanted + 1);
  return date === wanted;
}

function isWeekday(field: string, day: Date): boolean {
  const date = day.getUTCDate();
  const today = day.getUTCDay() + 1;
  const nth = /^([1-7])#([1-5])$/.exec(field);
  if (nth) return today === Number(nth[1]) && Math.ceil(date / 7) === Number(nth[2]);
  const last = /^([1-7])L$/.exec(field);
  if (last) return today === Number(last[1]) && date > lastOf(day) - 7;
  return numbers(field, 1, 7, WEEKDAYS).includes(today);
}
