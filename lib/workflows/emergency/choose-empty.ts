import { Refusal } from '../../domain/errors.ts';
import { requirePlatform, type Target } from '../../domain/plan/policy.ts';
import type { PlatformSource } from '../../domain/points/platform-source.ts';
import {
  type DumpPoint,
  isDump,
  isSnapshot,
  type RecoveryPoint,
  type StoredSnapshot,
} from '../../domain/points/recovery-point.ts';
import { utc } from '../../domain/time.ts';
import type { InstancePlan, PlanDeps } from '../../restore/instance/plan-rehearsal.ts';

/** Rows and indexes need room, and writes after them. */
const ROOM = 2;

/** The function that loads has a disk of ten gigabytes. */
const ARCHIVE_FITS = 9 * 2 ** 30;
/** What surely loads in one call of fifteen minutes, at 25 MB a second. */
const TABLE_FITS = 20 * 2 ** 30;

/** A dump, and the empty instance like the source that it is loaded into. */
export async function planEmpty(
  pointId: string,
  target: Target,
  deps: PlanDeps,
): Promise<{ plan: InstancePlan; source: PlatformSource | undefined }> {
  const ref = requirePlatform(target);
  const kind = ref.kind as InstancePlan['kind'];
  const [source, points] = await Promise.all([deps.platform.source(ref), deps.catalog.points(target.id)]);
  const point = points.filter(isDump).find(({ id }) => id === pointId);
  const { manifest, snapshotAt, database } = requireDump(target, pointId, point);
  refuseTooLarge(target, pointId, point);
  const bytes = Math.max(source?.bytes ?? 0, ROOM * (point?.sourceBytes ?? 0));
  const like = source ?? newestSnapshot(points);
  if (!like?.masterUser)
    throw new Refusal('version-missing', `${ref.id} is gone, and no snapshot says what it was`, {
      hint: `make an instance by hand, then: ./understudy restore ${target.id} --point ${pointId} --to URL`,
    });
  const { engine, engineVersion, masterUser } = like;
  const own = await deps.platform.family({ engine, engineVersion });
  const plan: InstancePlan = {
    ...{ sort: 'dump', kind, place: deps.home, point: pointId, moment: snapshotAt, newestAt: snapshotAt },
    from: {
      empty: {
        ...{ masterUser, bytes },
        ...(source?.kmsKey ? { kmsKey: source.kmsKey } : {}),
        ...(source?.endpoint ? { port: source.endpoint.port } : {}),
      },
    },
    ...{ engine, engineVersion, dialect: target.engine, masterUser, database, manifest },
    parametersFrom: source?.parameterGroup ?? own.parameterGroup,
    plannedAt: utc(deps.clock.now()),
    notes: [
      'roles come back without passwords; the users of the secrets get theirs',
      ...((point?.sourceBytes ?? 0) > TABLE_FITS
        ? [
            `a table that alone takes longer than 15 minutes is not loaded, and ends the restore: ./understudy restore ${target.id} --point ${pointId} --to URL has all the time`,
          ]
        : []),
      ...(source ? [] : [`the source ${ref.id} is not there; the engine’s own parameters are used`]),
    ],
  };
  return { plan, source };
}

/** What is known of a source that is gone. */
function newestSnapshot(points: readonly RecoveryPoint[]): StoredSnapshot | undefined {
  return points.filter(isSnapshot).find(({ snapshot }) => snapshot.engineVersion !== '')?.snapshot;
}

/** Before anything is made. */
export function refuseTooLarge(target: Target, id: string, point: DumpPoint | undefined): void {
  const bytes = point?.dump?.bytes ?? 0;
  if (bytes <= ARCHIVE_FITS) return;
  throw new Refusal(
    'does-not-fit',
    `${id} of ${target.id} has ${Math.round(bytes / 2 ** 30)} GB, and the function that loads it has room for ${ARCHIVE_FITS / 2 ** 30}`,
    {
      hint: `load it into an instance of yours: ./understudy restore ${target.id} --point ${id} --to URL`,
    },
  );
}

/** A dump with everything that loading it needs. */
export function requireDump(target: Target, id: string, point: DumpPoint | undefined) {
  const { manifest, snapshotAt, database } = point ?? {};
  if (manifest && snapshotAt && database) return { manifest, snapshotAt, database };
  throw new Refusal('no-point', `${target.id} has no dump ${id} to load`, {
    hint: `./understudy points ${target.id} lists them`,
  });
}
