import { refuse } from './errors.ts';
import type { Input } from './kinds.ts';

/** A page of a list, and the marker of the next one. A marker names the last item seen, so that deletions skip nothing. */
export function page<T>(
  items: T[],
  key: (item: T) => string,
  { MaxRecords: most = 100, Marker: marker }: Input,
): { items: T[]; Marker: string | undefined } {
  if (most < 20 || most > 100)
    refuse('InvalidParameterValue', `Invalid value ${most} for MaxRecords. Must be between 20 and 100`);
  const after = marker === undefined ? undefined : Buffer.from(marker, 'base64url').toString();
  if (after !== undefined && !after.startsWith('after '))
    refuse('InvalidParameterValue', 'The marker is not one that was given');
  const rest = items
    .toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
    .filter((item) => !after || `after ${key(item)}` > after);
  const shown = rest.slice(0, most);
  const next =
    rest.length > most ? Buffer.from(`after ${key(shown.at(-1)!)}`).toString('base64url') : undefined;
  return { items: shown, Marker: next };
}
