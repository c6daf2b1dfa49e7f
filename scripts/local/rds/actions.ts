import {
  describeAccountAttributes,
  describeDBEngineVersions,
  describeDBMajorEngineVersions,
} from './catalogue.ts';
import { copySnapshot } from './copies.ts';
import { deleteResource } from './deletion.ts';
import { groupActions, showGroup } from './groups.ts';
import { CLUSTER, INSTANCE, type Input, type Kind } from './kinds.ts';
import { createMember } from './members.ts';
import { modifyResource } from './modification.ts';
import type { Noun } from './names.ts';
import { page } from './pages.ts';
import { find } from './regions.ts';
import { restoreFromSnapshot, restoreToPointInTime } from './restores.ts';
import { shareSnapshot } from './sharing.ts';
import { showBackups, showResource, showSnapshot } from './show.ts';
import { deleteSnapshot, ofType, takeSnapshot } from './snapshots.ts';
import { listTagsForResource } from './tags.ts';
import type { Call, Resource, Snapshot, Things } from './world.ts';

/** What an action does with parameters that fit its input shape. */
export type Action = (call: Call, input: Input) => unknown;

const actionsOf = (kind: Kind): Record<string, Action> => {
  const { noun, snapshot, group } = kind;
  const showing =
    (act: (call: Call, kind: Kind, input: Input) => Resource | Promise<Resource>): Action =>
    async (call, input) => ({ [noun]: await showResource(call, await act(call, kind, input)) });
  const showingSnapshot =
    (act: (call: Call, kind: Kind, input: Input) => Snapshot | Promise<Snapshot>): Action =>
    async (call, input) => ({ [snapshot]: showSnapshot(await act(call, kind, input)) });
  return {
    [`Describe${noun}s`]: describe(noun, showResource),
    [`Modify${noun}`]: showing(modifyResource),
    [`Delete${noun}`]: showing(deleteResource),
    [`Restore${noun}From${kind === CLUSTER ? 'Snapshot' : snapshot}`]: showing(restoreFromSnapshot),
    [`Restore${noun}ToPointInTime`]: showing(restoreToPointInTime),
    [`Create${snapshot}`]: showingSnapshot(takeSnapshot),
    [`Copy${snapshot}`]: showingSnapshot(copySnapshot),
    [`Delete${snapshot}`]: showingSnapshot(deleteSnapshot),
    [`Modify${snapshot}Attribute`]: (call, input) => shareSnapshot(call, kind, input),
    [`Describe${snapshot}s`]: describe(
      snapshot,
      (_, found) => showSnapshot(found),
      (input) => {
        const fits = ofType(input.SnapshotType);
        const source = input[`${noun}Identifier`]?.toLowerCase();
        return (found) => fits(found) && (!source || found.source.id === source);
      },
    ),
    [`Describe${group}s`]: describe(group, (_, found) => showGroup(found)),
    ...groupActions(kind),
  };
};

/** A list of what the Region has, or the one of the name that was given. */
function describe<N extends Noun>(
  noun: N,
  show: (call: Call, found: Things[N]) => unknown,
  wanted: (input: Input) => (found: Things[N]) => boolean = () => () => true,
): Action {
  return async (call, input) => {
    const name = input[`${noun}${noun.endsWith('Group') ? 'Name' : 'Identifier'}` as const];
    const all = name ? [find(call, noun, name)] : ([...call.region[noun].values()] as Things[N][]);
    const { items, Marker } = page(all.filter(wanted(input)), ({ id }) => id, input);
    return { [`${noun}s`]: await Promise.all(items.map((item) => show(call, item))), Marker };
  };
}

async function describeBackups(call: Call, { DbiResourceId: id, ...paging }: Input) {
  const all = [...call.region.DBInstance.values()].filter(
    ({ cluster, shown, resourceId }) =>
      !cluster && shown.BackupRetentionPeriod > 0 && (!id || resourceId === id),
  );
  const { items, Marker } = page(all, ({ resourceId }) => resourceId, paging);
  return {
    DBInstanceAutomatedBackups: await Promise.all(items.map((each) => showBackups(call, each))),
    Marker,
  };
}

/** Every action that is served here. */
export const ACTIONS: Record<string, Action> = {
  ...actionsOf(INSTANCE),
  ...actionsOf(CLUSTER),
  CreateDBInstance: async (call, input) => ({
    DBInstance: await showResource(call, await createMember(call, input)),
  }),
  DescribeAccountAttributes: describeAccountAttributes,
  DescribeDBEngineVersions: describeDBEngineVersions,
  DescribeDBInstanceAutomatedBackups: describeBackups,
  DescribeDBMajorEngineVersions: describeDBMajorEngineVersions,
  DescribeDBSubnetGroups: describe('DBSubnetGroup', (_, { shown }) => shown),
  ListTagsForResource: listTagsForResource,
};
