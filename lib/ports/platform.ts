import type { EngineName } from '../domain/plan/engines.ts';
import type {
  PlatformKind,
  PlatformRef,
  PlatformSnapshot,
  PlatformSource,
  Quota,
} from '../domain/points/platform-source.ts';

/** Where snapshots lie: the name in points, the Region, and the role that is assumed for another account. */
export type Place = { name: string; region: string; account?: string | undefined; role?: string | undefined };

/** As the platform names them: `aurora-postgresql`, `16.4`. */
export type PlatformEngine = { engine: string; engineVersion: string };

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
 * The service that keeps instances and their snapshots. Every call is one request (or one for each page), and rejects
 * with an UnderstudyError whose code names the obstacle: `source-not-found`, `source-busy`, `snapshot-exists`,
 * `snapshot-quota`, `copy-quota`, `key-inaccessible`, `platform-refused`, `platform-unreachable` (worth trying
 * again).
 */
export type Platform = {
  source(ref: PlatformRef): Promise<PlatformSource | undefined>;
  /** Every snapshot of a source in a place, by any creator. */
  snapshots(ref: PlatformRef, place: Place): Promise<PlatformSnapshot[]>;
  snapshot(of: PlatformKind, id: string, place: Place): Promise<PlatformSnapshot | undefined>;
  takeSnapshot(ref: PlatformRef, id: string, tags: SnapshotTags): Promise<void>;
  /** Begins a copy in its destination. `from` must lie in the same account, or be shared with the destination's. */
  copySnapshot(
    from: Pick<PlatformSnapshot, 'of' | 'arn' | 'encrypted'> & { region: string },
    to: { id: string; place: Place; kmsKey?: string | undefined; tags: SnapshotTags },
  ): Promise<void>;
  /** Lets another account restore and copy a snapshot. */
  share(of: PlatformKind, id: string, place: Place, account: string): Promise<void>;
  /** Resolves when it is deleted or being deleted; one that no longer exists is not an error. */
  deleteSnapshot(of: PlatformKind, id: string, place: Place): Promise<void>;
  family(version: PlatformEngine): Promise<EngineFamily>;
  quotas(place: Place): Promise<{ snapshots?: Quota; instances?: Quota }>;
};

type RestoreState = 'ready' | 'coming' | 'failed' | 'unusable';

/** A scratch instance or cluster as it is now. */
export type ScratchState = {
  kind: 'rds' | 'aurora';
  name: string;
  /** Never reused. For a cluster, its own; `members` has those of its instances. */
  resourceId: string;
  /** `failed`: the restore itself. `unusable`: it will not become ready for another reason. */
  state: RestoreState;
  /** The platform's own word, for messages. */
  status: string;
  endpoint?: { host: string; port: number };
  /** Requested changes that are not in effect yet, a password among them. */
  pending: boolean;
  tags: Record<string, string>;
  members: { name: string; state: RestoreState; status: string; resourceId: string }[];
};

/** An instance without data. It is encrypted, with the default key where none is named. */
export type EmptyOrder = {
  masterUser: string;
  /** The storage that it begins with. */
  bytes: number;
  kmsKey?: string | undefined;
  port?: number | undefined;
};

/** What to restore onto a scratch instance, and under which quarantine. */
export type ScratchOrder = {
  kind: 'rds' | 'aurora';
  name: string;
  from:
    | { snapshot: string }
    /** By default the latest possible moment. */
    | { source: string; resourceId: string; moment?: string | undefined }
    /** A new one without data, which a dump is loaded into. */
    | { empty: EmptyOrder };
  engine: string;
  engineVersion: string;
  instanceClass: string;
  subnetGroup: string;
  securityGroups: string[];
  parameterGroup?: string | undefined;
  optionGroup?: string | undefined;
  /** Capacity of a serverless cluster, which needs one. */
  serverless?: PlatformSource['serverless'];
  /** How many days its own backups are kept; none by default. */
  backupDays?: number | undefined;
  tags: Record<string, string>;
};

/** A scratch parameter group, and its owner. */
export type StrayParameters = { kind: 'rds' | 'aurora'; name: string; tags: Record<string, string> };

/**
 * Scratch instances. Every call refuses a name that does not begin with `understudy-scratch-`: a mistake elsewhere
 * must end in a refusal, not in a deleted database.
 */
export type ScratchInstances = {
  /**
   * Copies the source's parameter group under this name, with everything disabled that could reach out. Repeating it
   * changes nothing.
   */
  quarantineParameters(
    kind: 'rds' | 'aurora',
    sourceGroup: string,
    name: string,
    tags: Record<string, string>,
  ): Promise<void>;
  removeParameters(kind: 'rds' | 'aurora', name: string): Promise<void>;
  /** Parameter groups with the scratch prefix, except the known ones. */
  strayParameters(known: ReadonlySet<string>): Promise<StrayParameters[]>;
  /** Begins the restore. An instance of the same name and run is adopted; any other is refused. */
  begin(order: ScratchOrder): Promise<void>;
  look(kind: 'rds' | 'aurora', name: string): Promise<ScratchState | undefined>;
  /** Makes the only instance of a scratch cluster. Repeating it changes nothing. */
  addMember(order: ScratchOrder): Promise<void>;
  /** Sets the master password to the one in the scratch secret, and disables backups. */
  secure(kind: 'rds' | 'aurora', name: string, password: string): Promise<void>;
  /**
   * Takes the next step of deleting: members first, then the cluster, never with a final snapshot. `gone` once
   * nothing is left.
   */
  remove(kind: 'rds' | 'aurora', name: string): Promise<'removing' | 'gone'>;
  /** Every instance and cluster with the scratch prefix. */
  list(): Promise<ScratchState[]>;
};

/** Secrets of scratch instances, deleted with them. */
export type ScratchSecrets = {
  /** Makes a random password under this name, or keeps an existing one. */
  create(name: string, tags: Record<string, string>): Promise<void>;
  password(name: string): Promise<string>;
  destroy(name: string): Promise<void>;
};

/** A setting of the old instance that the new one lacks. Without `command` it is being set. */
export type MissingSetting = { what: string; command?: string };

/** The old database and the one that replaces it. `takesName`: the new one will have the old one's name. */
export type LeavingBehind = {
  kind: 'rds' | 'aurora';
  old: string;
  /** The instances of the old cluster. */
  members: readonly string[];
  name: string;
  takesName: boolean;
};

/** Instances that an emergency restore makes beside the living ones. */
export type RestoredInstances = Pick<
  ScratchInstances,
  'quarantineParameters' | 'removeParameters' | 'begin' | 'look' | 'addMember' | 'secure'
> & {
  /**
   * Gives the new one the old one's settings that do not end the quarantine: backups, storage, protection, tags. Each
   * call asks for what is missing and resolves with it; empty, or commands alone, when there is nothing left to do.
   */
  complete(kind: 'rds' | 'aurora', old: string, name: string): Promise<MissingSetting[]>;
  /**
   * What names the old one and will not follow to the new one: proxies, alarms, event subscriptions, each with the command that
   * moves it. What cannot be seen is listed as unknown.
   */
  leftBehind(about: LeavingBehind): Promise<MissingSetting[]>;
  /**
   * Ends the quarantine: the old one's security groups and parameters, with the restart that parameters need. Repeat it
   * until it is done.
   */
  release(
    kind: 'rds' | 'aurora',
    old: Pick<PlatformSource, 'securityGroups' | 'parameterGroup'>,
    name: string,
  ): Promise<'done' | 'working'>;
  /**
   * Takes the next step of deleting what a drill has made; repeat it until it is `gone`. Rejects with `not-drilled` for anything
   * that does not have the tag of a drill.
   */
  removeDrilled(kind: 'rds' | 'aurora', name: string): Promise<'removing' | 'gone'>;
  /**
   * Gives the resource with this id another name, which the one with the id `leaving` may still have for a moment.
   * Repeat it until it is done. Rejects with `instance-exists` when another resource has the name, and
   * `source-not-found` when none has the id under either name.
   */
  rename(
    kind: 'rds' | 'aurora',
    resourceId: string,
    from: string,
    to: string,
    leaving?: string,
  ): Promise<'done' | 'working'>;
};
