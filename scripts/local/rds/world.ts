import type { DBSubnetGroup, Parameter, Tag } from '@aws-sdk/client-rds';
import type { Background } from './background.ts';
import type { Machine } from './machine.ts';
import type { Input, Kind, Noun } from './nouns.ts';
import type { Backup, Store } from './store.ts';

/** All state: the settings that tests change, and the resources of every Region. */
export type LocalRdsWorld = {
  settings: LocalRdsSettings;
  machine: Machine;
  background: Background;
  regions: Map<string, Region>;
  subnetGroups: string[];
  /** Ports by Region and former name: whoever gets a name gets its address. */
  addresses: Map<string, number>;
  /** For every source. */
  flags: Flags;
};

export type LocalRdsSettings = {
  /** How long states last, in milliseconds. */
  pace: number;
  /** Of each Region; `copies` are those from other Regions at once. */
  quotas: Record<'instances' | 'clusters' | 'snapshots' | 'clusterSnapshots' | 'copies', number>;
  /** ARNs, ids or aliases of keys that RDS may not use. */
  inaccessibleKeys: Set<string>;
  /** What did not fit AWS's own model, and background work that failed. Empty unless something is wrong. */
  violations: string[];
};

/** A Region's resources, by RDS's noun and then by name. */
export type Region = { name: string } & { [N in Noun]: Map<string, Things[N]> };

export type Things = Record<'DBInstance' | 'DBCluster', Resource> &
  Record<'DBSnapshot' | 'DBClusterSnapshot', RdsSnapshot> &
  Record<'DBParameterGroup' | 'DBClusterParameterGroup', ParameterGroup> &
  Record<'DBSubnetGroup', SubnetGroup>;

type Thing<N extends Noun> = { noun: N; id: string; arn: string; tags: Tag[] };

/** An instance or a cluster. */
export type Resource = Thing<'DBInstance' | 'DBCluster'> & {
  resourceId: string;
  status: string;
  createdAt: Date;
  /** Properties that pass into its snapshots, and from there into what is restored. */
  origin: ResourceOrigin;
  class: string;
  database: string;
  /** In RDS's own words. */
  shown: Shown;
  pending: { MasterUserPassword?: string };
  group: ParameterGroup;
  /** Its parameters are not those that it runs under. */
  groupStatus?: 'pending-reboot';
  subnetGroup: string;
  securityGroups: string[];
  store: Store;
  /** Does it have an address yet? */
  reachable: boolean;
  flags: Flags;
  /** Its current work; a deletion waits for it. */
  busy: Promise<void>;
  /** The cluster that an instance is a member of. Their data is the cluster's. */
  cluster?: Resource | undefined;
};

type Shown = { BackupRetentionPeriod: number } & Record<
  'DeletionProtection' | 'CopyTagsToSnapshot' | 'MultiAZ' | 'PubliclyAccessible' | 'AutoMinorVersionUpgrade',
  boolean
>;

/** In RDS's own words; the key is an ARN, if the data is encrypted. */
export type ResourceOrigin = { AllocatedStorage: number; KmsKeyId: string | undefined } & Record<
  'Engine' | 'EngineVersion' | 'MasterUsername' | 'StorageType' | 'PreferredBackupWindow',
  string
>;

/** Set by tests on a source, or on '*' for every one. */
export type Flags = {
  stuckRestores?: boolean;
  /** `true` is the status `failed`. */
  failedRestores?: boolean | string;
  failedSnapshots?: boolean;
};

export type RdsSnapshot = Thing<'DBSnapshot' | 'DBClusterSnapshot'> & {
  type: 'manual' | 'automated';
  status: string;
  progress: number;
  /** Its source, as that was then. */
  source: Resource;
  origin: ResourceOrigin;
  retention: number;
  createdAt: Date;
  originalAt: Date;
  /** The ARN it was copied from. */
  copiedFrom?: string;
  sharedWith: Set<string>;
  backup?: Backup;
  flags: Flags;
};

export type ParameterGroup = Thing<'DBParameterGroup' | 'DBClusterParameterGroup'> & {
  family: string;
  description: string;
  values: Map<string, { value: string; method: Parameter['ApplyMethod'] }>;
};

export type SubnetGroup = Thing<'DBSubnetGroup'> & { shown: DBSubnetGroup };

/** One call of an action: where, about which kind, and its parameters. */
export type Call = { world: LocalRdsWorld; region: Region; kind: Kind; input: Input };

export const flagsOf = (world: LocalRdsWorld, { flags }: { flags: Flags }): Flags => ({
  ...world.flags,
  ...flags,
});
