import { randomUUID } from 'node:crypto';
import { type AlertDeps, raise, resolve } from '../../alerting/alerts.ts';
import { type ErrorInfo, toErrorInfo } from '../../domain/errors.ts';
import { finding } from '../../domain/findings/finding.ts';
import {
  type AppChange,
  type ChangedService,
  nameOfService,
  shortDefinition,
  wayBack,
} from '../../domain/incidents/app-change.ts';
import { requireTarget, type Target } from '../../domain/plan/policy.ts';
import type { AppJob } from '../../domain/runs/job.ts';
import { shortMoment, utc } from '../../domain/time.ts';
import { attempt, unwrap } from '../../execution/durable-run.ts';
import type { Waiting } from '../../execution/poll.ts';
import type { Durable } from '../../ports/durable.ts';
import type { Deployment } from '../../ports/switching.ts';
import { type ConfirmAppDeps, confirmAppChange } from './confirm-app-change.ts';
import { untilSteady } from './cut-over.ts';
import type { RestoreOutcome } from './restoring.ts';

export type ChangeAppDeps = AlertDeps & Waiting & ConfirmAppDeps;

/**
 * An application that failed while its data is whole: its services start anew, or go back to a task definition that a
 * person confirmed, all at once, and each is waited for. What they had is on record from the beginning, so the way back
 * is known whatever becomes of it. Nothing is taken back by itself.
 */
export async function changeApplication(
  job: AppJob,
  durable: Durable,
  deps: ChangeAppDeps,
): Promise<RestoreOutcome> {
  const target = requireTarget(deps.plan, job.target);
  const token = await durable.step('draw a token', async () => randomUUID());
  const confirmed = await attempt(durable, 'look at the services', () =>
    confirmAppChange(job, target, token, deps),
  );
  if (!confirmed.ok) return refuse(job, confirmed.said, target, durable, deps);
  const asked = confirmed.value;
  const begun = await durable.step('put it on record', () =>
    deps.catalog.beginAppChange(asked, deps.clock.now()),
  );
  if (begun.token !== token) return heldBy(begun, asked, target, durable, deps);
  const record = structuredClone(begun);
  await onTimeline('begins', record, durable, deps);
  await changeServices(record, durable, deps);
  return conclude(record, target, durable, deps);
}

/** Gives each service what it is to have, then waits for each. One that fails keeps none of the others waiting. */
async function changeServices(record: AppChange, durable: Durable, deps: ChangeAppDeps): Promise<void> {
  const note = (service: ChangedService, changes: Partial<ChangedService>) => {
    Object.assign(service, changes);
    return durable.step(`on record: ${nameOfService(service)} is ${service.state}`, () =>
      deps.catalog.putAppChange(record),
    );
  };
  const begun: { service: ChangedService; deployment: Deployment }[] = [];
  const trying = async (service: ChangedService, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      await note(service, { state: 'failed', seen: toErrorInfo(error).message });
    }
  };
  for (const service of record.services)
    await trying(service, async () => {
      const deployment = unwrap(
        await attempt(durable, `change ${nameOfService(service)}`, () =>
          record.job === 'restart-app'
            ? deps.services.startAnew(service)
            : deps.services.use(service, service.to),
        ),
      );
      begun.push({ service, deployment });
      await note(service, { state: 'rolling' });
    });
  for (const { service, deployment } of begun)
    await trying(service, async () =>
      note(service, { state: 'steady', seen: await untilSteady(service, deployment, durable, deps) }),
    );
}

/** Success is written last. Smoke tests of the application belong before it, when every service is steady. */
async function conclude(
  record: AppChange,
  target: Target,
  durable: Durable,
  deps: ChangeAppDeps,
): Promise<RestoreOutcome> {
  const failed = record.services.filter(({ state }) => state !== 'steady');
  const said = failed.map((service) => `${nameOfService(service)}: ${service.seen}`).join('; ');
  record.endedAt = await durable.step('the end', async () => utc(deps.clock.now()));
  record.state = failed.length > 0 ? 'not-done' : 'done';
  if (failed.length > 0)
    record.error = { code: 'service-failed', message: said, hint: wayBack(record).join(', ') };
  await durable.step('on record: the end', () => deps.catalog.putAppChange(record));
  await onTimeline(
    failed.length > 0 ? 'ended, and something is not steady' : 'is done',
    record,
    durable,
    deps,
  );
  const about = { target: target.id, code: 'app-not-changed' as const, subject: target.id };
  await durable
    .step('tell how it ended', async () => {
      if (failed.length === 0) return void (await resolve(deps, about));
      const message = `${record.job} of ${target.id} ended, and not every service is steady: ${said}`;
      await raise(deps, finding('app-not-changed', { target, subject: target.id, message }));
    })
    .catch(() => undefined);
  const summary = failed.length > 0 ? said : `${record.job} of ${target.id}: every service is steady`;
  return { outcome: failed.length > 0 ? 'not-done' : 'done', restore: record.id, summary };
}

async function onTimeline(
  what: string,
  { target, id, job, by, reason, services, startedAt, endedAt = startedAt }: AppChange,
  durable: Durable,
  { catalog }: ChangeAppDeps,
): Promise<void> {
  const changes = services.map(
    ({ service, from, to }) =>
      `${service} ${from === to ? shortDefinition(from) : `${shortDefinition(from)} → ${shortDefinition(to)}`}`,
  );
  const message = `${job} by ${by} ${what}${reason ? ` (${reason})` : ''}: ${changes.join(', ')}`;
  await durable.step(`on the timeline: it ${what}`, async () => {
    const event = { target, at: endedAt, id: `${job} ${id} ${what}`, from: 'understudy' as const };
    await catalog.addEvent({ ...event, subject: id, message }).catch(() => false);
  });
}

async function heldBy(
  { target: id, id: change, job, by, startedAt }: AppChange,
  asked: AppChange,
  target: Target,
  durable: Durable,
  deps: ChangeAppDeps,
): Promise<RestoreOutcome> {
  const summary = `${by} began ${job} of ${id} at ${shortMoment(startedAt)} UTC (${change})`;
  // The same request that arrives a second time is no second one.
  if (asked.id === change) return { outcome: 'held', summary };
  const said = { code: 'app-changing', message: summary, hint: `./understudy restore status ${id}` };
  return refuse(asked, said, target, durable, deps);
}

/** Who invoked it may not wait for the answer, so it is told. */
async function refuse(
  { job }: Pick<AppJob, 'job'>,
  { code, message: why, hint }: ErrorInfo,
  target: Target,
  durable: Durable,
  deps: ChangeAppDeps,
): Promise<RestoreOutcome> {
  const message = `${job} of ${target.id} did not begin (${code}): ${why}`;
  const found = finding('app-not-changed', { target, subject: target.id, message });
  await durable.step('say that it did not begin', () => raise(deps, found)).catch(() => undefined);
  return { outcome: 'refused', summary: why, code, ...(hint ? { hint } : {}) };
}
