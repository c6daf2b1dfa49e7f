import type { Filter } from '@aws-sdk/client-rds';
import { refuse } from './errors.ts';
import { plainName } from './names.ts';

type Paging = { MaxRecords?: number | undefined; Marker?: string | undefined };

/** A page of a list, and the marker of the next one. A marker names the last item seen, so that deletions skip nothing. */
export function page<T>(
  items: T[],
  key: (item: T) => string,
  paging: Paging,
): { items: T[]; Marker?: string } {
  const most = paging.MaxRecords ?? 100;
  if (most < 20 || most > 100)
    refuse('InvalidParameterValue', `Invalid value ${most} for MaxRecords. Must be between 20 and 100`);
  const sorted = items.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  const after = paging.Marker === undefined ? undefined : parseMarker(paging.Marker);
  const from = after === undefined ? 0 : sorted.findIndex((item) => key(item) > after);
  const shown = from < 0 ? [] : sorted.slice(from, from + most);
  const more = from >= 0 && from + most < sorted.length;
  return { items: shown, ...(more && { Marker: makeMarker(key(shown.at(-1)!)) }) };
}

/** Every filter must hold; within one, any of its values. Unknown filters are refused. */
export function matching<T>(
  items: T[],
  filters: Filter[] | undefined,
  known: Record<string, (item: T) => string | undefined>,
): T[] {
  return (filters ?? []).reduce((left, { Name, Values }) => {
    const read = known[Name!];
    if (!read) refuse('InvalidParameterValue', `Unrecognized filter name: ${Name}`);
    const wanted = Values!.map(plainName);
    return left.filter((item) => wanted.includes(read(item)?.toLowerCase() ?? ''));
  }, items);
}

const makeMarker = (key: string) => Buffer.from(`after ${key}`).toString('base64url');

function parseMarker(marker: string): string {
  const text = Buffer.from(marker, 'base64url').toString();
  if (!text.startsWith('after ')) refuse('InvalidParameterValue', 'The marker is not one that was given');
  return text.slice('after '.length);
}
