import { parse } from 'yaml';
import { valueAt } from '../domain/plan/issue.ts';
import { humanSeconds } from '../domain/time.ts';

/** Formats a duration of a policy, by its path such as `retention.weekly`, as it was written: `12w`, not `84 d`. */
export type FormatWritten = (path: string, seconds: number) => string;

/** Durations as the file has them: first the target’s overrides, then its policy. A default is shown in plain units. */
export function writtenDurations(text: string): (policy: string, target?: string) => FormatWritten {
  const raw = parse(text) as unknown;
  return (policy, target) => (path, seconds) => {
    const way = path.split('.');
    const places = [...(target ? [['targets', target, 'overrides']] : []), ['policies', policy]];
    const written = places
      .map((place) => valueAt(raw, [...place, ...way]))
      .find((each) => each !== undefined);
    return typeof written === 'string' ? written : humanSeconds(seconds);
  };
}
