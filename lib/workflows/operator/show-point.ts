import { InputError } from '../../domain/errors.ts';
import { REPLICA, VAULT } from '../../domain/names.ts';
import type { RecoveryPoint } from '../../domain/points/recovery-point.ts';
import type { Evidence } from '../../domain/proof/evidence.ts';
import type { Catalog } from '../../ports/catalog.ts';

/** One recovery point with the newest evidence about it, and where its bytes lie. */
export type PointReport = { point: RecoveryPoint; evidence?: Evidence; bucket?: string; region?: string };

/** Buckets are only named. */
type ShowPointDeps = {
  catalog: Catalog;
  vaultName: string;
  replicaName?: { bucket: string; region: string } | undefined;
};

/** How many records are searched for evidence of one point. */
const REHEARSALS = 100;

export async function showPoint(
  target: string,
  id: string,
  { catalog, vaultName, replicaName }: ShowPointDeps,
): Promise<PointReport> {
  const [point, evidence] = await Promise.all([
    catalog.point(target, id),
    catalog.evidence(target, REHEARSALS),
  ]);
  if (!point)
    throw new InputError(`${target} has no recovery point ${id}`, [], `./understudy points ${target}`);
  const about = evidence.find((each) => each.point === id);
  return {
    point,
    evidence: about,
    ...(point.place === VAULT ? { bucket: vaultName } : {}),
    ...(point.place === REPLICA ? replicaName : {}),
  };
}
