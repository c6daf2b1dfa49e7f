import { createHash, randomInt } from 'node:crypto';
import { refuse } from './errors.ts';

export const ACCOUNT = '123456789012';
export const DEFAULT_KEY = 'alias/aws/rds';

/** What RDS has, by the noun that its actions and parameters are built from, and how an ARN calls it. */
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

export const arnOf = (region: string, noun: Noun, id: string) =>
  `arn:aws:rds:${region}:${ACCOUNT}:${ARN_KINDS[noun]}:${id}`;

/** The Region, noun and id of an ARN; undefined for a plain identifier. */
export function parseArn(text: string): { region: string; noun: Noun | undefined; id: string } | undefined {
  const [arn, , service, region, , kind, ...id] = text.split(':');
  if (arn !== 'arn' || service !== 'rds') return undefined;
  const nouns = Object.keys(ARN_KINDS) as Noun[];
  return { region: region!, noun: nouns.find((noun) => ARN_KINDS[noun] === kind), id: id.join(':') };
}

/** The code of a refusal: `DBSnapshotNotFound`, `InvalidDBClusterStateFault`. Cluster parameter groups have no codes of their own. */
export function codeOf(noun: Noun, what: 'NotFound' | 'AlreadyExists' | 'State'): string {
  const base = noun === 'DBClusterParameterGroup' ? 'DBParameterGroup' : noun;
  const end = /^DBCluster|Subnet/.test(base) ? 'Fault' : '';
  return what === 'State' ? `Invalid${base}State${end}` : base + what + end;
}

/** A new name as RDS takes it, in lower case. */
export function newName(given: string, noun: Noun, longest = 63): string {
  const name = given.toLowerCase();
  if (!/^[a-z](-?[a-z0-9])*$/.test(name) || name.length > longest)
    refuse(
      'InvalidParameterValue',
      `${given} is not a valid name of a ${noun}. It must begin with a letter, contain only ASCII letters, digits, and hyphens, and not end with a hyphen or contain two consecutive hyphens.`,
    );
  return name;
}

/** Never the same again, also for a resource of the same name. */
export function resourceId(noun: 'DBInstance' | 'DBCluster'): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return `${ARN_KINDS[noun]}-${Array.from({ length: 26 }, () => letters[randomInt(letters.length)]).join('')}`;
}

/** The ARN that RDS shows for a key given as an ARN, an id or an alias. */
export function keyArn(region: string, given: string): string {
  if (given.startsWith('arn:')) return given;
  const hash = createHash('sha256').update(`${region}/${given}`).digest('hex');
  const behind = hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, '$1-$2-$3-$4-$5');
  return `arn:aws:kms:${region}:${ACCOUNT}:key/${given.startsWith('alias/') ? behind : given}`;
}
