import { createHash, randomBytes } from 'node:crypto';
import type { ServiceInputTypes, Tag } from '@aws-sdk/client-rds';
import { rejectCall, rejectValue } from './model.ts';

const ACCOUNT = '123456789012';
export const DEFAULT_KEY = 'alias/aws/rds';

/** Resources of RDS, by the noun in its actions and parameters, with their word in an ARN. */
export const ARN_KINDS = {
  DBInstance: 'db',
  DBCluster: 'cluster',
  DBSnapshot: 'snapshot',
  DBClusterSnapshot: 'cluster-snapshot',
  DBParameterGroup: 'pg',
  DBClusterParameterGroup: 'cluster-pg',
  DBSubnetGroup: 'subgrp',
} as const;
export type Noun = keyof typeof ARN_KINDS;

/** Instances and clusters are one thing under two sets of names. */
export const INSTANCE = {
  noun: 'DBInstance',
  snapshot: 'DBSnapshot',
  group: 'DBParameterGroup',
  /** The least days of backups. */
  leastRetention: 0,
  quota: 'instances',
  quotaExceeded: 'InstanceQuotaExceeded',
  snapshotQuota: 'snapshots',
  /** The parameters of its restores. */
  restored: 'DBSnapshotIdentifier',
  target: 'TargetDBInstanceIdentifier',
  time: 'RestoreTime',
} as const;

export const CLUSTER = {
  noun: 'DBCluster',
  snapshot: 'DBClusterSnapshot',
  group: 'DBClusterParameterGroup',
  leastRetention: 1,
  quota: 'clusters',
  quotaExceeded: 'DBClusterQuotaExceededFault',
  snapshotQuota: 'clusterSnapshots',
  restored: 'SnapshotIdentifier',
  target: 'DBClusterIdentifier',
  time: 'RestoreToTime',
} as const;

export type Kind = typeof INSTANCE | typeof CLUSTER;

type Merged<T> = (T extends unknown ? (one: T) => void : never) extends (all: infer A) => void ? A : never;

/** Every parameter of RDS's actions. The model has checked their types. */
export type Input = Partial<Merged<ServiceInputTypes>>;

export const arnOf = (region: string, noun: Noun, id: string) =>
  `arn:aws:rds:${region}:${ACCOUNT}:${ARN_KINDS[noun]}:${id}`;

/** The Region, noun and id of an ARN; undefined for a plain identifier. */
export function parseArn(text: string): { region: string; noun: Noun | undefined; id: string } | undefined {
  const [arn, , service, region, , kind, ...id] = text.split(':');
  if (arn !== 'arn' || service !== 'rds') return undefined;
  const nouns = Object.keys(ARN_KINDS) as Noun[];
  return { region: region!, noun: nouns.find((noun) => ARN_KINDS[noun] === kind), id: id.join(':') };
}

/**
 * The code of a refusal: `DBSnapshotNotFound`, `InvalidDBClusterStateFault`. Cluster parameter groups have no codes
 * of their own.
 */
export function errorCodeFor(noun: Noun, what: 'NotFound' | 'AlreadyExists' | 'State'): string {
  const base = noun === 'DBClusterParameterGroup' ? 'DBParameterGroup' : noun;
  const end = /^DBCluster|Subnet/.test(base) ? 'Fault' : '';
  return what === 'State' ? `Invalid${base}State${end}` : base + what + end;
}

/** Refuses an action in a resource's state. */
export function rejectState({ noun, id }: { noun: Noun; id: string }, why: string): never {
  rejectCall(errorCodeFor(noun, 'State'), `The ${noun} ${id} ${why}.`);
}

/** Tags as RDS accepts them; none by default. */
export function newTags(tags: Tag[] = []): Tag[] {
  const wrong = tags.find(({ Key }) => !Key || Key.startsWith('aws:'));
  if (wrong) rejectValue(`The tag key '${wrong.Key}' may not be empty or begin with aws:`);
  return tags.map(({ Key, Value = '' }) => ({ Key, Value }));
}

/** Never reused, even for a resource of the same name. */
export const resourceId = (noun: 'DBInstance' | 'DBCluster') =>
  `${ARN_KINDS[noun]}-${randomBytes(13).toString('hex').toUpperCase()}`;

/** The ARN that RDS shows for a key given as an ARN, an id or an alias. */
export function keyArn(region: string, given: string): string {
  if (given.startsWith('arn:')) return given;
  const behind = createHash('md5').update(`${region}/${given}`).digest('hex');
  return `arn:aws:kms:${region}:${ACCOUNT}:key/${given.startsWith('alias/') ? behind : given}`;
}
