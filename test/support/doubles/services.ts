import { UnderstudyError } from '../../../lib/domain/errors.ts';
import type { Deployment, EarlierDefinition, Services } from '../../../lib/ports/switching.ts';
import { type Recorded, recorded } from './recorded.ts';

export const definition = (name: string) => `arn:aws:ecs:eu-central-1:111122223333:task-definition/${name}`;

type Fate = 'steady' | 'failed' | 'rolling';

export type MemoryServices = Services &
  Recorded<Services> & {
    /** Which task definition each service has. */
    runs: Map<string, string>;
    earlierOf: Map<string, EarlierDefinition>;
    /** How many deployments each service had. */
    deployments: Map<string, number>;
    /** What becomes of a service's deployment, after one look. */
    fate: Map<string, Fate>;
  };

/** Services of ECS in memory: an update makes a deployment only if it changes something, and takes one look. */
export function memoryServices(given: Record<string, string> = {}): MemoryServices {
  const runs = new Map(Object.entries(given).map(([service, name]) => [service, definition(name)]));
  const earlierOf = new Map<string, EarlierDefinition>();
  const deployments = new Map<string, number>();
  const fate = new Map<string, Fate>();
  const looks = new Map<string, number>();
  const deployed = (service: string, isNew: boolean): Deployment => {
    const count = (deployments.get(service) ?? 0) + (isNew ? 1 : 0);
    deployments.set(service, count);
    if (isNew) looks.set(service, 1);
    return { id: `${service}-${count}`, begunAt: '2026-11-20T12:00:00.000Z' };
  };
  const port: Services = {
    startAnew: async ({ service }) => deployed(service, true),
    async use({ service }, taskDefinition) {
      const isNew = runs.get(service) !== taskDefinition;
      runs.set(service, taskDefinition);
      return deployed(service, isNew);
    },
    async look({ service }) {
      const left = looks.get(service) ?? 0;
      looks.set(service, left - 1);
      const state = left > 0 ? 'rolling' : (fate.get(service) ?? 'steady');
      return { state, seen: state === 'steady' ? '2 of 2 tasks' : '1 of 2 tasks' };
    },
    current: async ({ service }) => runs.get(service) ?? definition(`${service}:1`),
    earlier: async ({ service }) => earlierOf.get(service),
    async definition(name) {
      if (!/:\d+$/.test(name)) throw new UnderstudyError('task-definition-missing', `there is no ${name}`);
      return name.startsWith('arn:') ? name : definition(name);
    },
  };
  return { ...recorded(port), runs, earlierOf, deployments, fate };
}
