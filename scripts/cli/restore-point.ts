import { InputError } from '../../lib/domain/errors.ts';
import { parsePointId } from '../../lib/domain/names.ts';
import { plusSeconds, utc } from '../../lib/domain/time.ts';

export type RestorePointOptions = { point?: string; at?: string; before?: string; latest?: boolean };

/** What a person wants back: a point by its id, or a moment in UTC. Refuses a moment without a zone, and two answers. */
export function restorePointOf({ point, at, before, latest }: RestorePointOptions): {
  point?: string;
  at?: string;
} {
  const given = Object.entries({ point, at, before, latest }).filter(([, value]) => value !== undefined);
  if (given.length > 1)
    throw new InputError(
      `${given.map(([name]) => `--${name}`).join(' and ')} exclude each other`,
      [],
      'leave one of them out',
    );
  if (point !== undefined) return { point };
  if (before !== undefined) return { at: utc(plusSeconds(momentOf('--before', before), -1)) };
  return at === undefined ? {} : { at: utc(momentOf('--at', at)) };
}

/** What a dump is not: a snapshot or a moment, which is restored onto an instance first. */
export type InstanceWanted = { from: 'snapshot' | 'moment'; point?: string; moment?: string; at?: string };

/** The snapshot or the moment that the options mean; undefined where they mean a dump. Refuses what contradicts itself. */
export function instanceWanted({
  moment,
  from,
  ...point
}: RestorePointOptions & { moment?: string; from?: string }): InstanceWanted | undefined {
  const wanted = restorePointOf(point);
  const kind = parsePointId(wanted.point ?? '')?.kind;
  const meant = moment !== undefined ? 'moment' : kind && kind !== 'dump' ? 'snapshot' : kind;
  const mistakes = [
    ...(from !== undefined && !FROM.includes(from)
      ? [`--from: there is no "${from}"; there are ${FROM.join(', ')}`]
      : []),
    ...(moment !== undefined && Object.keys(wanted).length > 0
      ? ['--moment excludes --point, --at and --before']
      : []),
    ...(meant !== undefined && from !== undefined && from !== meant
      ? [`--from ${from} does not go with a ${meant}`]
      : []),
  ];
  if (mistakes.length > 0) throw new InputError('invalid options:', mistakes, './understudy diff --help');
  if (moment !== undefined) return { from: 'moment', moment: utc(momentOf('--moment', moment)) };
  const source = meant ?? from;
  if (source !== 'snapshot' && source !== 'moment') return undefined;
  return { from: source, ...wanted };
}

const FROM: readonly string[] = ['dump', 'snapshot', 'moment'];

/** An hour of the clock happens twice in autumn, so a moment has a zone: `Z`, or an offset. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;

/** Refuses a moment without a zone, and one that is yet to come. */
export function momentOf(option: string, text: string): Date {
  const moment = new Date(text);
  if (!MOMENT.test(text) || Number.isNaN(moment.getTime()))
    throw new InputError(
      `${option} "${text}" is no moment with a zone`,
      [],
      `write it in UTC, such as ${option} 2026-11-20T13:43:00Z, or with an offset (+01:00)`,
    );
  if (moment > new Date())
    throw new InputError(`${option} ${text} lies in the future`, [], 'name the moment before the damage');
  return moment;
}
