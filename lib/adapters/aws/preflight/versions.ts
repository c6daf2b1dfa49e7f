import {
  DescribeDBClusterParameterGroupsCommand,
  DescribeDBEngineVersionsCommand,
  DescribeDBParameterGroupsCommand,
  paginateDescribeDBMajorEngineVersions,
  type RDSClient,
  type SupportedEngineLifecycle,
} from '@aws-sdk/client-rds';
import { UnderstudyError } from '../../../domain/errors.ts';
import type { PlatformKind } from '../../../domain/points/platform-source.ts';
import { utc } from '../../../domain/time.ts';
import type { EngineVersion, SupportFacts, VersionFacts } from '../../../ports/restore-conditions.ts';
import { asking, ifThere } from '../rds/rds-errors.ts';

export async function readParameterFamily(
  client: RDSClient,
  kind: PlatformKind,
  name: string,
): Promise<string | undefined> {
  return ifThere(`looking at the parameter group ${name}`, /ParameterGroupNotFound/, async () => {
    if (kind === 'aurora') {
      const { DBClusterParameterGroups } = await client.send(
        new DescribeDBClusterParameterGroupsCommand({ DBClusterParameterGroupName: name }),
      );
      return DBClusterParameterGroups?.find((group) => group.DBClusterParameterGroupName === name)
        ?.DBParameterGroupFamily;
    }
    const { DBParameterGroups } = await client.send(
      new DescribeDBParameterGroupsCommand({ DBParameterGroupName: name }),
    );
    return DBParameterGroups?.find((group) => group.DBParameterGroupName === name)?.DBParameterGroupFamily;
  });
}

/** Includes a version that is no longer offered, while RDS still knows it. */
export async function readEngineVersion(
  client: RDSClient,
  { engine, version }: EngineVersion,
): Promise<VersionFacts | undefined> {
  const answer = await asking(`looking at ${engine} ${version}`, () =>
    client.send(
      new DescribeDBEngineVersionsCommand({ Engine: engine, EngineVersion: version, IncludeAll: true }),
    ),
  );
  const found = answer.DBEngineVersions?.find((each) => each.EngineVersion === version);
  return found && { family: found.DBParameterGroupFamily ?? '', offered: found.Status !== 'deprecated' };
}

/**
 * When support of a version's major ends. RDS reports it for the open engines only, under majors such as `15`, `8.0`
 * and `10.11`; the longest prefix of the version is its major (`8.0` of `8.0.mysql_aurora.3.05.2`).
 */
export async function readSupport(
  client: RDSClient,
  { engine, version }: EngineVersion,
): Promise<SupportFacts> {
  let major = '';
  let lifecycles: SupportedEngineLifecycle[] = [];
  await asking(`asking for the support of ${engine}`, async () => {
    for await (const page of paginateDescribeDBMajorEngineVersions({ client }, { Engine: engine })) {
      for (const { MajorEngineVersion: each = '', SupportedEngineLifecycles } of page.DBMajorEngineVersions ??
        []) {
        if (each.length <= major.length || !(version === each || version.startsWith(`${each}.`))) continue;
        major = each;
        lifecycles = SupportedEngineLifecycles ?? [];
      }
    }
  });
  const standardUntil = endOf(lifecycles, 'open-source-rds-standard-support');
  const extendedUntil = endOf(lifecycles, 'open-source-rds-extended-support');
  if (standardUntil) return { major, standardUntil, extendedUntil };
  throw new UnderstudyError('support-unsaid', `RDS does not say how long it supports ${engine} ${version}`, {
    hint: 'look it up in the release calendar of its engine',
  });
}

function endOf(lifecycles: readonly SupportedEngineLifecycle[], name: string): string | undefined {
  const end = lifecycles.find((each) => each.LifecycleSupportName === name)?.LifecycleSupportEndDate;
  return end && utc(end);
}
