import { CLUSTER, INSTANCE } from './nouns.ts';
import { familyOf } from './parameter-groups.ts';
import { page } from './regions.ts';
import { manualOnes } from './snapshot-actions.ts';
import type { Call } from './world.ts';

export function describeAccountAttributes({ world, region }: Call) {
  const { quotas } = world.settings;
  const all = [INSTANCE, CLUSTER].flatMap((kind) => [
    [`${kind.noun}s`, region[kind.noun].size, quotas[kind.quota]],
    [kind.snapshot.replace(/^DB(.*)/, 'Manual$1s'), manualOnes(region, kind), quotas[kind.snapshotQuota]],
  ]);
  return { AccountQuotas: all.map(([AccountQuotaName, Used, Max]) => ({ AccountQuotaName, Used, Max })) };
}

/** The newest minor of every major. */
const NEWEST: Record<string, number> = { 13: 23, 14: 20, 15: 15, 16: 11, 17: 7, 18: 1 };
const enginesOf = ({ input: { Engine: wanted } }: Call) =>
  ['postgres', 'aurora-postgresql'].filter((engine) => !wanted || engine === wanted);

/** This machine's version for both engines, and the newest others. */
export function describeDBEngineVersions(call: Call) {
  const { EngineVersion: beginning = '' } = call.input;
  const here = call.world.machine.version;
  const others = Object.entries(NEWEST).filter(([major]) => major !== here.split('.')[0]);
  const versions = [here, ...others.map((parts) => parts.join('.'))];
  const found = enginesOf(call).flatMap((Engine) =>
    versions.map((EngineVersion) => {
      const family = familyOf(Engine, EngineVersion);
      return { Engine, EngineVersion, DBParameterGroupFamily: family, Status: 'available' };
    }),
  );
  const matching = found.filter(({ EngineVersion }) => EngineVersion.startsWith(beginning));
  const { items, Marker } = page(call, matching, (each) => each.DBParameterGroupFamily);
  return { DBEngineVersions: items, Marker };
}

/** By AWS's release calendar: standard support of five years that ends with a February, and three more years. */
export function describeDBMajorEngineVersions(call: Call) {
  const found = Object.keys(NEWEST).flatMap((MajorEngineVersion) => {
    const february = (years: number) => new Date(Date.UTC(2013 + Number(MajorEngineVersion) + years, 2, 0));
    const lifecycle = (name: string, from: number, to: number) => ({
      LifecycleSupportName: `open-source-rds-${name}-support`,
      LifecycleSupportStartDate: february(from),
      LifecycleSupportEndDate: february(to),
    });
    const SupportedEngineLifecycles = [lifecycle('standard', -5, 0), lifecycle('extended', 0, 3)];
    return enginesOf(call).map((Engine) => ({ Engine, MajorEngineVersion, SupportedEngineLifecycles }));
  });
  const { items, Marker } = page(call, found, (each) => each.Engine + each.MajorEngineVersion);
  return { DBMajorEngineVersions: items, Marker };
}
