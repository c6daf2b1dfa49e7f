import { Refusal } from '../../domain/errors.ts';
import { type AppChange, shortDefinition } from '../../domain/incidents/app-change.ts';
import { freshlyMadeAt, refuseAnotherTime } from '../../domain/incidents/confirmation.ts';
import type { Plan, Target } from '../../domain/plan/policy.ts';
import type { AppJob } from '../../domain/runs/job.ts';
import { compactUtc, plusSeconds, utc } from '../../domain/time.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Services } from '../../ports/switching.ts';
import { planAppChange } from '../../restore/application/plan-app-change.ts';
import { refuseDuringRestore } from '../../restore/held-by-restore.ts';

export type ConfirmAppDeps = { plan: Plan; catalog: Catalog; services: Services; clock: Clock };

/** How long it lives at most, in seconds: half an hour for each service, one after the other, and what is between. */
const livesFor = (services: readonly unknown[]) => services.length * 1800 + 900;

/** Checks that what was confirmed is still what would be done, and that nothing else works on the target. Writes nothing. */
export async function confirmAppChange(
  job: AppJob,
  target: Target,
  token: string,
  { catalog, services, clock }: ConfirmAppDeps,
): Promise<AppChange> {
  const now = clock.now();
  refuseAnotherTime(job.scheduledFor, now);
  // The same request may arrive twice, after the first has changed what was confirmed.
  const known = await catalog.appChange(target.id);
  if (known?.id === compactUtc(job.scheduledFor)) return known;
  // A restore starts the same services anew, after it has switched their secrets.
  await refuseDuringRestore(target.id, catalog);
  const again = `look again: ./understudy ${job.job} ${target.id}${job.job === 'rollback-app' ? ` --to ${job.to}` : ''}`;
  const madeAt = freshlyMadeAt(job.confirm, now, again);
  const planned = await planAppChange(job, target, madeAt, services);
  if (planned.confirm !== job.confirm)
    throw new Refusal(
      'plan-overtaken',
      `a service of ${target.id} is not what it was when this was confirmed: ${planned.services.map(({ service, from }) => `${service} runs ${shortDefinition(from)}`).join(', ')}`,
      { hint: again },
    );
  return {
    ...{ target: target.id, id: compactUtc(job.scheduledFor), token, job: job.job, state: 'running' },
    by: job.requestedBy,
    ...(job.reason === undefined ? {} : { reason: job.reason }),
    ...{ startedAt: utc(now), aliveUntil: utc(plusSeconds(now, livesFor(planned.services))) },
    services: planned.services.map((service) => ({ ...service, state: 'waiting' })),
  };
}
