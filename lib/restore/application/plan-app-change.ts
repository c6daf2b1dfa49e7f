import { InputError, Refusal, reasonOf } from '../../domain/errors.ts';
import {
  type AppJobName,
  type AppPlan,
  confirmationOfApp,
  definitionFamily,
  nameOfService,
  type ServiceChange,
  shortDefinition,
} from '../../domain/incidents/app-change.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { EarlierDefinition, ServiceRef, Services } from '../../ports/switching.ts';

/** `to`: `PREVIOUS`, `FAMILY:REVISION` or an ARN, for a rollback. */
export type AppAsk = { job: AppJobName; to?: string | undefined };

export const PREVIOUS = 'PREVIOUS';

/**
 * What a restart or a rollback of a target’s application would do, asked of its services as they are. Changes nothing.
 * Rejects with every obstacle at once: a part of an application does not go back alone.
 */
export async function planAppChange(
  { job, to }: AppAsk,
  target: Target,
  madeAt: string,
  services: Services,
): Promise<AppPlan> {
  const { id, policy } = target;
  if (policy.restore.services.length === 0)
    throw new InputError(
      `${id} has no services`,
      [],
      'name them in understudy.yml: restore: { services: [{ cluster, service }] }, and deploy',
    );
  const current = await each(policy.restore.services, async (ref) => ({
    ...ref,
    from: await services.current(ref),
  }));
  const changes =
    job === 'restart-app'
      ? current.map((service) => ({ ...service, to: service.from }))
      : to === undefined || to === PREVIOUS
        ? await each(current, (service) => toEarlier(service, services))
        : await toNamed(to, current, services);
  const plan = { target: id, job, madeAt, services: changes };
  return { ...plan, confirm: confirmationOfApp(plan) };
}

type Current = ServiceRef & { from: string };

const WHY: Record<EarlierDefinition['from'], string> = {
  deployment: 'it runs until the deployment that is under way replaces it',
  history: 'the last deployment of another one that was completed',
  revision: 'the revision before it; ECS knows of no deployment of another one, so look whether it ever ran',
  guess: 'the revision before it; the deployments before cannot be read, so look whether it ever ran',
};

async function toEarlier(service: Current, services: Services): Promise<ServiceChange> {
  const found = await services.earlier(service);
  if (found) return { ...service, to: found.taskDefinition, why: WHY[found.from] };
  throw new Refusal(
    'no-previous',
    `nothing is known that ${nameOfService(service)} ran before ${shortDefinition(service.from)}`,
    { hint: 'say which: --to FAMILY:REVISION' },
  );
}

/** Services of its family alone: others run another program. */
async function toNamed(name: string, current: Current[], services: Services): Promise<ServiceChange[]> {
  const to = await services.definition(name);
  const ofFamily = current.filter(({ from }) => definitionFamily(from) === definitionFamily(to));
  if (ofFamily.length === 0)
    throw new InputError(
      `no service of this target runs ${definitionFamily(to)}`,
      current.map(({ service, from }) => `${service} runs ${shortDefinition(from)}`),
      'name a revision of one of these families',
    );
  const changes = ofFamily.filter(({ from }) => from !== to).map((service) => ({ ...service, to }));
  if (changes.length > 0) return changes;
  throw new Refusal('nothing-to-change', `the services run ${shortDefinition(to)} already`, {
    hint: 'restart-app lets their tasks start anew',
  });
}

async function each<From, To>(all: readonly From[], work: (one: From) => Promise<To>): Promise<To[]> {
  const tried = await Promise.allSettled(all.map(work));
  const failed = tried.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
  if (failed.length === 1) throw failed[0];
  if (failed.length > 1)
    throw new Refusal('services-not-known', failed.map(reasonOf).join('; '), {
      hint: 'change all of these, or name one: --to FAMILY:REVISION',
    });
  return tried.map((each) => (each as PromiseFulfilledResult<To>).value);
}
