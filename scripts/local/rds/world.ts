import type {
  DBCluster,
  DBEngineVersion,
  DBInstance,
  DBMajorEngineVersion,
  DBSubnetGroup,
} from '@aws-sdk/client-rds';
import type { Background } from './background.ts';
import type { Machine } from './machine.ts';
import type { Backup, Store } from './store.ts';

/** Everything there is: what tests may turn (`settings`), and the resources of every Region. */
export type World = {
  settings: Settings;
  machine: Machine;
  background: Background;
  regions: Map<string, Region>;
  subnetGroups: string[];
  /** For every source. */
  flags: Flags;
};

export type Settings = {
  /** How long states last, in milliseconds. */
  pace: number;
  quotas: Quotas;
  /** ARNs, ids or aliases of keys that RDS may not use. */
  inaccessibleKeys: Set<string>;
  engineVersions: DBEngineVersion[];
  majorVersions: DBMajorEngineVersion[];
  /** Whatever did not fit AWS' own model, and background work that failed. Empty, or something is wrong. */
  violations: string[];
};

/** Of each Region. */
export type Quotas = {
  instances: number;
  clusters: number;
  snapshots: number;
  clusterSnapshots: number;
  /** Copies from other Regions at once. */
  copies: number;
};

export type Region = {
  name: string;
  instances: Map<string, Instance>;
  clusters: Map<string, Cluster>;
  snapshots: Map<string, Snapshot>;
  clusterSnapshots: Map<string, Snapshot>;
  groups: Map<string, ParameterGroup>;
  clusterGroups: Map<string, ParameterGroup>;
  subnetGroups: Map<string, DBSubnetGroup>;
  /** Automated backups that outlived their instance, by its resource id. */
  retained: Map<string, Instance>;
};

/** What an instance and a cluster have in common. */
export type Resource = {
  region: string;
  id: string;
  arn: string;
  resourceId: string;
  status: string;
  createdAt: Date;
  /** What passes into its snapshots, and from there into what is restored from them. */
  origin: Origin;
  retention: number;
  deletionProtection: boolean;
  copyTags: boolean;
  tags: Map<string, string>;
  pending: { MasterUserPassword?: string; BackupRetentionPeriod?: number };
  group: ParameterGroup;
  subnetGroup: string;
  securityGroups: string[];
  store: Store;
  /** Has it an address yet? */
  reachable: boolean;
  flags: Flags;
  /** What goes on with it; deletion waits for that. */
  busy: Promise<void>;
};

export type Instance = Resource & {
  cluster?: Cluster | undefined;
  shown: Pick<DBInstance, 'MultiAZ' | 'PubliclyAccessible' | 'AutoMinorVersionUpgrade' | 'AvailabilityZone'>;
  groupStatus: string;
};

export type Cluster = Resource & { shown: Pick<DBCluster, 'EngineMode'> };

export type Origin = {
  engine: string;
  version: string;
  database: string;
  master: string;
  class: string;
  storage: number;
  storageType: string;
  /** The ARN of the key, if it is encrypted. */
  key?: string | undefined;
  backupWindow: string;
};

/** Set by tests on a source, or on '*' for every one. */
export type Flags = {
  stuckRestores?: boolean;
  /** `true` is the status `failed`. */
  failedRestores?: boolean | string;
  stuckSnapshots?: boolean;
  failedSnapshots?: boolean;
};

export type Snapshot = {
  region: string;
  id: string;
  arn: string;
  type: 'manual' | 'automated';
  status: string;
  progress: number;
  sourceId: string;
  sourceResourceId: string;
  sourceCreatedAt: Date;
  sourcePort: number;
  retention: number;
  origin: Origin;
  createdAt: Date;
  originalAt: Date;
  /** The ARN it was copied from. */
  copiedFrom?: string | undefined;
  tags: Map<string, string>;
  sharedWith: Set<string>;
  backup?: Backup;
  flags: Flags;
  busy: Promise<void>;
};

export type ParameterGroup = {
  name: string;
  family: string;
  description: string;
  arn: string;
  tags: Map<string, string>;
  values: Map<string, { value: string; method: string }>;
};

/** One call of an action. */
export type Call = { world: World; region: Region };

export const flagsOf = (world: World, { flags }: { flags: Flags }): Flags => ({ ...world.flags, ...flags });
