import { Refusal } from '../../domain/errors.ts';
import type { RestoreJob } from '../../domain/runs/job.ts';
import { shortMoment } from '../../domain/time.ts';
import type { Catalog } from '../../ports/catalog.ts';

/**
 * Secrets that name a database which an earlier restore has made beside the living one lead nowhere in a copy of before:
 * that one goes back first.
 */
export async function refuseBeforeBeside(
  { target, asOf }: Pick<RestoreJob, 'target' | 'asOf'>,
  catalog: Catalog,
): Promise<void> {
  const restores = await catalog.restoresOf(target);
  const later = restores.find(
    ({ kind, state, switched }) =>
      kind === 'database' &&
      state === 'done' &&
      switched !== undefined &&
      switched.secrets.length > 0 &&
      new Date(switched.at) > new Date(asOf),
  );
  if (!later) return;
  const { id, made, switched } = later;
  throw new Refusal(
    'before-restore',
    `the secrets of ${target} name the database ${made!.name} since ${shortMoment(switched!.at)} UTC, and an instance as of ${shortMoment(asOf)} UTC does not have it: nobody could log in`,
    {
      hint: `go back to the database before first: ./understudy restore rollback ${target} --restore ${id}; what was written since is lost to production by that, as by this restore`,
    },
  );
}
