import {
  CopyDBClusterParameterGroupCommand,
  CopyDBParameterGroupCommand,
  CreateDBClusterParameterGroupCommand,
  CreateDBParameterGroupCommand,
  DeleteDBClusterParameterGroupCommand,
  DeleteDBParameterGroupCommand,
  DescribeDBClusterParameterGroupsCommand,
  DescribeDBParameterGroupsCommand,
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
import { asking, ifThere } from './rds-errors.ts';
import { tagList, tagMap } from './snapshots.ts';

/**
 * What could act on the outside from within a restored copy, and the parameter that disables it: a copied subscriber
 * takes over its publisher's replication slot, and pg_cron runs production's jobs (both tried; see
 * docs/architecture.md).
 */
const SILENCED: Record<string, (value: string) => string> = {
  max_logical_replication_workers: () => '0',
  // From PostgreSQL 17 on, event triggers can fire at a login, and the proof's own logins would write into
  // what it compares.
  event_triggers: () => 'off',
  // A vacuum against wraparound never yields its lock, and the copy of an old source would start one on every
  // table: amcheck would wait in vain. The largest values postpone it.
  autovacuum_freeze_max_age: () => '2000000000',
  autovacuum_multixact_freeze_max_age: () => '2000000000',
  shared_preload_libraries: (value) =>
    value
      .split(',')
      .map((library) => library.trim())
      .filter((library) => library !== '' && library !== 'pg_cron')
      // RDS takes no empty value; every version has this library.
      .join(',') || (value === '' ? '' : 'pg_stat_statements'),
};

/**
 * A number of bytes or pages that suits a large instance keeps a small one from starting: these parameters get a
 * share of the available memory. Units and formulas are those of RDS (user guide, "Specifying DB parameters").
 */
const FITTED: Record<string, string> = {
  shared_buffers: '{DBInstanceClassMemory/32768}',
  effective_cache_size: '{DBInstanceClassMemory/16384}',
  innodb_buffer_pool_size: '{DBInstanceClassMemory*3/4}',
};

/** The value of a source's parameter on a scratch instance. */
function quarantined(name: string, value: string): string {
  const fitted = FITTED[name];
  if (fitted !== undefined) return value === '' || value.includes('{') ? value : fitted;
  return SILENCED[name]?.(value) ?? value;
}

/**
 * Copies the source's parameter group, disables what reaches out, and fits it to a small class. A default group
 * cannot be copied: then a new group of the same family is made. Repeating it changes nothing.
 */
export async function quarantineParameters(
  client: RDSClient,
  kind: 'rds' | 'aurora',
  sourceGroup: string,
  name: string,
  tags: Record<string, string>,
): Promise<void> {
  const groups = kind === 'aurora' ? clusterGroups(client) : instanceGroups(client);
  // A default group exists only where its family has been used; its name contains the family.
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

/** A group of their own for databases whose family’s default one does not exist. */
const ownGroup = (name: string) => `${name}-parameters`;

/**
 * The group that gives a database the parameters of a default one. AWS makes that when a database is first made without
 * naming a group, and until then it cannot be named: then an own one that nobody has changed has the same values.
 */
export async function groupLikeDefault(
  client: RDSClient,
  kind: 'rds' | 'aurora',
  wanted: string | undefined,
  name: string,
): Promise<string | undefined> {
  if (!wanted?.startsWith('default.')) return wanted;
  const groups = kind === 'aurora' ? clusterGroups(client) : instanceGroups(client);
  const found = await ifThere(`looking for the parameter group ${wanted}`, /ParameterGroupNotFound/, () =>
    groups.find(wanted),
  );
  if (found) return wanted;
  const own = ownGroup(name);
  await ifThere(`making the parameter group ${own}`, /AlreadyExists/, () =>
    groups.create(own, wanted.slice('default.'.length), {}, 'The defaults of its family'),
  );
  return own;
}

/** Removes what `groupLikeDefault` may have made for a database, unless the database has it. */
export async function removeOwnGroup(client: RDSClient, kind: 'rds' | 'aurora', name: string): Promise<void> {
  const groups = kind === 'aurora' ? clusterGroups(client) : instanceGroups(client);
  const own = ownGroup(name);
  const isKept = /ParameterGroupNotFound|InvalidDBParameterGroupState/;
  await ifThere(`deleting the parameter group ${own}`, isKept, () => groups.remove(own));
}

/** Parameter groups with a wanted name, with their tags. */
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
  create(name: string, family: string, tags: Record<string, string>, about?: string): Promise<unknown>;
  /** Rejects where there is none. */
  find(name: string): Promise<unknown>;
  copy(from: string, name: string, tags: Record<string, string>): Promise<unknown>;
  parameters(name: string): Promise<Parameter[]>;
  modify(name: string, changes: Parameter[]): Promise<unknown>;
  remove(name: string): Promise<unknown>;
};

const DESCRIPTION = 'A restored copy must not act on other systems';

function instanceGroups(client: RDSClient): Groups {
  return {
    create: (name, family, tags, about = DESCRIPTION) =>
      client.send(
        new CreateDBParameterGroupCommand({
          DBParameterGroupName: name,
          DBParameterGroupFamily: family,
          Description: about,
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
    find: (name) => client.send(new DescribeDBParameterGroupsCommand({ DBParameterGroupName: name })),
    remove: (name) => client.send(new DeleteDBParameterGroupCommand({ DBParameterGroupName: name })),
  };
}

function clusterGroups(client: RDSClient): Groups {
  return {
    create: (name, family, tags, about = DESCRIPTION) =>
      client.send(
        new CreateDBClusterParameterGroupCommand({
          DBClusterParameterGroupName: name,
          DBParameterGroupFamily: family,
          Description: about,
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
    find: (name) =>
      client.send(new DescribeDBClusterParameterGroupsCommand({ DBClusterParameterGroupName: name })),
    remove: (name) =>
      client.send(new DeleteDBClusterParameterGroupCommand({ DBClusterParameterGroupName: name })),
  };
}
