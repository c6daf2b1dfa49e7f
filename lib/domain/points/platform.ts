/**
 * What AWS itself backs up, as the workflows know it: an RDS instance, an Aurora cluster or an ElastiCache cache, its
 * snapshots, and how far it can be wound back. Bytes, seconds and UTC.
 */
export type PlatformKind = 'rds' | 'aurora' | 'elasticache';

/** Which one stands behind a target. */
export type PlatformRef = { kind: PlatformKind; id: string };

/** What a source can do now: a snapshot is taken of one that is ready, and a busy one is worth waiting for. */
export type SourceState = 'ready' | 'busy' | 'stopped' | 'full' | 'deleting' | 'unusable';
export type SnapshotState = 'making' | 'available' | 'failed';

/** The source as it is now. `status` is the platform's own word for it, for messages. */
export type PlatformSource = PlatformRef & {
  arn: string;
  /** Never given twice: a new instance of the same name has another one. */
  resourceId: string;
  state: SourceState;
  status: string;
  engine: string;
  engineVersion: string;
  /** Allocated, where the platform says it. */
  bytes: number;
  encrypted: boolean;
  kmsKey?: string;
  /** Encrypted with a key that AWS owns itself (`sse-rds`), which has no name and cannot be lost. */
  keyOfAws?: true;
  createdAt: string;
  instanceClass: string;
  multiAz: boolean;
  publiclyAccessible: boolean;
  deletionProtection: boolean;
  /** Automated backups: how long they are kept, in seconds (0: off), and when they are taken (`02:00-02:30`). */
  backups: { retention: number; window?: string };
  /** From when to when it can be restored to any moment. */
  pitr?: { earliest?: string; latest: string };
  /** Where automated backups are replicated to: ARNs in other Regions. */
  replicatedTo: string[];
  /** Of a cluster: its instances, which events and alarms are about. */
  members?: string[];
  masterUser?: string;
  /** The database made with it, where one was. */
  database?: string;
  /** The secret that RDS manages itself, which nobody else may write. */
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
  /** The platform's own word for it, for messages. */
  status: string;
  /** When its copying or taking began, and of a copy, when the original was taken: that is the data's age. */
  createdAt?: string;
  takenAt?: string;
  progress?: number;
  engine: string;
  engineVersion: string;
  encrypted: boolean;
  kmsKey?: string;
  /** Encrypted with a key that AWS owns itself (`sse-rds`), which has no name and cannot be lost. */
  keyOfAws?: true;
  bytes: number;
  masterUser?: string;
  tags: Record<string, string>;
};

export type Quota = { used: number; most: number };

/** What we put on everything we make, so that we know our own again. */
export const TAGS = {
  run: 'understudy:run',
  target: 'understudy:target',
  policy: 'understudy:policy',
  stage: 'understudy:stage',
  label: 'understudy:label',
  /** On scratch things only: after this moment (UTC) nobody needs them. */
  expires: 'understudy:expires',
} as const;
