import { type AlertDeps, raise, resolve } from '../../alerting/alerts.ts';
import { reasonOf } from '../../domain/errors.ts';
import { DEPLOYMENT, type FindingCode, finding } from '../../domain/findings/finding.ts';
import type { Plan } from '../../domain/plan/policy.ts';
import { isOurs, isSnapshot, type SnapshotPoint } from '../../domain/points/recovery-point.ts';
import { effectOf, eventOf, type Notice, waitsFor } from '../../domain/runs/notice-event.ts';
import type { TimelineEvent } from '../../domain/status/timeline-event.ts';
import { utc } from '../../domain/time.ts';
import type { Wakes } from '../../ports/durable.ts';
import { downtimeOf } from './failover-downtime.ts';
import { type Owner, ownersOf } from './notice-owner.ts';

export type NoticeDeps = AlertDeps & {
  plan: Plan;
  wakes: Wakes;
  /** Understands a message's text; never throws. `receivedAt` is the same for every delivery. */
  parseNotice: (text: string, receivedAt: string) => Notice;
};
/** A message of topic `events`; `receivedAt` is SNS's timestamp, the same at every delivery. */
export type NoticeMessage = { text: string; receivedAt?: string | undefined };
export type NoticeOutcome = {
  notice: Notice['from'];
  id: string;
  targets: string[];
  raised: FindingCode[];
  /** Nothing was done: an earlier delivery did it. */
  knownBefore: boolean;
};

/** How far back a second delivery, a failover’s other event and overtaken news are looked for. */
const RECENT = 200;

/**
 * Handles one notice of RDS, of CloudWatch or of an unknown sender: raises what is bad, resolves what is over, ends
 * waits early, and puts it on the timeline. The timeline comes last: a delivery that died half-way is repeated from
 * its beginning, and an alert that was sent is not sent twice. It fails only when the catalog does.
 */
export async function notice(message: NoticeMessage, deps: NoticeDeps): Promise<NoticeOutcome> {
  const heard = deps.parseNotice(message.text, arrival(message.receivedAt, deps.clock.now()));
  const owners = await ownersOf(heard, deps);
  const raised: FindingCode[] = [];
  let fresh = 0;
  for (const owner of owners) {
    const event = eventOf(heard, owner.target.id);
    const recent = await deps.catalog.timeline(owner.target.id, RECENT);
    if (recent.some((each) => each.id === event.id)) continue;
    raised.push(...(await act(heard, event, owner, recent, deps)));
    if (fresh++ === 0) await wakeWaiting(heard, deps);
    await deps.catalog.addEvent(event);
  }
  const targets = owners.map(({ target }) => target.id);
  deps.log.info('a notice came', { from: heard.from, id: heard.id, subject: heard.subject, targets, raised });
  return { notice: heard.from, id: heard.id, targets, raised, knownBefore: fresh === 0 };
}

function arrival(receivedAt: string | undefined, now: Date): string {
  const moment = new Date(receivedAt ?? now);
  return utc(Number.isNaN(moment.getTime()) ? now : moment);
}

/** Everything a notice does except its record. Returns what it raised. */
async function act(
  heard: Notice,
  event: TimelineEvent,
  owner: Owner,
  recent: readonly TimelineEvent[],
  deps: NoticeDeps,
): Promise<FindingCode[]> {
  // SNS keeps no order: a finding that a later event has resolved or raised again stays as that event left it.
  const later = recent
    .filter((each) => each.subject === event.subject && each.at > event.at)
    .map((each) => effectOf(each));
  const { raises, resolves } = effectOf(event);
  const downtime = downtimeOf(event, recent, owner.target);
  if (downtime) await deps.catalog.addEvent(downtime);

  const overtaken = later.some((each) => raises && each.resolves.includes(raises));
  const raised =
    raises && !overtaken && concerns(owner, raises)
      ? await tellBad(raises, heard, owner, downtime, deps)
      : [];
  for (const code of resolves) {
    if (later.some((each) => each.raises === code)) continue;
    for (const subject of subjectsOf(heard, owner))
      await resolve(deps, { target: owner.target.id, code, subject });
  }
  return raised;
}

/**
 * An event of a scratch instance concerns only its rehearsal, unless it failed; one of an unknown resource concerns
 * no target.
 */
function concerns(owner: Owner, code: FindingCode): boolean {
  switch (owner.as) {
    case 'scratch':
      return code === 'source-failed';
    case 'deployment':
      return code === 'cloudwatch-alarm' || code === 'notice-unknown';
    case 'member':
      // Readers may be deleted; the deletion of the source is an event of the cluster.
      return code !== 'instance-deleted';
    case 'our-snapshot':
      // The job that makes a copy waits for it, and reports itself that it was cancelled.
      return code !== 'platform-backup-failed';
    case 'their-snapshot':
      // AWS's retention deletes automated snapshots, and others may delete their own.
      return code !== 'snapshot-deleted';
    case 'source':
      return true;
  }
}

async function tellBad(
  code: FindingCode,
  heard: Notice,
  owner: Owner,
  downtime: TimelineEvent | undefined,
  deps: NoticeDeps,
): Promise<FindingCode[]> {
  const { target } = owner;
  if (code === 'snapshot-deleted') return (await tellOfDeleted(heard, owner, deps)) ? [code] : [];
  const message = [formatWhat(heard, owner), ...(downtime ? [downtime.message] : [])].join('; ');
  await raise(deps, finding(code, { target, subject: heard.subject, message, id: heard.subject }));
  return [code];
}

function formatWhat(heard: Notice, owner: Owner): string {
  const { subject, at, message } = heard;
  if (heard.from === 'alarm') return `the alarm ${subject} went off at ${at}: ${message}`;
  if (heard.from === 'unknown')
    return `a message on topic events is not understood, and was put on the timeline: ${message.slice(0, 300)}`;
  const what = heard.meaning?.means ?? 'it was reported';
  const scratch = owner.as === 'scratch' ? ', a scratch instance' : '';
  return `${subject}${scratch}: ${what} (${heard.code ?? 'no code'}, ${at}): ${message}`;
}

/**
 * A snapshot was deleted. Retention announces its own deletions (`expiring`), and a job knows of one that never
 * became available; any other deletion of an Understudy snapshot came from outside. The alert comes first and the
 * mark after it: a delivery that dies in between is repeated and finds the point as it was.
 */
async function tellOfDeleted(heard: Notice, { target }: Owner, deps: NoticeDeps): Promise<boolean> {
  const point = await pointOf(heard, target.id, deps);
  if (point && !(isOurs(point) && ['available', 'verified', 'rehearsed'].includes(point.state))) return false;
  // A late event about an earlier snapshot of the name: of a failed attempt, say.
  if (point?.availableAt && heard.at < point.availableAt) return false;
  const why = `the snapshot ${heard.subject} was deleted at ${heard.at}, and not by retention`;
  const message = point ? `${why}; it was ${point.state} and is no recovery point any more` : why;
  await raise(deps, finding('snapshot-deleted', { target, subject: point?.id ?? heard.subject, message }));
  if (point) await deps.catalog.movePoint(target.id, point.id, 'corrupt', { why });
  return true;
}

/** A copy may have the same name in another Region; the ARN tells them apart. */
async function pointOf(heard: Notice, target: string, deps: NoticeDeps): Promise<SnapshotPoint | undefined> {
  if (target === DEPLOYMENT.id) return undefined;
  const arn = heard.from === 'rds' ? heard.arn : undefined;
  const points = (await deps.catalog.points(target)).filter(isSnapshot);
  return points.find(
    ({ snapshot }) => snapshot.id === heard.subject && (!arn || !snapshot.arn || snapshot.arn === arn),
  );
}

/** A good event of a snapshot or a member is good news of the source too. */
function subjectsOf(heard: Notice, { target }: Owner): string[] {
  const source = heard.from === 'rds' && 'platform' in target ? target.platform?.id : undefined;
  return [...new Set([heard.subject, ...(source ? [source] : [])])];
}

/** Ends a wait early. Without it the wait looks by itself in time, so a failure here costs only that time. */
async function wakeWaiting(heard: Notice, deps: NoticeDeps): Promise<void> {
  for (const subject of waitsFor(heard)) {
    const token = await deps.catalog.awaiting(subject);
    if (token === undefined) continue;
    await deps.wakes.wake(token).catch((error) =>
      deps.log.warn('a wait could not be ended early; it ends by itself', {
        subject,
        reason: reasonOf(error),
      }),
    );
  }
}
