import type { Target } from '../domain/plan/policy.ts';
import type { PlatformKind } from '../domain/points/platform.ts';

/** An engine's version, in the platform's own words: `postgres` `15.18`. */
export type EngineVersion = { engine: string; version: string };

/** Where an instance would stand: the zones of its subnets, and the addresses that are free in all of them together. */
export type SubnetGroupFacts = { vpc: string; zones: string[]; freeAddresses: number };
export type SecurityGroupFacts = { id: string; vpc: string };
/** `family` is what a parameter group must be of; one that is not `offered` any more is restored as a newer version. */
export type VersionFacts = { family: string; offered: boolean };
export type SupportFacts = { major: string; standardUntil: string; extendedUntil?: string };
export type KeyFacts = {
  /** The key service's own word: `Enabled`, `Disabled`, `PendingDeletion` … */
  state: string;
  /** A symmetric key that encrypts: the only sort that a database can be encrypted with. */
  encrypts: boolean;
  /** AWS's own default key, which cannot leave its account. */
  awsManaged: boolean;
  deletedAt?: string;
  /** When key material of somebody's own expires. */
  validUntil?: string;
};

/** What a restore would be asked to do, for the question whether it is allowed. ARNs and names; tags as they would be set. */
export type RestoreIntent = {
  kind: Exclude<PlatformKind, 'elasticache'>;
  sourceArn?: string | undefined;
  snapshotArn?: string | undefined;
  kmsKey?: string | undefined;
  subnetGroup?: string | undefined;
  optionGroup?: string | undefined;
  tags: Record<string, string>;
};
export type Denial = { action: string; resource: string; why: string };

/**
 * What a restore depends on, each a question of its own: it resolves with what is so, `undefined` where a thing is not
 * there, and rejects when that could not be found out. Asking changes nothing and costs next to nothing.
 */
export type RestoreConditions = {
  subnetGroup(name: string): Promise<SubnetGroupFacts | undefined>;
  /** Those of the given groups that exist. */
  securityGroups(ids: readonly string[]): Promise<SecurityGroupFacts[]>;
  /** The family of a parameter group: of a cluster's for Aurora, of an instance's else. */
  parameterFamily(kind: PlatformKind, name: string): Promise<string | undefined>;
  engineVersion(of: EngineVersion): Promise<VersionFacts | undefined>;
  /** Rejects when nothing is said of this version: that is not known to be good. */
  support(of: EngineVersion): Promise<SupportFacts>;
  key(id: string): Promise<KeyFacts | undefined>;
  /** Why the target's secret cannot be read; undefined when it can. Nothing of it comes out. */
  secretProblem(target: Target): Promise<string | undefined>;
  /** What the role that restores is denied of what this restore needs. */
  denied(intent: RestoreIntent): Promise<Denial[]>;
};
