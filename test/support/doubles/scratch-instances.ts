import { restoreState } from '../../../lib/adapters/aws/states.ts';
import { UnderstudyError } from '../../../lib/domain/errors.ts';
import { SCRATCH_PREFIX } from '../../../lib/domain/names.ts';
import { TAGS } from '../../../lib/domain/points/platform-source.ts';
import type {
  ScratchInstances,
  ScratchOrder,
  ScratchSecrets,
  ScratchState,
  StrayParameters,
} from '../../../lib/ports/platform.ts';
import { type Recorded, recorded } from './recorded.ts';

/** An instance or a member: `looks` until it is available, `steps` until it is gone once its deletion has begun. */
type Thing = { looks: number; steps?: number; status?: string; resourceId: string };
type Scratch = Thing & { order: ScratchOrder; member?: Thing; pending: number; password?: string };

export type MemoryScratchInstances = ScratchInstances &
  Recorded<ScratchInstances> & {
    /** Everything that is there and would be paid for or is in the way, `instance understudy-scratch-…`. */
    left(): string[];
    order(name: string): ScratchOrder | undefined;
    /** The password that is the master's now; one that was asked for is not before nothing is pending. */
    password(name: string): string | undefined;
    /** Makes it say this and nothing else from now on: `failed`, `incompatible-restore`. */
    setStatus(name: string, status: string): void;
    /** One that nobody here has made, available. */
    putStray(order: ScratchOrder): void;
  };

/**
 * Scratch instances in memory: `creating` for so many looks, a changed password `pending` for as many, `deleting` for so
 * many steps. A cluster is available before it has a member, and cannot be deleted before its member is gone.
 */
export function memoryScratchInstances(
  options: { looks?: number; steps?: number; isOurs?: (name: string) => boolean } = {},
): MemoryScratchInstances {
  const { looks = 1, steps = 1, isOurs = (name) => name.startsWith(SCRATCH_PREFIX) } = options;
  const scratchOnly = (name: string): string => {
    if (isOurs(name)) return name;
    throw new UnderstudyError('not-scratch', `${name} is not a scratch instance; Understudy leaves it alone`);
  };
  const scratches = new Map<string, Scratch>();
  const parameters = new Map<string, StrayParameters & { from: string }>();
  let made = 0;
  const thing = (kind: string, left: number): Thing => ({ looks: left, resourceId: `${kind}-${++made}` });
  const make = (order: ScratchOrder, left: number) =>
    scratches.set(order.name, {
      ...thing(order.kind === 'aurora' ? 'cluster' : 'db', left),
      order: structuredClone(order),
      pending: 0,
    });
  const of = (kind: string, name: string) => {
    const found = scratches.get(scratchOnly(name));
    return found?.order.kind === kind ? found : undefined;
  };
  const known = (kind: string, name: string) => {
    const found = of(kind, name);
    if (!found) throw new UnderstudyError('source-not-found', `there is no ${kind} ${name}`);
    return found;
  };

  const port: ScratchInstances = {
    async quarantineParameters(kind, from, name, tags) {
      if (!parameters.has(scratchOnly(name))) parameters.set(name, { kind, name, tags: { ...tags }, from });
    },
    strayParameters: async (known) =>
      [...parameters.values()]
        .filter(({ name }) => !known.has(name))
        .map(({ kind, name, tags }) => ({ kind, name, tags: { ...tags } })),
    async removeParameters(_kind, name) {
      scratchOnly(name);
      const user = [...scratches.values()].find(({ order }) => order.parameterGroup === name);
      if (user) throw new UnderstudyError('platform-refused', `${name} is in use by ${user.order.name}`);
      parameters.delete(name);
    },
    async begin(order) {
      const there = scratches.get(scratchOnly(order.name));
      if (there && [TAGS.run, TAGS.stage].some((tag) => there.order.tags[tag] !== order.tags[tag]))
        throw new UnderstudyError('instance-exists', `there is an instance ${order.name} already`);
      if (order.parameterGroup === order.name && !parameters.has(order.parameterGroup))
        throw new UnderstudyError('parameter-group-missing', `there is no ${order.parameterGroup}`);
      if (!there) make(order, looks);
    },
    async look(kind, name) {
      const found = of(kind, name);
      if (!found) return undefined;
      const state = stateOf(found);
      for (const each of [found, found.member])
        if (each && each.looks > 0 && each.steps === undefined) each.looks--;
      if (found.pending > 0) found.pending--;
      return state;
    },
    async addMember(order) {
      const found = known('aurora', order.name);
      found.member ??= thing('db', looks);
    },
    async secure(kind, name, password) {
      const found = known(kind, name);
      if (statusOf(found) !== 'available')
        throw new UnderstudyError('source-busy', `${name} is ${statusOf(found)}`);
      Object.assign(found, { password, pending: looks });
    },
    async remove(kind, name) {
      const found = of(kind, name);
      if (!found) return 'gone';
      const next = found.member ?? found;
      next.steps ??= steps;
      if (next.steps-- > 0) return 'removing';
      if (next === found.member) delete found.member;
      else scratches.delete(name);
      return scratches.has(name) ? 'removing' : 'gone';
    },
    list: async () => [...scratches.values()].map(stateOf),
  };
  return {
    ...recorded(port),
    left: () => [
      ...[...scratches.values()].flatMap(({ order, member }) => [
        `instance ${order.name}`,
        ...(member ? [`instance ${order.name}-1`] : []),
      ]),
      ...[...parameters.keys()].map((name) => `parameters ${name}`),
    ],
    order: (name) => structuredClone(scratches.get(name)?.order),
    password: (name) => (scratches.get(name)?.pending === 0 ? scratches.get(name)?.password : undefined),
    setStatus(name, status) {
      const found = scratches.get(name);
      if (!found) throw new Error(`there is no ${name}`);
      found.status = status;
    },
    putStray: (order) => void make(order, 0),
  };
}

export type MemoryScratchSecrets = ScratchSecrets & Recorded<ScratchSecrets> & { left(): string[] };

/** Secrets in memory. Making one again keeps its password. */
export function memoryScratchSecrets(): MemoryScratchSecrets {
  const secrets = new Map<string, string>();
  let made = 0;
  const port: ScratchSecrets = {
    async create(name) {
      if (!secrets.has(name)) secrets.set(name, `password-${++made}`);
    },
    async password(name) {
      const found = secrets.get(name);
      if (!found) throw new Error(`there is no secret of ${name}`);
      return found;
    },
    destroy: async (name) => void secrets.delete(name),
  };
  return { ...recorded(port), left: () => [...secrets.keys()].map((name) => `secret ${name}`) };
}

function stateOf(found: Scratch): ScratchState {
  const { order, member, pending } = found;
  const { kind, name, tags } = order;
  const seen = (thing: Thing) => {
    const status = statusOf(thing);
    return { state: restoreState(status), status, resourceId: thing.resourceId };
  };
  const endpoint = { host: `${name}.example.internal`, port: 5432 };
  return {
    ...{ kind, name, ...seen(found) },
    ...(statusOf(found) === 'available' ? { endpoint } : {}),
    pending: pending > 0,
    tags: { ...tags },
    members: member ? [{ name: `${name}-1`, ...seen(member) }] : [],
  };
}

function statusOf({ looks, steps, status }: Thing): string {
  if (steps !== undefined) return 'deleting';
  return status ?? (looks > 0 ? 'creating' : 'available');
}
