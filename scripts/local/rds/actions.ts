import { createEmpty, createInstance } from './create-empty.ts';
import * as catalogue from './engine-versions.ts';
import { rejectValue } from './model.ts';
import { deleteResource, modifyResource, rebootResource } from './modify-resource.ts';
import { CLUSTER, INSTANCE, type Kind, type Noun, newTags, parseArn } from './nouns.ts';
import { groupActions, showGroup } from './parameter-groups.ts';
import { find, nameOf, page } from './regions.ts';
import { restoreFromSnapshot, restoreToPointInTime } from './restores.ts';
import { hasBackups, showBackups, showResource, showSnapshot } from './show-resource.ts';
import {
  handleCopySnapshot,
  handleCreateSnapshot,
  handleDeleteSnapshot,
  handleShareSnapshot,
  ofSourceAndType,
} from './snapshot-actions.ts';
import type { Call, RdsSnapshot, Resource, Things } from './world.ts';

/** An action with parameters that fit its input shape. */
type Action = (call: Call) => unknown;
type Act<T> = (call: Call) => T | Promise<T>;

function actionsOf(kind: Kind): Record<string, Action> {
  const { noun, snapshot, group } = kind;
  const resource =
    (act: Act<Resource>): Action =>
    async (call) => ({ [noun]: await showResource(call, await act(call)) });
  const shown =
    (act: Act<RdsSnapshot>): Action =>
    async (call) => ({ [snapshot]: showSnapshot(await act(call)) });
  const actions: Record<string, Action> = {
    [`Describe${noun}s`]: describe(noun, showResource),
    [`Modify${noun}`]: resource(modifyResource),
    [`Delete${noun}`]: resource(deleteResource),
    [`Restore${noun}From${kind === CLUSTER ? 'Snapshot' : snapshot}`]: resource(restoreFromSnapshot),
    [`Restore${noun}ToPointInTime`]: resource(restoreToPointInTime),
    [`Create${snapshot}`]: shown(handleCreateSnapshot),
    [`Copy${snapshot}`]: shown(handleCopySnapshot),
    [`Delete${snapshot}`]: shown(handleDeleteSnapshot),
    [`Modify${snapshot}Attribute`]: handleShareSnapshot,
    [`Describe${snapshot}s`]: describe(snapshot, (_, found) => showSnapshot(found), ofSourceAndType),
    [`Describe${group}s`]: describe(group, (_, found) => showGroup(found)),
    ...groupActions(kind),
  };
  const ofKind = (act: Action) => (call: Call) => act({ ...call, kind });
  return Object.fromEntries(Object.entries(actions).map(([name, act]) => [name, ofKind(act)]));
}

/** Lists the Region's resources, or the named one. */
function describe<N extends Noun>(
  noun: N,
  show: (call: Call, found: Things[N]) => unknown,
  wanted: (call: Call) => (found: Things[N]) => boolean = () => () => true,
  shown = `${noun}s`,
): Action {
  return async (call) => {
    const name = nameOf(call, noun);
    const all = name ? [find(call, noun, name)] : ([...call.region[noun].values()] as Things[N][]);
    const { items, Marker } = page(call, all.filter(wanted(call)), ({ id }) => id);
    return { [shown]: await Promise.all(items.map((item) => show(call, item))), Marker };
  };
}

function listTagsForResource(call: Call) {
  const given = call.input.ResourceName!;
  const noun =
    parseArn(given)?.noun ?? rejectValue(`The resource name does not match an RDS resource: ${given}`);
  // The model has no code for a missing parameter group.
  const isListed = ['DBInstance', 'DBCluster', 'DBSnapshot'].includes(noun);
  return { TagList: find(call, noun, given, isListed ? undefined : 'InvalidParameterValue').tags };
}

function addTags(call: Call) {
  const given = call.input.ResourceName!;
  const noun =
    parseArn(given)?.noun ?? rejectValue(`The resource name does not match an RDS resource: ${given}`);
  const found = find(call, noun, given);
  const added = newTags(call.input.Tags);
  found.tags = [...found.tags.filter(({ Key }) => !added.some((tag) => tag.Key === Key)), ...added];
}

const BACKUPS = 'DBInstanceAutomatedBackups';

/** Every action that is served here. */
export const ACTIONS: Record<string, Action> = {
  ...actionsOf(INSTANCE),
  ...actionsOf(CLUSTER),
  CreateDBInstance: async (call) => ({
    DBInstance: await showResource(call, await createInstance({ ...call, kind: INSTANCE })),
  }),
  CreateDBCluster: async (call) => ({
    DBCluster: await showResource(call, await createEmpty({ ...call, kind: CLUSTER })),
  }),
  RebootDBInstance: async (call) => ({ DBInstance: await showResource(call, rebootResource(call)) }),
  AddTagsToResource: addTags,
  DescribeAccountAttributes: catalogue.describeAccountAttributes,
  DescribeDBEngineVersions: catalogue.describeDBEngineVersions,
  [`Describe${BACKUPS}`]: describe('DBInstance', showBackups, hasBackups, BACKUPS),
  DescribeDBMajorEngineVersions: catalogue.describeDBMajorEngineVersions,
  DescribeDBSubnetGroups: describe('DBSubnetGroup', (_, { shown }) => shown),
  ListTagsForResource: listTagsForResource,
  // There are none here.
  DescribeDBProxies: () => ({ DBProxies: [] }),
  DescribeEventSubscriptions: () => ({ EventSubscriptionsList: [] }),
};
