import { familyOf } from './groups.ts';
import { type Input, KINDS, type Kind } from './kinds.ts';
import { page } from './pages.ts';
import { manualOnes } from './snapshots.ts';
import type { Call } from './world.ts';

export function describeAccountAttributes({ world, region }: Call) {
  const { quotas } = world.settings;
  const of = (kind: Kind) => [
    { AccountQuotaName: `${kind.noun}s`, Used: region[kind.noun].size, Max: quotas[kind.quota] },
    {
      AccountQuotaName: kind.snapshot.replace(/^DB(.*)/, 'Manual$1s'),
      Used: manualOnes(region, kind),
      Max: quotas[kind.snapshotQuota],
    },
  ];
  return { AccountQuotas: KINDS.flatMap(of) };
}

/** The newest minor of every major and the end of its standard support, by AWS' release calender. */
const POSTGRES: Record<string, string> = {
  '13.23': '2026-02-28',
  '14.20': '2027-02-28',
  '15.15': '2028-02-29',
  '16.11': '2029-02-28',
  '17.7': '2030-02-28',
  '18.1': '2031-02-28',
};
const OTHERS = [
  ['mysql', '8.0.44'],
  ['mysql', '8.4.7'],
  ['mariadb', '10.11.15'],
  ['mariadb', '11.8.5'],
] as const;

/** The version on this machine under both its names, and the newest others. */
export function describeDBEngineVersions({ world }: Call, input: Input) {
  const here = world.machine.version;
  const newest = Object.keys(POSTGRES).filter((version) => majorOf(version) !== majorOf(here));
  const postgres = [here, ...newest].flatMap((version) =>
    ENGINES.map((engine) => [engine, version] as const),
  );
  const { Engine: wanted, EngineVersion: beginning = '' } = input;
  const found = [...postgres, ...OTHERS].filter(
    ([engine, version]) => (!wanted || engine === wanted) && version.startsWith(beginning),
  );
  const { items, Marker } = page(found, (each) => each.join(' '), input);
  const shown = items.map(([Engine, EngineVersion]) => ({
    Engine,
    EngineVersion,
    MajorEngineVersion: familyOf(Engine, EngineVersion).slice(Engine.length),
    DBParameterGroupFamily: familyOf(Engine, EngineVersion),
    Status: 'available',
  }));
  return { DBEngineVersions: shown, Marker };
}

/** PostgreSQL's alone. Extended support goes on for three years after the standard one. */
export function describeDBMajorEngineVersions(_: Call, input: Input) {
  const { Engine: wanted } = input;
  const all = Object.entries(POSTGRES).flatMap(([version, end]) =>
    ENGINES.map((Engine) => ({
      Engine,
      MajorEngineVersion: majorOf(version),
      SupportedEngineLifecycles: [
        lifecycle('standard', years(end, -5), new Date(end)),
        lifecycle('extended', new Date(end), years(end, 3)),
      ],
    })),
  );
  const found = all.filter(({ Engine }) => !wanted || Engine === wanted);
  const { items, Marker } = page(found, (each) => `${each.Engine} ${each.MajorEngineVersion}`, input);
  return { DBMajorEngineVersions: items, Marker };
}

const ENGINES = ['postgres', 'aurora-postgresql'];
const majorOf = (version: string) => version.split('.')[0]!;
const lifecycle = (name: 'standard' | 'extended', from: Date, to: Date) => ({
  LifecycleSupportName: `open-source-rds-${name}-support`,
  LifecycleSupportStartDate: from,
  LifecycleSupportEndDate: to,
});

function years(day: string, more: number): Date {
  const date = new Date(day);
  date.setUTCFullYear(date.getUTCFullYear() + more);
  return date;
}
