import type { EngineName } from '../domain/plan/engines.ts';
import type {
  PlatformKind,
  PlatformRef,
  PlatformSnapshot,
  PlatformSource,
  Quota,
} from '../domain/points/platform.ts';

/** Where snapshots lie: the name in points, the Region, and the role that is taken on for another account. */
export type Place = { name: string; region: string; account?: string | undefined; role?: string | undefined };

/** As the platform names them: `aurora-postgresql`, `16.4`. */
export type EngineVersion = { engine: string; engineVersion: string };

/** What groups an engine's version may have, and what Understudy calls the engine. */
export type EngineFamily = {
  engine?: EngineName;
  isAurora: boolean;
  /** Its own default parameters; groups of another family are refused. */
  parameterGroup: string;
  optionGroup: string;
};

export type SnapshotTags = Record<string, string>;

/**
 * The service that keeps the instances and their snapshots. Every call is one request (or one a page), and rejects with
 * an UnderstudyError whose code says what stands in the way: `source-not-found`, `source-busy`, `snapshot-exists`,
 * `snapshot-quota`, `copy-quota`, `key-inaccessible`, `platform-refused`, `platform-unreachable` (worth trying again).
 */
export type Platform = {
  source(ref: PlatformRef): Promise<PlatformSource | undefined>;
  /** Every snapshot of a source in a place, whoever took it. */
  snapshots(ref: PlatformRef, place: Place): Promise<PlatformSnapshot[]>;
  snapshot(of: PlatformKind, id: string, place: Place): Promise<PlatformSnapshot | undefined>;
  takeSnapshot(ref: PlatformRef, id: string, tags: SnapshotTags): Promise<void>;
  /** Begins a copy in its destination. `from` must lie in the same account, or be shared with the destination's. */
  copySnapshot(
    from: Pick<PlatformSnapshot, 'of' | 'arn' | 'encrypted'> & { region: string },
    to: { id: string; place: Place; kmsKey?: string | undefined; tags: SnapshotTags },
  ): Promise<void>;
  /** Lets another account restore and copy a snapshot of ours. */
  share(of: PlatformKind, id: string, place: Place, account: string): Promise<void>;
  /** Resolves when it is gone or going; one that is gone already is no mistake. */
  deleteSnapshot(of: PlatformKind, id: string, place: Place): Promise<void>;
  family(version: EngineVersion): Promise<EngineFamily>;
  quotas(place: Place): Promise<{ snapshots?: Quota; instances?: Quota }>;
};

type RestoreState = 'ready' | 'coming' | 'failed' | 'unusable';

/** A scratch instance or cluster as it is now. */
export type ScratchState = {
  kind: 'rds' | 'aurora';
  name: string;
  /** Never given twice. Of a cluster, its own; `members` has those of its instances. */
  resourceId: string;
  /** `failed`: the restore itself. `unusable`: no waiting ends it, for another reason. */
  state: RestoreState;
  /** The platform's own word for it, for messages. */
  status: string;
  endpoint?: { host: string; port: number };
  /** Changes that were asked for and are not in effect yet, a password among them. */
  pending: boolean;
  tags: Record<string, string>;
  members: { name: string; state: RestoreState; status: string; resourceId: string }[];
};

/** What is to be restored onto a scratch instance, and under which quarantine. */
export type ScratchOrder = {
  kind: 'rds' | 'aurora';
  name: string;
  from:
    | { snapshot: string }
    /** Without a moment: the latest that can be. */
    | { source: string; resourceId: string; moment?: string | undefined };
  engine: string;
  engineVersion: string;
  instanceClass: string;
  subnetGroup: string;
  securityGroups: string[];
  parameterGroup?: string | undefined;
  optionGroup?: string | undefined;
  tags: Record<string, string>;
};

/** A scratch parameter group, and whose it is. */
export type StrayParameters = { kind: 'rds' | 'aurora'; name: string; tags: Record<string, string> };

/**
 * The instances that are thrown away. Nothing here touches one whose name does not begin with `understudy-scratch-`:
 * a mistake elsewhere must end in a refusal, not in a deleted database.
 */
export type ScratchInstances = {
  /** Copies the source's parameter group under this name, with what could reach out switched off. Done before is done. */
  quarantineParameters(
    kind: 'rds' | 'aurora',
    sourceGroup: string,
    name: string,
    tags: Record<string, string>,
  ): Promise<void>;
  removeParameters(kind: 'rds' | 'aurora', name: string): Promise<void>;
  /** Parameter groups whose name begins as scratch does, but for those that are known. */
  strayParameters(known: ReadonlySet<string>): Promise<StrayParameters[]>;
  /** Begins the restore. One of the same name that bears the same run is ours and adopted; another is refused. */
  begin(order: ScratchOrder): Promise<void>;
  look(kind: 'rds' | 'aurora', name: string): Promise<ScratchState | undefined>;
  /** The one instance of a scratch cluster. Done before is done. */
  addMember(order: ScratchOrder): Promise<void>;
  /** Makes the password in the scratch secret the master's, and switches off backups where they are on. */
  secure(kind: 'rds' | 'aurora', name: string, password: string): Promise<void>;
  /** Takes the next step of deleting: members first, then the cluster, never with a final snapshot. `gone` once nothing is there. */
  remove(kind: 'rds' | 'aurora', name: string): Promise<'removing' | 'gone'>;
  /** Everything whose name begins as scratch does. */
  list(): Promise<ScratchState[]>;
};

/** Secrets that exist for one scratch instance and go with it. */
export type ScratchSecrets = {
  /** Makes a random password under this name, or keeps the one that is there. */
  create(name: string, tags: Record<string, string>): Promise<void>;
  password(name: string): Promise<string>;
  destroy(name: string): Promise<void>;
};
