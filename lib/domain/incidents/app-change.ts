import type { ErrorInfo } from '../errors.ts';
import { confirmationFrom } from './confirmation.ts';

/** What is done to an application that failed while its data is whole. */
export type AppJobName = 'restart-app' | 'rollback-app';

/** One service, the task definition that it has and the one that it is to have, both by ARN. */
export type ServiceChange = {
  cluster: string;
  service: string;
  from: string;
  to: string;
  /** For people: how the one that it is to have was found. */
  why?: string;
};

/** What would be done now, and the code that confirms exactly this. */
export type AppPlan = {
  target: string;
  job: AppJobName;
  madeAt: string;
  services: ServiceChange[];
  confirm: string;
};

/** How far a service is. `waiting`: nothing was asked of it yet. */
export type ChangedService = ServiceChange & {
  state: 'waiting' | 'rolling' | 'steady' | 'failed';
  /** What was last seen of it, or why it failed. */
  seen?: string;
};

/** The record of the last restart or rollback of a target’s application, written by its execution alone. */
export type AppChange = {
  target: string;
  /** The moment it was asked for: `20261120T120000Z`. */
  id: string;
  /** Drawn by its execution. */
  token: string;
  job: AppJobName;
  state: 'running' | 'done' | 'not-done';
  by: string;
  reason?: string;
  startedAt: string;
  endedAt?: string;
  /** Its execution has ended by then in any case, so the target is free. */
  aliveUntil: string;
  services: ChangedService[];
  error?: ErrorInfo;
};

/** Does it keep another one waiting? */
export function isChanging(change: AppChange | undefined, now: Date): boolean {
  return change?.state === 'running' && new Date(change.aliveUntil) > now;
}

/** What confirms a change as it was shown at a moment. Another task definition of any service makes another digest. */
export function confirmationOfApp({ target, job, madeAt, services }: Omit<AppPlan, 'confirm'>): string {
  const changes = services.map(({ cluster, service, from, to }) => [cluster, service, from, to]);
  return confirmationFrom(madeAt, [target, job, madeAt, changes]);
}

/** `crm:41` of an ARN. */
export const shortDefinition = (arn: string): string => arn.replace(/^.*task-definition\//, '');
export const definitionFamily = (arn: string): string => shortDefinition(arn).replace(/:\d+$/, '');

/** The commands that give the services back what they had. A restart has kept it, so the next thing to try follows. */
export function wayBack({ target, job, services }: Pick<AppChange, 'target' | 'job' | 'services'>): string[] {
  const former = job === 'restart-app' ? ['PREVIOUS'] : services.map(({ from }) => shortDefinition(from));
  return [...new Set(former)].map((to) => `./understudy rollback-app ${target} --to ${to}`);
}

export const nameOfService = ({ cluster, service }: Pick<ServiceChange, 'cluster' | 'service'>): string =>
  `${service} in ${cluster}`;
