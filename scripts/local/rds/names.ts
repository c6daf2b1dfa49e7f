import { createHash, randomInt } from 'node:crypto';
import { refuse } from './errors.ts';

export const ACCOUNT = '123456789012';
export const DEFAULT_KEY = 'alias/aws/rds';

export type ArnKind =
  | 'db'
  | 'cluster'
  | 'snapshot'
  | 'cluster-snapshot'
  | 'pg'
  | 'cluster-pg'
  | 'subgrp'
  | 'auto-backup';

export const arnOf = (region: string, kind: ArnKind, id: string) =>
  `arn:aws:rds:${region}:${ACCOUNT}:${kind}:${id}`;

/** The Region, kind and id of an ARN; undefined for a plain identifier. */
export function parseArn(
  text: string,
): { region: string; account: string; kind: string; id: string } | undefined {
  const [arn, , service, region, account, kind, ...id] = text.split(':');
  if (arn !== 'arn' || service !== 'rds') return undefined;
  return { region: region!, account: account!, kind: kind!, id: id.join(':') };
}

/** Where a name may be given plainly or as an ARN. Names know no upper case. */
export const plainName = (given: string) => (parseArn(given)?.id ?? given).toLowerCase();

/** A new name as RDS takes it, in lower case. */
export function newName(given: string, parameter: string, longest = 63): string {
  const name = given.toLowerCase();
  if (!/^[a-z](-?[a-z0-9])*$/.test(name) || name.length > longest)
    refuse(
      'InvalidParameterValue',
      `The parameter ${parameter} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens.`,
    );
  return name;
}

/** Never the same again, also for a resource of the same name. */
export function resourceId(prefix: 'db' | 'cluster' | 'ab'): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return `${prefix}-${Array.from({ length: 26 }, () => letters[randomInt(letters.length)]).join('')}`;
}

/** The ARN that RDS shows for a key given as an ARN, an id or an alias. */
export function keyArn(region: string, given: string): string {
  if (given.startsWith('arn:')) return given;
  const id = given.startsWith('alias/') ? keyBehind(region, given) : given;
  return `arn:aws:kms:${region}:${ACCOUNT}:key/${id}`;
}

function keyBehind(region: string, alias: string): string {
  const hash = createHash('sha256').update(`${region}/${alias}`).digest('hex');
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    hash.slice(12, 16),
    hash.slice(16, 20),
    hash.slice(20, 32),
  ].join('-');
}
