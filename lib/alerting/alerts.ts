import { reasonOf } from '../domain/errors.ts';
import type { Alert, AlertTopic, Occasion } from '../domain/findings/alert.ts';
import { DEPLOYMENT, type Finding, type FindingCode, finding } from '../domain/findings/finding.ts';
import type { OpenFinding } from '../domain/findings/finding-record.ts';
import { pages } from '../domain/findings/severity.ts';
import type { Sent } from '../domain/status/timeline-event.ts';
import { utc } from '../domain/time.ts';
import type { Catalog } from '../ports/catalog.ts';
import type { Clock } from '../ports/clock.ts';
import type { Alerts, Log, Metrics } from '../ports/messages.ts';
import { type About, closeFinding, markTold, openFinding } from './finding-records.ts';

/** What sending alerts needs. */
export type AlertDeps = {
  catalog: Catalog;
  alerts: Alerts;
  metrics: Metrics;
  log: Log;
  clock: Clock;
  stage: string;
};

/** P0 and P1 reach the pager as well. */
function topicsFor(found: Finding): AlertTopic[] {
  return pages(found.severity) ? ['alerts', 'pages'] : ['alerts'];
}

/**
 * Opens a finding and sends an alert on a change of state. A failure to record does not stop the alert, and a failure
 * to send does not stop the recording.
 */
export async function raise(deps: AlertDeps, found: Finding): Promise<void> {
  const now = deps.clock.now();
  const topics = topicsFor(found);
  const opened = await openFinding(deps.catalog, found, topics, now).catch((error) => {
    deps.log.error('the finding could not be recorded; its alert goes out anyway', {
      finding: found.code,
      target: found.target,
      reason: reasonOf(error),
    });
    return { since: utc(now), tell: { occasion: 'opened' as const, topics }, held: undefined };
  });
  if (opened.tell) await tell(deps, found, opened.tell.occasion, opened.since, opened.tell.topics);
  else if (opened.held) {
    const { until, by, reason } = opened.held;
    await onTimeline(deps, found, `not alerted until ${until}, acknowledged by ${by}: ${reason}`);
  }
}

/** A finding without the state of its alerts. */
export function findingOf(open: OpenFinding): Finding {
  const { since: _since, lastToldAt: _told, untold: _untold, acknowledged: _acknowledged, ...found } = open;
  return found;
}

/** Closes a finding that no longer holds, and alerts those who were alerted to it. */
export async function resolve(
  deps: AlertDeps,
  about: About,
  occasion: 'resolved' | 'dropped' = 'resolved',
): Promise<void> {
  const closed = await closeFinding(deps.catalog, about);
  if (!closed) return;
  const was = findingOf(closed);
  if (closed.lastToldAt !== undefined) await tell(deps, was, occasion, closed.since, topicsFor(was));
}

/** Closes a finding about a single event, without an alert. */
export async function closeQuietly(deps: AlertDeps, about: About): Promise<void> {
  await closeFinding(deps.catalog, about);
}

/**
 * Reconciles the open findings of some codes of a target with what was found: raises those found and resolves the
 * others, as far as `about` says that this look could have found them. The caller must have looked.
 */
export async function reconcile(
  deps: AlertDeps,
  target: string,
  codes: readonly FindingCode[],
  found: readonly Finding[],
  about: (open: Finding) => boolean = () => true,
): Promise<void> {
  for (const each of found) await raise(deps, each);
  for (const open of await deps.catalog.openFindings(target)) {
    const stillFound = found.some((each) => each.code === open.code && each.subject === open.subject);
    if (codes.includes(open.code) && !stillFound && about(open)) await resolve(deps, open);
  }
}

async function tell(
  deps: AlertDeps,
  found: Finding,
  occasion: Occasion,
  since: string,
  topics: readonly AlertTopic[],
): Promise<void> {
  const alert: Alert = { occasion, finding: found, since, at: utc(deps.clock.now()), stage: deps.stage };
  deps.log.info(`alert: ${occasion} ${found.code}`, { finding: found });
  const failures = await send(deps, alert, topics);
  const reached = topics.filter((topic) => !failures.some((failure) => failure.topic === topic));
  // The watch retries a topic that did not take the alert; the others do not get it twice.
  if (reached.length > 0 && occasion !== 'resolved' && occasion !== 'dropped')
    await recordTold(deps, found, reached);
  for (const failure of failures) await undelivered(deps, failure);
  for (const topic of reached) await deliveredAgain(deps, topic);
}

/**
 * Sends an alert, then puts on the timeline which topics took it: if the process dies in between, the watch sends it
 * again. Resolves with the topics that did not take it.
 */
async function send(
  deps: AlertDeps,
  alert: Alert,
  topics: readonly AlertTopic[],
): ReturnType<Alerts['send']> {
  const failed = await deps.alerts.send(alert, topics);
  const taken = topics.filter((topic) => !failed.some((failure) => failure.topic === topic));
  const { finding: found, occasion } = alert;
  await onTimeline(deps, found, occasion, { occasion, severity: found.severity, taken, failed });
  return failed;
}

/** Keeps an alert, sent or not, in the target's history. A failure to keep it stops no alert. */
async function onTimeline(deps: AlertDeps, found: Finding, what: string, sent?: Sent): Promise<void> {
  const { target, code, subject, severity, message } = found;
  const at = utc(deps.clock.now());
  await deps.catalog
    .addEvent({
      target,
      at,
      id: `${code} ${subject} ${what}`.slice(0, 500),
      from: 'alert',
      code,
      subject,
      message: `${severity} ${what}: ${message}`,
      sent,
    })
    .catch((error) =>
      deps.log.warn('an alert could not be put on the timeline', { reason: reasonOf(error) }),
    );
}

async function recordTold(deps: AlertDeps, found: Finding, topics: readonly AlertTopic[]): Promise<void> {
  await markTold(deps.catalog, found, topics, deps.clock.now()).catch((error) =>
    deps.log.error('an alert went out and could not be recorded', { reason: reasonOf(error) }),
  );
}

/** A lost alert counts on a metric whose alarm has its own path, and becomes a finding sent to the other topics. */
async function undelivered(
  deps: AlertDeps,
  { topic, reason }: { topic: AlertTopic; reason: string },
): Promise<void> {
  deps.metrics.count('AlertUndelivered', 1);
  deps.log.error('an alert could not be published', { topic, reason });
  const found = finding('alert-undelivered', {
    target: DEPLOYMENT,
    subject: topic,
    message: `an alert could not be published to topic ${topic}: ${reason}`,
  });
  const others = topicsFor(found).filter((other) => other !== topic);
  const opened = await openFinding(deps.catalog, found, others, deps.clock.now()).catch(() => undefined);
  if (!opened?.tell) return;
  const alert: Alert = {
    occasion: opened.tell.occasion,
    finding: found,
    since: opened.since,
    at: utc(deps.clock.now()),
    stage: deps.stage,
  };
  const failed = await send(deps, alert, others);
  const reached = others.filter((other) => !failed.some((failure) => failure.topic === other));
  if (reached.length > 0) await recordTold(deps, found, reached);
}

/** A topic that took a message works again. */
async function deliveredAgain(deps: AlertDeps, topic: AlertTopic): Promise<void> {
  const about: About = { target: DEPLOYMENT.id, code: 'alert-undelivered', subject: topic };
  const closed = await closeFinding(deps.catalog, about).catch(() => undefined);
  if (!closed) return;
  const was = findingOf(closed);
  await send(
    deps,
    { occasion: 'resolved', finding: was, since: closed.since, at: utc(deps.clock.now()), stage: deps.stage },
    topicsFor(was),
  );
}
