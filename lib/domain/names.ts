import { createHash } from 'node:crypto';
import type { PlatformKind } from './points/platform-source.ts';
import { compactUtc, utc } from './time.ts';

/** All names are formed here, from the scheduled moment and never from "now". */
export type RunName = { job: string; target: string; scheduledFor: string };

/** `dump/crm-prod/2026-11-20T01:00:00Z`. A verification's last part is the point: both its triggers mean one run. */
export function runName(run: RunName): string {
  return `${run.job}/${run.target}/${run.scheduledFor}`;
}

/** Parses the name of a run; undefined for any other text. A moment or a point has no slash, but a place may have one. */
export function parseRunName(text: string): RunName | undefined {
  const [job, target, ...rest] = text.split('/');
  return job && target && rest.length > 0 ? { job, target, scheduledFor: rest.join('/') } : undefined;
}

/** The sorts of stored copies: dumps and snapshots by Understudy, and snapshots by AWS or any other tool. */
export type PointKind = 'dump' | 'snapshot' | 'automated' | 'foreign';

/** The parts of a point's id: its scheduled moment, its kind, and its place. */
export type PointName = { scheduledFor: string; kind: PointKind; place: string };

/**
 * Where dumps lie: the vault, or its replica. A snapshot lies in a Region: `eu-west-1`, or `eu-west-1/123456789012`
 * in another account.
 */
export const VAULT = 'vault';
export const REPLICA = 'replica';

/** A dump's id, unique within its target: `20261120T010000Z-1`, the scheduled moment and the attempt. */
export function pointId(scheduledFor: string, attempt: number): string {
  return `${compactUtc(scheduledFor)}-${attempt}`;
}

/** Every other point's id: `20261120T010000Z-snapshot@eu-west-1`; a dump's copy is `20261120T010000Z-1@replica`. */
export function placedId(dump: string, place: string): string {
  return `${dump}@${place}`;
}

export function snapshotPointId(
  scheduledFor: string,
  kind: Exclude<PointKind, 'dump'>,
  place: string,
): string {
  return `${compactUtc(scheduledFor)}-${kind}@${place}`;
}

export const POINT_ID =
  /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-(?:\d+(?:@(replica))?|(snapshot|automated|foreign)@([a-z0-9-]+(?:\/\d{12})?))$/;

/** Parses a point's id; undefined for any other text. */
export function parsePointId(id: string): PointName | undefined {
  const match = POINT_ID.exec(id);
  if (!match) return undefined;
  const [, y, mo, d, h, mi, s, replica, kind, place] = match;
  const moment = new Date(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
  if (Number.isNaN(moment.getTime())) return undefined;
  const scheduledFor = utc(moment);
  return kind
    ? { scheduledFor, kind: kind as PointKind, place: place! }
    : { scheduledFor, kind: 'dump', place: replica ?? VAULT };
}

/**
 * The names that a stage may have. A stage is part of the names of snapshots and of the patterns in roles: with a
 * hyphen, `understudy-dev-…` would match `understudy-dev-a-…` too; RDS ignores case, and `scratch` is reserved.
 */
const STAGE = /^(?!scratch$)[a-z][a-z0-9]{0,15}$/;

/** Why a stage cannot have this name; undefined when it can. */
export function stageProblem(stage: string): string | undefined {
  return STAGE.test(stage)
    ? undefined
    : `"${stage}" cannot be a stage: letters a-z and digits, a letter first, 16 at most, and not "scratch"; names and rights would overlap`;
}

/** The longest name of a snapshot: for RDS, for clusters, and for caches, whose console limits every name to 40. */
const LONGEST_SNAPSHOT_NAME: Record<PlatformKind, number> = { rds: 255, aurora: 63, elasticache: 40 };

/**
 * Name of a snapshot on the platform: `understudy-prod-crm-20261120t010000z`. It takes letters, digits and single
 * hyphens, begins with a letter, and ignores case; if that or its length would make two ids the same, a digest tells
 * them apart. The stage is always complete, because roles match it; where a cache's name is too short for target and
 * moment, a digest replaces both.
 */
export function snapshotName(
  stage: string,
  target: string,
  scheduledFor: string,
  of: PlatformKind = 'rds',
): string {
  const moment = compactUtc(scheduledFor).toLowerCase();
  const most = LONGEST_SNAPSHOT_NAME[of];
  const room = most - `understudy-${stage}--${moment}`.length;
  return room < DIGEST
    ? `understudy-${stage}-${digest(`${target}/${moment}`, most - `understudy-${stage}-`.length)}`
    : `understudy-${stage}-${platformName(target, room)}-${moment}`;
}

/**
 * Is a point of the same series (kind and place) as another, and not older? Only a good point of its own series
 * closes findings about a point, never a dump's replica or another kind.
 */
export function earlierOrSame(id: string, than: string): boolean {
  return seriesOf(id) === seriesOf(than) && id <= than;
}

/**
 * The same for what was restored: any later snapshot of the same place that restores counts, also one that Understudy
 * did not take.
 */
export function restoredBefore(id: string, than: string): boolean {
  const anyones = (id: string) => seriesOf(id).replace(/^(automated|foreign)@/, 'snapshot@');
  return anyones(id) === anyones(than) && id <= than;
}

function seriesOf(id: string): string {
  return id.slice(id.indexOf('-') + 1).replace(/^\d+/, 'dump');
}

/** The scheduled moment in the tag of this target's snapshot: `snapshot/crm/2026-11-20T01:00:00Z`. */
export function snapshotMoment(run: string, target: string): string | undefined {
  const name = parseRunName(run);
  if (name?.job !== 'snapshot' || name.target !== target) return undefined;
  const moment = new Date(name.scheduledFor);
  return Number.isNaN(moment.getTime()) ? undefined : utc(moment);
}

/** The prefix of every scratch instance, and of nothing else: roles may delete by this pattern. */
export const SCRATCH_PREFIX = 'understudy-scratch-';

/**
 * Name of the scratch instance of one run of one stage, the same at every replay: `understudy-scratch-crm-1f3a…`, at
 * most 60 characters. Two stages may protect the same database at the same moment.
 */
export function scratchName(stage: string, target: string, run: RunName): string {
  const plain = platformName(target).slice(0, 28).replace(/-$/, '');
  return `${SCRATCH_PREFIX}${plain}-${digest(`${stage}/${runName(run)}`, 10)}`;
}

/** What an emergency restore makes beside a living database: `crm-db-restored-20261120t120000z`. Only such names are changed. */
export const RESTORED_NAME = /^[a-z](?:-?[a-z0-9])*-(restored|replaced)-\d{8}t\d{6}z(-1)?$/;

/** The name of the new database, and that of the old one after a cutover by name; RDS takes 63 characters. */
export function restoredName(source: string, restore: string, word: 'restored' | 'replaced'): string {
  const end = `-${word}-${restore.toLowerCase()}`;
  // The member of a cluster has two characters more.
  return `${platformName(source.replace(RESTORED_END, ''), 61 - end.length)}${end}`;
}

/**
 * The same for a database beside the living one, on the same server: `crm_restored_20261120t120000z`, of 63 bytes at most.
 * It differs from the name of every instance by its underscores.
 */
export function restoredDatabase(database: string, restore: string, word: 'restored' | 'replaced'): string {
  const end = `_${word}_${restore.toLowerCase()}`;
  const name = database.replace(/_(restored|replaced)_\d{8}t\d{6}z$/, '');
  const room = LONGEST_DATABASE_NAME - end.length;
  if (Buffer.byteLength(name) <= room) return `${name}${end}`;
  const cut = Buffer.from(name).subarray(0, room - DIGEST - 1);
  // The last character may be cut in the middle.
  return `${cut.toString().replace(/\ufffd+$/, '')}_${digest(name, DIGEST)}${end}`;
}

const LONGEST_DATABASE_NAME = 63;

const RESTORED_END = /-(restored|replaced)-\d{8}t\d{6}z$/;

function platformName(name: string, most = 255): string {
  const plain = name.toLowerCase().replace(/-+/g, '-').replace(/-$/, '');
  if (plain === name && plain.length <= most) return plain;
  const beginning = plain.slice(0, Math.max(0, most - DIGEST - 1)).replace(/-$/, '');
  return `${beginning}${beginning ? '-' : ''}${digest(name, DIGEST)}`;
}

/** Length of the digest that tells two otherwise equal names apart. */
const DIGEST = 6;

function digest(text: string, characters: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, characters);
}

export type VaultKeys = { dump: string; roles: string; manifest: string };

/** The keys of one attempt's objects. A second attempt never writes the first's keys. */
export function vaultKeys(target: string, scheduledFor: string, attempt: number): VaultKeys {
  const day = utc(new Date(scheduledFor)).slice(0, 10).replaceAll('-', '/');
  const stem = `${target}/${day}/${pointId(scheduledFor, attempt)}`;
  return { dump: `${stem}.dump`, roles: `${stem}.roles.sql`, manifest: `${stem}.manifest.json` };
}

/** Where the rows of a snapshot or a moment lie for a day, in the bucket of files. */
export function extractKeys(target: string, scheduledFor: string, attempt: number): VaultKeys {
  const stem = `${EXTRACTS}/${target}/${pointId(scheduledFor, attempt)}`;
  return { dump: `${stem}.dump`, roles: `${stem}.roles.sql`, manifest: `${stem}.manifest.json` };
}

/** The prefix of extracts: roles may read and write by it. */
const EXTRACTS = 'extracts';

/** The parts of a key of `vaultKeys`. */
export type VaultKey = { target: string; scheduledFor: string; attempt: number; what: keyof VaultKeys };

const VAULT_KEY = /^([^/]+)\/\d{4}\/\d\d\/\d\d\/(\d{8}T\d{6}Z-(\d{1,9}))\.(dump|roles\.sql|manifest\.json)$/;

/** Parses a key of the vault; undefined for any that no dump writes. */
export function parseVaultKey(key: string): VaultKey | undefined {
  const [, target = '', id = '', attempt, end = ''] = VAULT_KEY.exec(key) ?? [];
  const point = parsePointId(id);
  if (!point) return undefined;
  const parts = { target, scheduledFor: point.scheduledFor, attempt: Number(attempt) };
  const what = end.split('.')[0] as keyof VaultKeys;
  return vaultKeys(target, parts.scheduledFor, parts.attempt)[what] === key ? { ...parts, what } : undefined;
}

export const TARGET_ID = /^[a-z][a-z0-9-]{0,62}$/;
