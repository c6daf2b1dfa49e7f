import type { Target } from '../domain/plan/policy.ts';
import type { PlatformKind } from '../domain/points/platform-source.ts';

/** An engine's version, in the platform's own words: `postgres` `15.18`. */
export type EngineVersion = { engine: string; version: string };

/** Where an instance would run: the zones of its subnets, and the free addresses in all of them together. */
export type SubnetGroupFacts = { vpc: string; zones: string[]; freeAddresses: number };
export type SecurityGroupFacts = { id: string; vpc: string };
/** `family` is the one a parameter group must have; a version that is no longer `offered` is restored as a newer one. */
export type VersionFacts = { family: string; offered: boolean };
export type SupportFacts = { major: string; standardUntil: string; extendedUntil?: string };
export type KeyFacts = {
  /** The key service's own word: `Enabled`, `Disabled`, `PendingDeletion` … */
  state: string;
  /** A symmetric encryption key: the only sort that a database can be encrypted with. */
  encrypts: boolean;
  /** AWS's own default key, which cannot leave its account. */
  awsManaged: boolean;
  deletedAt?: string;
  /** When a customer's key material expires. */
  validUntil?: string;
};

/** What a restore would do, for the question whether it is allowed. ARNs and names; tags as they would be set. */
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
 * What a restore depends on, one question each: it resolves with the answer, `undefined` if something does not exist,
 * and rejects when the answer could not be obtained. Asking changes nothing and costs next to nothing.
 */
export type RestoreConditions = {
  subnetGroup(name: string): Promise<SubnetGroupFacts | undefined>;
  /** Those of the given groups that exist. */
  securityGroups(ids: readonly string[]): Promise<SecurityGroupFacts[]>;
  /** The family of a parameter group: a cluster's for Aurora, else an instance's. */
  parameterFamily(kind: PlatformKind, name: string): Promise<string | undefined>;
  engineVersion(of: EngineVersion): Promise<VersionFacts | undefined>;
  /** Rejects when nothing is known of this version, which is not proof that it is supported. */
  support(of: EngineVersion): Promise<SupportFacts>;
  key(id: string): Promise<KeyFacts | undefined>;
  /** Why the target's secret cannot be read; undefined when it can. Returns none of its content. */
  secretProblem(target: Target): Promise<string | undefined>;
  /** What this restore needs and the restoring role is denied. */
  denied(intent: RestoreIntent): Promise<Denial[]>;
};
