import {
  describeAccountAttributes,
  describeDBEngineVersions,
  describeDBMajorEngineVersions,
  describeDBSubnetGroups,
} from './catalogue.ts';
import * as clusterGroups from './cluster-groups.ts';
import { restoreDBClusterFromSnapshot, restoreDBClusterToPointInTime } from './cluster-restores.ts';
import * as clusterSnapshots from './cluster-snapshots.ts';
import { describeDBClusters } from './clusters.ts';
import { deleteDBCluster, deleteDBInstance } from './deletion.ts';
import * as instanceGroups from './instance-groups.ts';
import { restoreDBInstanceFromDBSnapshot, restoreDBInstanceToPointInTime } from './instance-restores.ts';
import * as instanceSnapshots from './instance-snapshots.ts';
import { createDBInstance, describeDBInstanceAutomatedBackups, describeDBInstances } from './instances.ts';
import { modifyDBCluster, modifyDBInstance } from './modification.ts';
import { addTags, listTags } from './tags.ts';
import type { Call } from './world.ts';

/** What an action does with parameters that fit its input shape. */
export type Action = (call: Call, input: never) => unknown;

/** Every action there is; each function is named like its action. */
export const ACTIONS: Map<string, Action> = new Map(
  Object.entries({
    ...instanceSnapshots,
    ...clusterSnapshots,
    ...instanceGroups,
    ...clusterGroups,
    addTagsToResource: addTags,
    createDBInstance,
    deleteDBCluster,
    deleteDBInstance,
    describeAccountAttributes,
    describeDBClusters,
    describeDBEngineVersions,
    describeDBInstanceAutomatedBackups,
    describeDBInstances,
    describeDBMajorEngineVersions,
    describeDBSubnetGroups,
    listTagsForResource: listTags,
    modifyDBCluster,
    modifyDBInstance,
    restoreDBClusterFromSnapshot,
    restoreDBClusterToPointInTime,
    restoreDBInstanceFromDBSnapshot,
    restoreDBInstanceToPointInTime,
  }).map(([name, action]) => [name[0]!.toUpperCase() + name.slice(1), action as Action]),
);
