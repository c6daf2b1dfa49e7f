import { humanSeconds } from '../../lib/domain/time.ts';
import { many } from '../../lib/domain/words.ts';

/** What rehearsals of this target measured of a dump's phases, in seconds; on their machine, not on this one. */
export type Rehearsed = { restore: number; proof: number; measurements: number };

/** Where a restore is. `part`: how much of this phase's rows or bytes is done, from 0 to 1, where it is known. */
export type Whereabouts = {
  phase: 'fetching' | 'restore' | 'proof';
  seconds: number;
  part?: number | undefined;
};

/** Earlier than this a pace says nothing. */
const LEAST_SECONDS = 10;
const LEAST_PART = 0.05;

/**
 * How long is left, in words; undefined until that means something. By its own pace as far as it has one, and by
 * rehearsals for what comes after. Without rehearsals only the part that has a pace is estimated, and named.
 */
export function estimateLeft(
  { phase, seconds, part }: Whereabouts,
  rehearsed?: Rehearsed,
): string | undefined {
  const paced = part !== undefined && seconds >= LEAST_SECONDS && part >= LEAST_PART && part < 1;
  const byPace = paced ? (seconds * (1 - part)) / part : undefined;
  if (phase === 'proof') {
    const left = byPace ?? later(rehearsed?.proof, seconds);
    return left === undefined ? undefined : `about ${rounded(left)} left`;
  }
  if (phase === 'fetching')
    return byPace === undefined ? undefined : `about ${rounded(byPace)} left to fetch`;
  // Indexes are made after the rows, so the pace of the rows is only the least that is left.
  const planned = later(rehearsed?.restore, seconds);
  if (rehearsed && planned !== undefined)
    return byRehearsals(Math.max(planned, byPace ?? 0) + rehearsed.proof, rehearsed);
  return byPace === undefined ? undefined : `about ${rounded(byPace)} left for the rows, then indexes`;
}

/** What is left of an expected time; undefined where it is over. */
function later(expected: number | undefined, seconds: number): number | undefined {
  return expected !== undefined && expected > seconds ? expected - seconds : undefined;
}

const byRehearsals = (left: number, { measurements }: Rehearsed) =>
  `about ${rounded(left)} left, by ${many(measurements, 'rehearsal')}`;

/** An estimate to the second would seem to be more than one. */
function rounded(seconds: number): string {
  const to = seconds < 60 ? 10 : 60;
  return humanSeconds(Math.max(to, Math.round(seconds / to) * to));
}
