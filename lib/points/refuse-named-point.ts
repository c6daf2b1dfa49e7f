import { type AlertDeps, raise } from '../alerting/alerts.ts';
import { type ErrorInfo, InputError } from '../domain/errors.ts';
import { finding } from '../domain/findings/finding.ts';
import type { RunName } from '../domain/names.ts';
import type { Target } from '../domain/plan/policy.ts';
import { type PointJob, whyUnusable } from '../domain/points/named-point.ts';
import type { JobMessage } from '../domain/runs/job.ts';
import type { Catalog } from '../ports/catalog.ts';

export type RefusedPoint = { outcome: 'refused'; summary: string; hint: string } & ErrorInfo;

/**
 * Refuses a message whose point its job cannot use, before a run begins: one alert about the point, and no page. Work
 * that this run has done or is doing is not refused: the point may have been deleted since.
 */
export async function refuseNamedPoint(
  deps: AlertDeps,
  target: Target,
  name: RunName,
  job: PointJob,
  id: string | undefined,
): Promise<RefusedPoint | undefined> {
  const why = id && whyUnusable(job, target.id, id, await deps.catalog.point(target.id, id));
  if (!id || !why) return undefined;
  const run = await deps.catalog.run(name);
  if (run && run.state !== 'failed') return undefined;
  const message = `a message for ${job} of ${target.id} was refused: ${why.message}`;
  await raise(deps, finding('point-unusable', { target, subject: id, message }));
  return { outcome: 'refused', summary: why.message, code: 'point-unusable', ...why };
}

/** The same for a person, who gets the answer and no alert. Rejects with InputError. */
export async function requireUsablePoint(catalog: Catalog, message: JobMessage): Promise<void> {
  const { job, target } = message;
  if (!('point' in message) || message.point === undefined) return;
  const why = whyUnusable(job as PointJob, target, message.point, await catalog.point(target, message.point));
  if (why) throw new InputError(why.message, [], why.hint);
}
