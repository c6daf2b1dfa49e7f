import { InputError } from '../../domain/errors.ts';
import { VAULT } from '../../domain/names.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { RestorePoint } from '../../domain/points/named-point.ts';
import { recommend } from '../../domain/points/recommend.ts';
import { counts, type DumpPoint, isDump, type RecoveryPoint } from '../../domain/points/recovery-point.ts';
import { shortMoment } from '../../domain/time.ts';
import type { Catalog } from '../../ports/catalog.ts';

export type ChosenDump = { stored: DumpPoint; notes: string[] };

/** The dump to restore rows from, in one of these places. Rejects with `input-invalid` where there is none, and says which there are. */
export async function chooseDump(
  target: Target,
  { point, at }: RestorePoint,
  now: Date,
  catalog: Pick<Catalog, 'points'>,
  places: readonly DumpPoint['place'][] = [VAULT],
): Promise<ChosenDump> {
  if (at !== undefined && new Date(at) > now)
    throw new InputError(`--at ${at} lies in the future`, [], 'name the moment before the damage, in UTC');
  const dumps = (await catalog.points(target.id)).filter(isDump);
  const restorable = (each: DumpPoint) => isWhole(each) && places.includes(each.place);
  if (point !== undefined) return named(target, point, dumps, restorable);
  const good = dumps.filter(restorable).filter(counts);
  const early = good.filter(({ snapshotAt }) => at === undefined || snapshotAt! <= at);
  const best = recommend(early);
  if (best) return { stored: best.point as DumpPoint, notes: [] };
  const oldest = good.map(({ snapshotAt }) => snapshotAt!).sort()[0];
  if (at !== undefined && oldest !== undefined)
    throw new InputError(
      `${target.id} has no good dump from before ${shortMoment(at)} UTC; the oldest is of ${shortMoment(oldest)} UTC`,
      [],
      `./understudy points ${target.id} lists them`,
    );
  throw new InputError(
    `${target.id} has no good dump`,
    [],
    `./understudy points ${target.id} lists what there is`,
  );
}

const isWhole = ({ dump, manifest, snapshotAt }: DumpPoint) =>
  dump !== undefined && manifest !== undefined && snapshotAt !== undefined;

const UNUSABLE: readonly RecoveryPoint['state'][] = ['creating', 'failed', 'expiring', 'expired'];

/** Exactly the point that was named. One that is not known to be good is taken with a warning: it may be the only one. */
function named(
  target: Target,
  id: string,
  dumps: readonly DumpPoint[],
  restorable: (each: DumpPoint) => boolean,
): ChosenDump {
  const stored = dumps.find((each) => each.id === id);
  const lists = `./understudy points ${target.id} lists them`;
  if (!stored) throw new InputError(`${target.id} has no dump ${id}`, [], lists);
  if (UNUSABLE.includes(stored.state) || !restorable(stored))
    throw new InputError(`${id} of ${target.id} is ${stored.state}, so it cannot be restored`, [], lists);
  if (counts(stored)) return { stored, notes: [] };
  return {
    stored,
    notes: [
      `${id} is ${stored.state}${stored.why ? ` (${stored.why.slice(0, 200)})` : ''}: check what it gives back`,
    ],
  };
}
