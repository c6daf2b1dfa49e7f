import {
  CopyDBClusterParameterGroupCommand,
  CopyDBParameterGroupCommand,
  CreateDBClusterParameterGroupCommand,
  CreateDBParameterGroupCommand,
  DeleteDBClusterParameterGroupCommand,
  DeleteDBParameterGroupCommand,
  ListTagsForResourceCommand,
  ModifyDBClusterParameterGroupCommand,
  ModifyDBParameterGroupCommand,
  type Parameter,
  paginateDescribeDBClusterParameterGroups,
  paginateDescribeDBClusterParameters,
  paginateDescribeDBParameterGroups,
  paginateDescribeDBParameters,
  type RDSClient,
} from '@aws-sdk/client-rds';
import type { StrayParameters } from '../../../ports/platform.ts';
import { asking, ifThere } from './errors.ts';
import { tagList, tagMap } from './snapshots.ts';

/**
 * What could act on the outside from within a restored copy, and what silences it: a copied subscriber takes over its
 * publisher's replication slot, and pg_cron runs production's jobs (both tried; see docs/architecture.md).
 */
const SILENCED: Record<string, (value: string) => string> = {
  max_logical_replication_workers: () => '0',
  // From PostgreSQL 17 on they fire at a login, and the proof's own logins would write into what it compares.
  event_triggers: () => 'off',
  // A vacuum against wraparound gives way to nobody, and the copy of an old source would begin with one on every table:
  // amcheck waits for its lock in vain. Their greatest values put it off.
  autovacuum_freeze_max_age: () => '2000000000',
  autovacuum_multixact_freeze_max_age: () => '2000000000',
  shared_preload_libraries: (value) =>
    value
      .split(',')
      .map((library) => library.trim())
      .filter((library) => library !== '' && library !== 'pg_cron')
      // RDS takes no empty value; this one every version has.
      .join(',') || (value === '' ? '' : 'pg_stat_statements'),
};

/**
 * What was set to a number of bytes or pages for a large instance keeps a small one from starting: these get a share of
 * the memory there is. In the units and formulas of RDS (user guide, "Specifying DB parameters").
 */
const FITTED: Record<string, string> = {
  shared_buffers: '{DBInstanceClassMemory/32768}',
  effective_cache_size: '{DBInstanceClassMemory/16384}',
  innodb_buffer_pool_size: '{DBInstanceClassMemory*3/4}',
};

/** What a parameter of the source's is on a scratch instance. */
function quarantined(name: string, value: string): string {
  const fitted = FITTED[name];
  if (fitted !== undefined) return value === '' || value.includes('{') ? value : fitted;
  return SILENCED[name]?.(value) ?? value;
}

/**
 * A copy of the source's parameter group in which nothing reaches out, and which fits a small class. A default group
 * cannot be copied: then it is a new one of the same family. Done twice it is the same.
 */
export async function quarantineParameters(
  client: RDSClient,
  kind: 'rds' | 'aurora',
  sourceGroup: string,
  name: string,
  tags: Record<string, string>,
): Promise<void> {
  const groups = kind === 'aurora' ? clusterGroups(client) : instanceGroups(client);
  // A default group exists only where its family was used before; its name says the family.
  await ifThere(`making the parameter group ${name}`, /AlreadyExists/, () =>
    sourceGroup.startsWith('default.')
      ? groups.create(name, sourceGroup.slice('default.'.length), tags)
      : groups.copy(sourceGroup, name, tags),
  );
  const parameters = await asking(`reading the parameter group ${name}`, () => groups.parameters(name));
  const changes = parameters.flatMap((parameter): Parameter[] => {
    const { ParameterName = '', ParameterValue: was = '', IsModifiable } = parameter;
    const value = quarantined(ParameterName, was);
    if (value === was || IsModifiable === false) return [];
    return [{ ParameterName, ParameterValue: value, ApplyMethod: 'pending-reboot' }];
  });
  if (changes.length > 0)
    await asking(`silencing the parameter group ${name}`, () => groups.modify(name, changes));
}

export async function removeParameters(
  client: RDSClient,
  kind: 'rds' | 'aurora',
  name: string,
): Promise<void> {
  const groups = kind === 'aurora' ? clusterGroups(client) : instanceGroups(client);
  await ifThere(`deleting the parameter group ${name}`, /ParameterGroupNotFound/, () => groups.remove(name));
}

/** Those that are wanted by their names, with their tags. */
export async function strayParameters(
  client: RDSClient,
  wanted: (name: string) => boolean,
): Promise<StrayParameters[]> {
  const found: { kind: 'rds' | 'aurora'; name: string; arn: string }[] = [];
  await asking('listing the parameter groups', async () => {
    for await (const page of paginateDescribeDBParameterGroups({ client }, {}))
      for (const { DBParameterGroupName: name, DBParameterGroupArn: arn } of page.DBParameterGroups ?? [])
        if (name && arn && wanted(name)) found.push({ kind: 'rds', name, arn });
    for await (const page of paginateDescribeDBClusterParameterGroups({ client }, {}))
      for (const {
        DBClusterParameterGroupName: name,
        DBClusterParameterGroupArn: arn,
      } of page.DBClusterParameterGroups ?? [])
        if (name && arn && wanted(name)) found.push({ kind: 'aurora', name, arn });
  });
  const strays: StrayParameters[] = [];
  for (const { arn, ...stray } of found) {
    const { TagList } = await asking(`reading the tags of ${stray.name}`, () =>
      client.send(new ListTagsForResourceCommand({ ResourceName: arn })),
    );
    strays.push({ ...stray, tags: tagMap(TagList) });
  }
  return strays;
}

type Groups = {
  create(name: string, family: string, tags: Record<string, string>): Promise<unknown>;
  copy(from: string, name: string, tags: Record<string, string>): Promise<unknown>;
  parameters(name: string): Promise<Parameter[]>;
  modify(name: string, changes: Parameter[]): Promise<unknown>;
  remove(name: string): Promise<unknown>;
};

const DESCRIPTION = 'A rehearsal: the copy must not act on other systems';

function instanceGroups(client: RDSClient): Groups {
  return {
    create: (name, family, tags) =>
      client.send(
        new CreateDBParameterGroupCommand({
          DBParameterGroupName: name,
          DBParameterGroupFamily: family,
          Description: DESCRIPTION,
          Tags: tagList(tags),
        }),
      ),
    copy: (from, name, tags) =>
      client.send(
        new CopyDBParameterGroupCommand({
          SourceDBParameterGroupIdentifier: from,
          TargetDBParameterGroupIdentifier: name,
          TargetDBParameterGroupDescription: DESCRIPTION,
          Tags: tagList(tags),
        }),
      ),
    async parameters(name) {
      const found: Parameter[] = [];
      for await (const page of paginateDescribeDBParameters({ client }, { DBParameterGroupName: name }))
        found.push(...(page.Parameters ?? []));
      return found;
    },
    modify: (name, changes) =>
      client.send(new ModifyDBParameterGroupCommand({ DBParameterGroupName: name, Parameters: changes })),
    remove: (name) => client.send(new DeleteDBParameterGroupCommand({ DBParameterGroupName: name })),
  };
}

function clusterGroups(client: RDSClient): Groups {
  return {
    create: (name, family, tags) =>
      client.send(
        new CreateDBClusterParameterGroupCommand({
          DBClusterParameterGroupName: name,
          DBParameterGroupFamily: family,
          Description: DESCRIPTION,
          Tags: tagList(tags),
        }),
      ),
    copy: (from, name, tags) =>
      client.send(
        new CopyDBClusterParameterGroupCommand({
          SourceDBClusterParameterGroupIdentifier: from,
          TargetDBClusterParameterGroupIdentifier: name,
          TargetDBClusterParameterGroupDescription: DESCRIPTION,
          Tags: tagList(tags),
        }),
      ),
    async parameters(name) {
      const found: Parameter[] = [];
      for await (const page of paginateDescribeDBClusterParameters(
        { client },
        { DBClusterParameterGroupName: name },
      ))
        found.push(...(page.Parameters ?? []));
      return found;
    },
    modify: (name, changes) =>
      client.send(
        new ModifyDBClusterParameterGroupCommand({ DBClusterParameterGroupName: name, Parameters: changes }),
      ),
    remove: (name) =>
      client.send(new DeleteDBClusterParameterGroupCommand({ DBClusterParameterGroupName: name })),
  };
}
