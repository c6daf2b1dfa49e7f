import type { Alert, Occasion } from '../domain/alert.ts';
import { reasonOf } from '../domain/errors.ts';
import { DEPLOYMENT, type Finding, type FindingCode, finding } from '../domain/finding.ts';
import { utc } from '../domain/time.ts';
import type { Catalog } from '../ports/catalog.ts';
import type { Clock } from '../ports/clock.ts';
import type { Alerts, Log, Metrics } from '../ports/messages.ts';

/** What telling people needs. */
export type Telling = {
  catalog: Catalog;
  alerts: Alerts;
  metrics: Metrics;
  log: Log;
  clock: Clock;
  stage: string;
};

/**
 * Opens a finding and tells people on a change of state. No failure of recording stops the telling, and none of
 * telling stops the recording.
 */
export async function raise(deps: Telling, found: Finding): Promise<void> {
  const now = deps.clock.now();
  const opened = await deps.catalog.openFinding(found, now).catch((error) => {
    deps.log.error('the finding could not be recorded; it is told all the same', {
      finding: found.code,
      target: found.target,
      reason: reasonOf(error),
    });
    return { tell: 'opened' as const, since: utc(now) };
  });
  if (opened.tell) await tell(deps, found, opened.tell, opened.since);
}

/** Closes a finding that no longer holds, and tells those who were told of it. */
export async function resolve(
  deps: Telling,
  about: { target: string; code: FindingCode; subject: string },
): Promise<void> {
  const now = deps.clock.now();
  const closed = await deps.catalog.closeFinding(about.target, about.code, about.subject, now);
  if (!closed) return;
  const { since, lastToldAt: _told, untold: _untold, ...was } = closed;
  await tell(deps, was, 'resolved', since);
}

/**
 * Brings what is open among some codes of a target in line with what was found: raises the found ones and resolves the
 * others. Whoever calls it must have looked at everything these codes can say about the target.
 */
export async function settle(
  deps: Telling,
  target: string,
  codes: readonly FindingCode[],
  found: readonly Finding[],
): Promise<void> {
  for (const each of found) await raise(deps, each);
  const open = await deps.catalog.openFindings(target);
  for (const { code, subject } of open) {
    const stillFound = found.some((each) => each.code === code && each.subject === subject);
    if (codes.includes(code) && !stillFound) await resolve(deps, { target, code, subject });
  }
}

async function tell(deps: Telling, found: Finding, occasion: Occasion, since: string): Promise<void> {
  const alert: Alert = { occasion, finding: found, since, at: utc(deps.clock.now()), stage: deps.stage };
  deps.log.info(`alert: ${occasion} ${found.code}`, { finding: found });
  const failures = await deps.alerts.send(alert);
  const wanted = found.severity === 'P0' || found.severity === 'P1' ? 2 : 1;
  if (failures.length > 0) await undelivered(deps, failures);
  // What reached nobody stays untold, and the watch tries again; what reached one topic is not repeated to it.
  if (failures.length < wanted && occasion !== 'resolved') {
    await deps.catalog
      .toldFinding(found, deps.clock.now())
      .catch((error) =>
        deps.log.error('that people were told could not be recorded', { reason: reasonOf(error) }),
      );
  }
}

/** A lost alert counts on a metric whose alarm has a path of its own, and is itself on record. */
async function undelivered(deps: Telling, failures: { topic: string; reason: string }[]): Promise<void> {
  deps.metrics.count('AlertUndelivered', failures.length);
  for (const { topic, reason } of failures) {
    deps.log.error('an alert could not be published', { topic, reason });
    const about = finding('alert-undelivered', {
      target: DEPLOYMENT,
      subject: topic,
      message: `an alert could not be published to topic ${topic}: ${reason}`,
    });
    const opened = await deps.catalog.openFinding(about, deps.clock.now()).catch(() => undefined);
    if (!opened?.tell) continue;
    const left = await deps.alerts.send({
      occasion: opened.tell,
      finding: about,
      since: opened.since,
      at: utc(deps.clock.now()),
      stage: deps.stage,
    });
    if (left.length < 2) await deps.catalog.toldFinding(about, deps.clock.now()).catch(() => undefined);
  }
}
