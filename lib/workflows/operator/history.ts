import type { Acknowledgement } from '../../domain/findings/acknowledgement.ts';
import { DEPLOYMENT } from '../../domain/findings/finding.ts';
import { runName } from '../../domain/names.ts';
import { SCHEDULED_JOBS } from '../../domain/runs/job.ts';
import type { Run } from '../../domain/runs/run.ts';
import type { TimelineEvent } from '../../domain/status/timeline-event.ts';
import type { Catalog } from '../../ports/catalog.ts';

/** Everything on record of a target, newest first: events, alerts, runs and acknowledgements. */
export async function history(catalog: Catalog, target: string, limit: number): Promise<TimelineEvent[]> {
  const jobs = target === DEPLOYMENT.id ? [] : [...SCHEDULED_JOBS, 'copy', 'extract'];
  const [events, acknowledgements, ...runs] = await Promise.all([
    catalog.timeline(target, limit),
    catalog.acknowledgements(target),
    ...jobs.map((job) => catalog.runs(target, job, limit)),
  ]);
  return [...events, ...acknowledgements.flatMap(ofAcknowledgement), ...runs.flat().map(ofRun)]
    .sort((a, b) => b.at.localeCompare(a.at))
    .slice(0, limit);
}

function ofRun(run: Run): TimelineEvent {
  const { target, job, state, startedAt, endedAt, summary, requestedBy } = run;
  const what = state === 'running' ? `running since ${startedAt}` : `${state}: ${summary ?? ''}`;
  return {
    target,
    at: endedAt ?? startedAt,
    id: runName(run),
    from: 'run',
    code: job,
    subject: run.scheduledFor,
    message: requestedBy === 'schedule' ? what : `${what} (asked for by ${requestedBy})`,
  };
}

function ofAcknowledgement(made: Acknowledgement): TimelineEvent[] {
  const { target, code, subject, at, by, until, reason, endedAt, endedBy } = made;
  const event = { target, from: 'person' as const, code, subject: subject ?? 'any' };
  return [
    { ...event, at, id: `${at} ${code}`, message: `${by} acknowledged it until ${until}: ${reason}` },
    ...(endedAt
      ? [
          {
            ...event,
            at: endedAt,
            id: `${at} ${code} ended`,
            message: `${endedBy} took the acknowledgement back`,
          },
        ]
      : []),
  ];
}
