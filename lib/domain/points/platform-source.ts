/**
 * What AWS itself backs up, as the workflows see it: an RDS instance, an Aurora cluster or an ElastiCache cache, its
 * snapshots, and how far back it can be restored. Bytes, seconds and UTC.
 */
export type PlatformKind = 'rds' | 'aurora' | 'elasticache';

/** The resource behind a target. */
export type PlatformRef = { kind: PlatformKind; id: string };

/** What a source can do now: a ready one can be snapshotted, and a busy one is worth waiting for. */
export type SourceState = 'ready' | 'busy' | 'stopped' | 'full' | 'deleting' | 'unusable';
export type SnapshotState = 'making' | 'available' | 'failed';

/** The source as it is now. `status` is the platform's own word, for messages. */
export type PlatformSource = PlatformRef & {
  arn: string;
  /** Never reused: a new instance of the same name has another one. */
  resourceId: string;
  state: SourceState;
  status: string;
  engine: string;
  engineVersion: string;
  /** Allocated bytes, where the platform reports them. */
  bytes: number;
  encrypted: boolean;
  kmsKey?: string;
  /** Encrypted with a key that AWS owns (`sse-rds`), which has no name and cannot be lost. */
  keyOfAws?: true;
  createdAt: string;
  instanceClass: string;
  multiAz: boolean;
  publiclyAccessible: boolean;
  deletionProtection: boolean;
  /** Automated backups: how long they are kept, in seconds (0: off), and when they are taken (`02:00-02:30`). */
  backups: { retention: number; window?: string };
  /** The range of moments that it can be restored to. */
  pitr?: { earliest?: string; latest: string };
  /** Where automated backups are replicated to: ARNs in other Regions. */
  replicatedTo: string[];
  /** Of a serverless cluster: its least and greatest capacity. */
  serverless?: { min: number; max: number };
  /** The instances of a cluster, which events and alarms name. */
  members?: string[];
  masterUser?: string;
  /** The database that was created with it, if any. */
  database?: string;
  /** The secret that RDS manages, which only RDS may write. */
  managedSecret?: string;
  endpoint?: { host: string; port: number };
  parameterGroup?: string;
  optionGroup?: string;
  subnetGroup?: string;
  securityGroups: string[];
};

export type PlatformSnapshot = {
  of: PlatformKind;
  id: string;
  arn: string;
  sourceId: string;
  resourceId?: string;
  /** Who took it: a person or a program, AWS at night, or another account that shared it. */
  type: 'manual' | 'automated' | 'shared';
  state: SnapshotState;
  /** The platform's own word, for messages. */
  status: string;
  /** When it or its copying began; for a copy, when the original was taken: that is the data's age. */
  createdAt?: string;
  takenAt?: string;
  progress?: number;
  engine: string;
  engineVersion: string;
  encrypted: boolean;
  kmsKey?: string;
  /** Encrypted with a key that AWS owns (`sse-rds`), which has no name and cannot be lost. */
  keyOfAws?: true;
  bytes: number;
  masterUser?: string;
  tags: Record<string, string>;
};

export type Quota = { used: number; most: number };

/** Tags of everything that Understudy makes, by which it recognizes its own. */
export const TAGS = {
  run: 'understudy:run',
  target: 'understudy:target',
  policy: 'understudy:policy',
  stage: 'understudy:stage',
  label: 'understudy:label',
  /** Only on what an emergency restore makes: its id. */
  restore: 'understudy:restore',
  /** `yes` only on what a drill makes: it is deleted when the drill is over. */
  drill: 'understudy:drill',
  /** Only on scratch resources: unused after this moment (UTC). */
  expires: 'understudy:expires',
} as const;
