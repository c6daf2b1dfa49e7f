import type {
  AccountAttributesMessage,
  DBEngineVersion,
  DBEngineVersionMessage,
  DBMajorEngineVersion,
  DBSubnetGroupMessage,
  DescribeDBEngineVersionsMessage,
  DescribeDBMajorEngineVersionsRequest,
  DescribeDBMajorEngineVersionsResponse,
  DescribeDBSubnetGroupsMessage,
} from '@aws-sdk/client-rds';
import { refuse } from './errors.ts';
import { familyOf } from './groups.ts';
import { page } from './pages.ts';
import type { Call, Snapshot } from './world.ts';

export function describeDBSubnetGroups(
  call: Call,
  input: DescribeDBSubnetGroupsMessage,
): DBSubnetGroupMessage {
  const { subnetGroups } = call.region;
  const { DBSubnetGroupName: given } = input;
  const found = given ? [subnetGroups.get(given.toLowerCase())] : [...subnetGroups.values()];
  const groups = found.map(
    (group) => group ?? refuse('DBSubnetGroupNotFoundFault', `Subnet group '${given}' does not exist`),
  );
  const { items, Marker } = page(groups, (group) => group.DBSubnetGroupName!, input);
  return { DBSubnetGroups: items, Marker };
}

export function describeAccountAttributes({ world, region }: Call): AccountAttributesMessage {
  const { quotas } = world.settings;
  const manual = (snapshots: Map<string, Snapshot>) =>
    [...snapshots.values()].filter(({ type }) => type === 'manual').length;
  const storage = [...region.instances.values()].reduce((sum, { origin }) => sum + origin.storage, 0);
  return {
    AccountQuotas: [
      { AccountQuotaName: 'DBInstances', Used: region.instances.size, Max: quotas.instances },
      { AccountQuotaName: 'DBClusters', Used: region.clusters.size, Max: quotas.clusters },
      { AccountQuotaName: 'ManualSnapshots', Used: manual(region.snapshots), Max: quotas.snapshots },
      {
        AccountQuotaName: 'ManualClusterSnapshots',
        Used: manual(region.clusterSnapshots),
        Max: quotas.clusterSnapshots,
      },
      { AccountQuotaName: 'AllocatedStorage', Used: storage, Max: 100_000 },
    ],
  };
}

export function describeDBEngineVersions(
  { world }: Call,
  input: DescribeDBEngineVersionsMessage,
): DBEngineVersionMessage {
  const wanted = world.settings.engineVersions.filter(
    (version) =>
      (!input.Engine || version.Engine === input.Engine) &&
      (!input.EngineVersion || version.EngineVersion!.startsWith(input.EngineVersion)) &&
      (!input.DBParameterGroupFamily || version.DBParameterGroupFamily === input.DBParameterGroupFamily),
  );
  const { items, Marker } = page(wanted, ({ Engine, EngineVersion }) => `${Engine} ${EngineVersion}`, input);
  return { DBEngineVersions: items, Marker };
}

export function describeDBMajorEngineVersions(
  { world }: Call,
  input: DescribeDBMajorEngineVersionsRequest,
): DescribeDBMajorEngineVersionsResponse {
  const wanted = world.settings.majorVersions.filter(
    (version) =>
      (!input.Engine || version.Engine === input.Engine) &&
      (!input.MajorEngineVersion || version.MajorEngineVersion === input.MajorEngineVersion),
  );
  const { items, Marker } = page(
    wanted,
    (version) => `${version.Engine} ${version.MajorEngineVersion}`,
    input,
  );
  return { DBMajorEngineVersions: items, Marker };
}

/** The version on this machine under both its names, and the newest others there are today. */
export function engineVersions(here: string): DBEngineVersion[] {
  const postgres = [
    here,
    ...['13.23', '14.20', '15.15', '16.11', '17.7', '18.1'].filter((version) => !isSameMajor(version, here)),
  ];
  const all = [
    ...postgres.flatMap((version) => [
      ['postgres', version] as const,
      ['aurora-postgresql', version] as const,
    ]),
    ['mysql', '8.0.44'] as const,
    ['mysql', '8.4.7'] as const,
    ['mariadb', '10.11.15'] as const,
    ['mariadb', '11.8.5'] as const,
  ];
  return all.map(([Engine, EngineVersion]) => ({
    Engine,
    EngineVersion,
    MajorEngineVersion: /postgres/.test(Engine)
      ? EngineVersion.split('.')[0]!
      : EngineVersion.split('.', 2).join('.'),
    DBParameterGroupFamily: familyOf(Engine, EngineVersion),
    DBEngineDescription: Engine,
    DBEngineVersionDescription: `${Engine} ${EngineVersion}`,
    Status: 'available',
  }));
}

/** Standard support of PostgreSQL, by AWS' release calendar; extended support goes on for three years. */
export function majorVersions(): DBMajorEngineVersion[] {
  const ends: Record<string, string> = {
    13: '2026-02-28',
    14: '2027-02-28',
    15: '2028-02-29',
    16: '2029-02-28',
    17: '2030-02-28',
    18: '2031-02-28',
  };
  return Object.entries(ends).flatMap(([MajorEngineVersion, end]) =>
    ['postgres', 'aurora-postgresql'].map((Engine) => ({
      Engine,
      MajorEngineVersion,
      SupportedEngineLifecycles: [
        lifecycle('standard', years(end, -5), new Date(end)),
        lifecycle('extended', new Date(end), years(end, 3)),
      ],
    })),
  );
}

const lifecycle = (name: 'standard' | 'extended', from: Date, to: Date) => ({
  LifecycleSupportName: `open-source-rds-${name}-support` as const,
  LifecycleSupportStartDate: from,
  LifecycleSupportEndDate: to,
});

function years(day: string, more: number): Date {
  const date = new Date(day);
  date.setUTCFullYear(date.getUTCFullYear() + more);
  return date;
}

const isSameMajor = (a: string, b: string) => a.split('.')[0] === b.split('.')[0];
