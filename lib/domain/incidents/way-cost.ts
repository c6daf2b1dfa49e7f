import type { Target } from '../plan/policy.ts';
import type { PlatformStatus } from '../status/target-status.ts';
import { type Cost, isLoadable, isNewInstance, type Way } from './way.ts';

const HOURS_A_MONTH = 730;

/** What a way costs, as far as the policy has prices. Nothing is guessed. */
export function costOf(
  way: Pick<Way, 'kind' | 'place' | 'beside' | 'bytes'>,
  target: Target,
  platform: PlatformStatus | undefined,
  home: string,
): Cost {
  if (way.kind === 'rows') return { said: 'reads of S3 and a run of a function; it stores no copy' };
  if (way.beside) return { said: `with --go ${costOfBeside(way)}` };
  if (isLoadable(way, target)) {
    const { perMonth, said } = ofInstance(target, platform);
    return {
      ...(perMonth === undefined ? {} : { perMonth }),
      said: `with --go ${said}`,
    };
  }
  if (way.kind === 'dump')
    return { said: 'on a server of yours, reads of S3 and the transfer out of its Region' };
  if (!isNewInstance(way, home))
    return { said: 'not estimated: an instance there, or the transfer of a copy from there' };
  return ofInstance(target, platform);
}

/** Nothing but the server itself knows how much its disk has left. */
export function costOfBeside({ bytes }: Pick<Way, 'bytes'>): string {
  const size =
    bytes !== undefined &&
    (bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`);
  const room = size
    ? `about ${size} of the server’s disk`
    : 'as much of the server’s disk as the dumped database had';
  return `${room} (look whether it has that), and its work while it loads`;
}

function ofInstance(target: Target, platform: PlatformStatus | undefined): Cost {
  const perMonth = monthlyCost(target, platform);
  if (perMonth === undefined)
    return { said: 'unknown for the source’s instance class: set restore.pricePerHour' };
  return {
    perMonth,
    said: `about $${perMonth.toLocaleString('en')} a month beside the old one, and its storage (not known)`,
  };
}

/** A month of an instance beside production, in whole US dollars; undefined where the policy has no price for it. */
export function monthlyCost(target: Target, platform: PlatformStatus | undefined): number | undefined {
  const perHour = priceOf(target, platform);
  return perHour === undefined ? undefined : Math.round(perHour * HOURS_A_MONTH);
}

/** An hour of what is made: of the source's class, or of the rehearsals' where the source is gone. */
function priceOf({ policy }: Target, platform: PlatformStatus | undefined): number | undefined {
  const { class: rehearsed, pricePerHour } = policy.rehearsal.instance;
  if (policy.restore.pricePerHour !== undefined) return policy.restore.pricePerHour;
  if (platform?.status === 'missing') return pricePerHour;
  const source = platform?.source;
  // A standby costs as much again, and rehearsals have none.
  return source?.instanceClass === rehearsed && !source.multiAz ? pricePerHour : undefined;
}
