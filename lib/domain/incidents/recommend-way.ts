import { humanSeconds } from '../time.ts';
import { many } from '../words.ts';
import { isStopped, type RestorePlan, type Span, type Took, type Way } from './way.ts';

/**
 * The way that makes a new database and loses least. One that an open finding would stop comes last, whatever it loses;
 * before it one that was never measured, or failed its last rehearsal, or does not count as good; before all those that
 * passed.
 */
export function recommendWay(ways: readonly Way[]): RestorePlan['recommended'] {
  const [best, ...others] = ways
    .map((way, index) => ({ way, index }))
    .filter(({ way }) => way.kind !== 'rows')
    .sort(
      ({ way: a }, { way: b }) =>
        rankOf(a) - rankOf(b) ||
        a.loses.most - b.loses.most ||
        (a.takes?.middle ?? 0) - (b.takes?.middle ?? 0),
    );
  if (!best) return undefined;
  return {
    way: best.index,
    reason: reasonFor(
      best.way,
      others.map(({ way }) => way),
    ),
  };
}

const hasPassed = ({ tested, takes, lastFailed, notGood }: Way) =>
  tested !== undefined && takes !== undefined && !lastFailed && notGood === undefined;
const rankOf = (way: Way) => (isStopped(way) ? 2 : hasPassed(way) ? 0 : 1);

function reasonFor(way: Way, others: readonly Way[]): string {
  const loses = formatSpan(way.loses);
  const better = others.filter((other) => other.loses.most < way.loses.most);
  const [stopped, left] = [better.filter(isStopped), better.filter((each) => !isStopped(each))];
  const would = [...stopped.map(whyStopped), ...notPassed(left)];
  const but = would.length > 0 ? `; ${would.join('; ')}` : '';
  if (isStopped(way))
    return `it loses least (${loses}), but no way is free of open findings: ${codesOf(way)} would stop it`;
  const among = hasPassed(way)
    ? 'of the ways that passed their last rehearsal '
    : 'of the ways that no open finding would stop ';
  const least = `${better.length === 0 ? '' : among}it loses least (${loses})`;
  return hasPassed(way)
    ? `${least}, and took ${formatTook(way.takes!)}${but}`
    : `${least}; ${whyNotPassed(way, others)}${but}`;
}

function whyNotPassed(way: Way, others: readonly Way[]): string {
  if (way.notGood !== undefined) return `it is not known to be good: ${way.notGood}`;
  if (!others.some(hasPassed)) return 'no way back has passed a rehearsal, so none has a known time';
  return way.lastFailed ? 'its last rehearsal failed' : 'no rehearsal has measured it';
}

function notPassed(ways: readonly Way[]): string[] {
  if (ways.length === 0) return [];
  const have = ways.length === 1 ? 'has' : 'have';
  return [`${ways.map(({ kind }) => kind).join(' and ')} would lose less, and ${have} not passed`];
}

const codesOf = ({ concerns }: Way) =>
  concerns.flatMap(({ code, stops }) => (stops ? [code] : [])).join(' and ');
const whyStopped = (way: Way) => `${way.kind} would lose less, but ${codesOf(way)} would stop it`;

/** `12 min to 13 min`, or `12 min` where both ends read the same. */
export function formatSpan({ least, most }: Span): string {
  const [from, to] = [humanSeconds(least), humanSeconds(most)];
  return from === to ? to : `${from} to ${to}`;
}

/** `about 42 min (38 min to 51 min, 3 rehearsals)`. */
function formatTook({ least, middle, most, measurements }: Took): string {
  const range = measurements > 1 ? `${humanSeconds(least)} to ${humanSeconds(most)}, ` : '';
  return `about ${humanSeconds(middle)} (${range}${many(measurements, 'rehearsal')})`;
}
