import type { OpenFinding } from '../findings/finding-record.ts';
import type { FindingCode } from '../findings/registry.ts';
import { SEVERITIES } from '../findings/severity.ts';
import { isSnapshot } from '../points/recovery-point.ts';
import { assertionSubject, rtoSubject } from '../proof/evidence.ts';
import { type Concern, makesInstance, type PlanInput, type Way, type WayKind } from './way.ts';

type Found = Pick<OpenFinding, 'subject' | 'message'>;
/** Is a finding of this code about the way? */
type Rule = (way: Way, found: Found, input: PlanInput) => boolean;

/**
 * The open findings that concern a way, the worst first: about its point, its place, its key, or what a new instance
 * needs. A finding about another way of the same target is none of its.
 */
export function concernsOf(way: Way, input: PlanInput): Concern[] {
  const { findings } = input;
  return findings
    .filter((found) => way.point === found.subject || RULES[found.code]?.(way, found, input))
    .map(({ code, subject, severity, message, since }) => ({
      ...{ code, subject, severity, message, since },
      stops: STOPS.includes(code) && !(code === 'restore-secret-unreadable' && !needsSecret(way, input)),
    }))
    .sort(
      (a, b) =>
        Number(b.stops) - Number(a.stops) ||
        SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
        a.code.localeCompare(b.code),
    );
}

/**
 * A restore would fail with these, or bring back what is damaged. By code and not by severity: a policy that pages
 * for less makes nothing restorable.
 */
const STOPS: readonly FindingCode[] = [
  'artifact-missing',
  'artifact-size-mismatch',
  'artifact-replaced',
  'checksum-mismatch',
  'archive-unreadable',
  'toc-mismatch',
  'manifest-missing',
  'manifest-invalid',
  'proof-mismatch',
  'restore-failed',
  'snapshot-deleted',
  'source-missing',
  'source-replaced',
  'instance-deleted',
  'backups-disabled',
  'restore-key-unusable',
  'restore-network-missing',
  'restore-parameters-missing',
  'restore-quota',
  'restore-snapshot-missing',
  'restore-secret-unreadable',
  'restore-denied',
];

const ofKind =
  (...kinds: WayKind[]): Rule =>
  ({ kind }) =>
    kinds.includes(kind);
const ofNewInstance: Rule = (way, _found, input) => makesInstance(way, input);
const ofPlace: Rule = ({ kind, place }, { subject }) => kind !== 'rows' && place === subject;
const ofSort: Rule = ({ kind }, { subject }) => kind === subject;
/** The living database, and what AWS keeps with it. */
const ofSource: Rule = ({ kind }, { subject }, { target }) =>
  (kind === 'rows' || kind === 'moment') && subject === target.platform?.id;

const RULES: Partial<Record<FindingCode, Rule>> = {
  // The subject of a rehearsed moment is no point of the catalog.
  'restore-failed': ofRehearsedMoment,
  'proof-mismatch': ofRehearsedMoment,
  'proof-incomplete': ofSort,
  'heartbeat-mismatch': ofSort,
  'index-corrupt': ofKind('moment', 'snapshot'),
  'rto-breached': ({ kind }, { subject }) => kind !== 'rows' && subject === rtoSubject({ sort: kind }),
  'assertion-failed': ofAssertion,
  'assertion-unanswered': ofAssertion,
  'copy-late': ofPlace,
  'copy-impossible': ofPlace,
  'source-missing': ofSource,
  'instance-deleted': ofSource,
  'source-replaced': ofKind('rows', 'moment'),
  'backups-disabled': ofKind('moment'),
  'pitr-window-short': ofKind('moment'),
  'platform-backup-failed': ofKind('moment'),
  'storage-full': ofKind('moment'),
  'restore-key-unusable': ofKey,
  'restore-network-missing': ofNetwork,
  'restore-parameters-missing': ofNewInstance,
  'restore-quota': ofNewInstance,
  'restore-snapshot-missing': ({ point }, { message }) => point !== undefined && names(message, point),
  'restore-secret-unreadable': (way, found, input) =>
    way.kind === 'rows' || way.beside === true || ofNewInstance(way, found, input),
  'restore-denied': ofDenied,
  'engine-end-of-support': ofNewInstance,
  'preflight-unknown': ofQuestion,
};

function ofRehearsedMoment({ kind }: Way, { subject }: Found): boolean {
  return kind === 'moment' && subject.endsWith('-moment');
}

function ofAssertion({ kind }: Way, { subject }: Found, { target }: PlanInput): boolean {
  return kind !== 'rows' && target.assertions.some(({ name }) => assertionSubject(name, kind) === subject);
}

/** `key`: the preflight names those of the source and of the newest snapshot. The source’s id: RDS reported it. */
function ofKey(way: Way, { subject, message }: Found, input: PlanInput): boolean {
  const { target, points, status, home } = input;
  const source = status?.platform?.source;
  if (subject !== 'key' && subject !== target.platform?.id) return false;
  if (way.kind === 'moment')
    return subject !== 'key' || !source || (source.kmsKey !== undefined && names(message, source.kmsKey));
  const point = points.filter(isSnapshot).find(({ id, place }) => id === way.point && place === home);
  const key = point?.snapshot.kmsKey;
  if (key === undefined) return false;
  return subject === 'key' ? names(message, key) : key === source?.kmsKey;
}

/** Rehearsals have a network of their own, which says nothing about where an emergency restores to. */
function ofNetwork(way: Way, { message }: Found, input: PlanInput): boolean {
  const { target, status } = input;
  const { quarantine, subnetGroup, securityGroups = [] } = target.policy.restore;
  const source = status?.platform?.source;
  const used = [...quarantine, ...(source ? [source.subnetGroup] : [subnetGroup, ...securityGroups])];
  return makesInstance(way, input) && used.some((each) => each !== undefined && names(message, each));
}

/** A denied action may be that of one sort alone. */
function ofDenied(way: Way, { message }: Found, input: PlanInput): boolean {
  if (!makesInstance(way, input)) return false;
  const [snapshot, moment] = [/From(DB)?Snapshot/.test(message), /ToPointInTime/.test(message)];
  if (snapshot === moment) return true;
  return way.kind === 'snapshot' ? snapshot : way.kind === 'moment' && moment;
}

/** Questions of the preflight that concern one sort of way alone. */
const OF_MOMENT = ['source', 'pitr window'];

function ofQuestion(way: Way, { subject }: Found, input: PlanInput): boolean {
  const [, abroad] = /^(?:quotas of|copies in) (.+)$/.exec(subject) ?? [];
  if (abroad) return way.kind === 'snapshot' && way.place === abroad;
  if (!makesInstance(way, input)) return false;
  if (OF_MOMENT.includes(subject)) return way.kind === 'moment';
  return subject === 'snapshot' ? way.kind === 'snapshot' : true;
}

/** Rows need the living database; a restore into service needs its users, if it freezes or switches anything. */
function needsSecret({ kind }: Way, { target }: PlanInput): boolean {
  const { freeze, cutover } = target.policy.restore;
  return kind === 'rows' || freeze !== 'none' || cutover !== 'none';
}

/** Does a message contain this name, and not only as a part of another? */
function names(message: string, name: string): boolean {
  const at = message.indexOf(name);
  if (at < 0) return false;
  const around = [message[at - 1], message[at + name.length]];
  if (around.every((each) => each === undefined || !/[\w-]/.test(each))) return true;
  return names(message.slice(at + 1), name);
}
