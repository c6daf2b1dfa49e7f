import { DEPLOYMENT, type Finding, type FindingCode, finding } from '../findings/finding.ts';
import type { Target } from '../plan/policy.ts';
import { nextFirings, type Schedule } from '../plan/schedule.ts';
import type { PlatformRef, PlatformSource, Quota } from '../points/platform-source.ts';
import { humanSeconds, secondsBetween } from '../time.ts';

const HOUR = 3600;
const DAY = 86_400;
/** Above this share the Region's quota of manual snapshots is nearly used. */
const NEAR = 0.8;

/** Does the source exist, and is it what the target names? */
export function checkExistence(
  target: Target,
  ref: PlatformRef,
  source: PlatformSource | undefined,
): Finding[] {
  if (source) return [];
  const what = { rds: 'instance', aurora: 'cluster', elasticache: 'cache' }[ref.kind];
  const message = `the ${what} ${ref.id} of ${target.id} does not exist`;
  return [finding('source-missing', { target, subject: ref.id, message })];
}

/** Can it be restored to a moment, as far back as promised? A source younger than the window cannot, yet. */
export function checkBackups(target: Target, source: PlatformSource, now: Date): Finding[] {
  const about = { target, subject: source.id };
  const { retention } = source.backups;
  if (retention === 0)
    return [
      finding('backups-disabled', {
        ...about,
        message: `${source.id} has automated backups switched off: RDS cannot restore it to any moment`,
      }),
    ];
  const { window } = target.policy.pitr;
  // The actual range is owed only where moments are promised.
  const reaches = target.policy.objectives.rpo.pitr === undefined ? undefined : reachOf(source, window, now);
  const short = Math.min(retention, reaches ?? retention);
  // Automated backups are daily: the oldest is deleted as a whole, and with it up to a day.
  if (retention >= window && short > window - DAY) return [];
  const why =
    retention < window
      ? `keeps automated backups for ${humanSeconds(retention)}`
      : `can be restored only to moments of the last ${humanSeconds(short)}`;
  return [
    finding('pitr-window-short', {
      ...about,
      days: Math.ceil(window / DAY),
      message: `${source.id} ${why}; the policy promises ${humanSeconds(window)}`,
    }),
  ];
}

/** Must the platform report the earliest moment that the source can be restored to? Not for a young source. */
export function owesWindow(target: Target, source: PlatformSource, now: Date): boolean {
  return (
    target.policy.objectives.rpo.pitr !== undefined &&
    source.backups.retention > 0 &&
    !isYoung(source, target.policy.pitr.window, now)
  );
}

function reachOf(source: PlatformSource, window: number, now: Date): number | undefined {
  const earliest = source.pitr?.earliest;
  return earliest === undefined || isYoung(source, window, now) ? undefined : secondsBetween(earliest, now);
}

function isYoung(source: PlatformSource, window: number, now: Date): boolean {
  return source.createdAt !== '' && secondsBetween(source.createdAt, now) < window;
}

/** Is the source set up as one that must not be lost? */
export function checkPosture(target: Target, source: PlatformSource, now: Date): Finding[] {
  const { objectives, snapshot } = target.policy;
  const about = { target, subject: source.id };
  const found: Finding[] = [];
  const say = (code: FindingCode, message: string, fill: Record<string, string> = {}) =>
    found.push(finding(code, { ...about, message, fill }));

  if (!source.deletionProtection)
    say('posture-deletion-protection', `${source.id} has no deletion protection: one call deletes it`);
  // An RTO of an hour or more leaves time to restore; below that only a standby keeps it.
  if (!source.multiAz && objectives.rto < HOUR)
    say(
      'posture-multi-az',
      `${source.id} is in one zone only; a restore may take longer than the promised RTO of ${humanSeconds(objectives.rto)}`,
      { engine: source.engine, class: source.instanceClass },
    );
  if (!source.encrypted && snapshot.encryption === 'required')
    say('posture-encryption', `${source.id} is not encrypted, so its snapshots are not either`);
  if (source.publiclyAccessible)
    say('posture-public', `${source.id} is publicly accessible: its name resolves to a public address`);
  const clash = windowClash(target, source, now);
  if (clash) say('posture-backup-window', clash.message, { window: clash.free });
  return found;
}

/** The Region's quota belongs to the account: one finding of the deployment, whichever target looked. */
export function checkSnapshotQuota(place: string, { used, most }: Quota): Finding[] {
  if (most <= 0 || used < most * NEAR) return [];
  const message = `${place} has ${used} of at most ${most} manual snapshots`;
  return [finding('snapshot-quota-near', { target: DEPLOYMENT, subject: place, message })];
}

/**
 * An automated backup of AWS in the hour after a dump or a snapshot begins: each slows the other, and RDS takes no
 * snapshot while it backs up. A policy whose jobs leave no half hour of the day free gets no finding: there is no
 * remedy.
 */
function windowClash(
  target: Target,
  source: PlatformSource,
  now: Date,
): { message: string; free: string } | undefined {
  const window = minutesOf(source.backups.window);
  if (!window || source.backups.retention === 0) return undefined;
  const busy = new Set<number>();
  const clashing = (['dump', 'snapshot'] as const).filter((job) => {
    const schedule = target.policy.schedules[job];
    const minutes = schedule ? busyMinutes(schedule, now) : [];
    for (const minute of minutes) busy.add(minute);
    return minutes.some((minute) => window.includes(minute));
  });
  const free = freeHalfHour(busy);
  if (clashing.length === 0 || !free) return undefined;
  const message = `${source.id} is backed up by AWS at ${source.backups.window} UTC, in the hour of ${clashing.join(' and ')} of ${target.id}`;
  return { message, free };
}

const MINUTES = 1440;

/** The minutes of the day, in UTC, of a window such as `23:45-00:15`. */
function minutesOf(window: string | undefined): number[] | undefined {
  const [, h1, m1, h2, m2] = /^(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(window ?? '') ?? [];
  if (h1 === undefined) return undefined;
  const start = Number(h1) * 60 + Number(m1);
  const length = (Number(h2) * 60 + Number(m2) - start + MINUTES) % MINUTES;
  return Array.from({ length }, (_, minute) => (start + minute) % MINUTES);
}

/** The minutes of the day, in UTC, in the hour after a firing; for as many firings as a quarter-hourly schedule has in a day. */
function busyMinutes(schedule: Schedule, now: Date): number[] {
  return nextFirings(schedule, now, MINUTES / 15).flatMap((firing) => {
    const start = new Date(firing).getUTCHours() * 60 + new Date(firing).getUTCMinutes();
    return Array.from({ length: 60 }, (_, minute) => (start + minute) % MINUTES);
  });
}

/** The first half hour from 03:00 UTC on in which no job begins or has just begun. */
function freeHalfHour(busy: ReadonlySet<number>): string | undefined {
  for (let step = 0; step < 48; step++) {
    const start = (180 + step * 30) % MINUTES;
    if (Array.from({ length: 30 }, (_, minute) => start + minute).some((minute) => busy.has(minute)))
      continue;
    return `${clock(start)}-${clock((start + 30) % MINUTES)}`;
  }
  return undefined;
}

function clock(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}
