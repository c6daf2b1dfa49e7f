import { type ErrorInfo, Refusal, toErrorInfo } from '../../domain/errors.ts';
import { humanSeconds } from '../../domain/time.ts';
import { attempt, unwrap } from '../../execution/durable-run.ts';
import { type Poll, poll, type Waiting } from '../../execution/poll.ts';
import { stopwatch } from '../../execution/stopwatch.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Durable } from '../../ports/durable.ts';
import type { ScratchInstances, ScratchOrder, ScratchSecrets, ScratchState } from '../../ports/platform.ts';

export type ScratchInstanceDeps = Waiting & {
  catalog: Catalog;
  scratch: ScratchInstances;
  scratchSecrets: ScratchSecrets;
};

/** What bringing a copy up needs, for a rehearsal or an emergency. */
export type BringUpDeps = Waiting & {
  catalog: Pick<Catalog, 'awaitNotice'>;
  scratch: Pick<ScratchInstances, 'quarantineParameters' | 'begin' | 'look' | 'addMember' | 'secure'>;
  scratchSecrets: ScratchSecrets;
};

/** What is brought up, and whose it is. */
export type BringUp = {
  order: ScratchOrder;
  /** The group whose parameters it gets, silenced. */
  parametersFrom: string;
  /** The longest time for the restore, in seconds, and the option that sets it. */
  deadline: number;
  option: 'rehearsal.instance.deadline' | 'restore.deadline';
  phase: (name: string) => Promise<void>;
  /** Keeps its resource id, once it is known: proof that what has this name is ours. */
  identify: (resourceId: string) => Promise<void>;
};

/** The next step when the platform does not say why. */
export const EVENTS_SAY_WHY =
  'the events of the instance say why: aws rds describe-events --source-type db-instance';

/** The longest time for a small change to an existing instance, in seconds. */
export const CHANGE_TAKES = 3600;

/**
 * Brings a copy up in quarantine: its parameters, its secret, the restore, an Aurora cluster's instance, a new
 * password. Each is one step that recognizes its own work, so a crash after any call costs only time. Resolves with
 * its address.
 */
export async function bringUp(
  bring: BringUp,
  durable: Durable,
  deps: BringUpDeps,
): Promise<{ host: string; port: number; resourceId: string }> {
  const { order, parametersFrom, phase } = bring;
  const { kind, name } = order;
  const done = async <T>(step: string, work: () => Promise<T>) => unwrap(await attempt(durable, step, work));

  await phase('prepare');
  await done('make its parameters', () =>
    deps.scratch.quarantineParameters(kind, parametersFrom, name, order.tags),
  );
  await done('make its secret', () => deps.scratchSecrets.create(name, order.tags));
  // RDS asks for five minutes before a new group is used, or its values may be missing when the copy starts.
  await durable.pause('let the parameters settle', deps.pace.most);
  await phase('restore');
  await done('begin the restore', () => deps.scratch.begin({ ...order, parameterGroup: name }));
  const up = await untilUp('the restore', bring, bring.deadline, isUp, durable, deps);
  await durable.step('note which it is', () => bring.identify(up.resourceId));
  if (kind === 'aurora') {
    await done('add its instance', () => deps.scratch.addMember(order));
    await untilUp('its instance', bring, bring.deadline, memberIsUp, durable, deps);
  }
  await phase('secure');
  await securing(order, durable, deps);
  const ready = await untilUp(
    'the password',
    bring,
    CHANGE_TAKES,
    (state) => (kind === 'aurora' ? memberIsUp(state) : isUp(state)) && !state.pending,
    durable,
    deps,
  );
  if (ready.endpoint) return { ...ready.endpoint, resourceId: up.resourceId };
  throw new Refusal('scratch-unreachable', `${name} is ${ready.status} and has no endpoint`);
}

/** A fresh restore may still be busy, and takes no change until it is ready. */
async function securing(order: ScratchOrder, durable: Durable, deps: BringUpDeps): Promise<void> {
  const { kind, name } = order;
  const look = async (): Promise<Poll<null>> => {
    try {
      await deps.scratch.secure(kind, name, await deps.scratchSecrets.password(name));
      return { state: 'done', value: null };
    } catch (error) {
      const why = toErrorInfo(error);
      if (PASSING.includes(why.code)) return { state: 'waiting', seen: why.message };
      return { state: 'refused', why };
    }
  };
  await poll(durable, deps, {
    name: 'give it a password of its own',
    deadline: CHANGE_TAKES,
    look,
    late: (seen, waited) =>
      new Refusal('scratch-busy', `${name} took no password in ${humanSeconds(waited)}: ${seen}`),
    onWaiting: (token) => deps.catalog.awaitNotice(`instance:${name}`, token, deps.clock.now()),
  });
}

/** Errors that a later look may not meet. */
const PASSING = ['source-busy', 'platform-unreachable', 'unexpected'];

const isUp = ({ state }: ScratchState) => state === 'ready';
const memberIsUp = (state: ScratchState) =>
  isUp(state) && state.members.some((member) => member.state === 'ready');

async function untilUp(
  what: string,
  { order, option }: BringUp,
  deadline: number,
  ready: (state: ScratchState) => boolean,
  durable: Durable,
  deps: BringUpDeps,
): Promise<ScratchState> {
  const { kind, name } = order;
  const look = async (): Promise<Poll<ScratchState>> => {
    const state = await deps.scratch.look(kind, name);
    if (!state) return { state: 'refused', why: deletedMeanwhile(name) };
    if (ready(state)) return { state: 'done', value: state };
    const hopeless = [state, ...state.members].find(
      (each) => each.state === 'failed' || each.state === 'unusable',
    );
    if (hopeless) return { state: 'refused', why: hopelessly(name, hopeless) };
    return { state: 'waiting', seen: [state, ...state.members].map(({ status }) => status).join(', ') };
  };
  return poll(durable, deps, {
    name: `wait for ${what}`,
    deadline,
    look,
    late: (seen, waited) =>
      new Refusal('restore-late', `${name} is still ${seen} after ${humanSeconds(waited)}`, {
        hint: `raise ${option} in the policy, or ask AWS why a restore takes so long`,
      }),
    onWaiting: (token) => deps.catalog.awaitNotice(`instance:${name}`, token, deps.clock.now()),
  });
}

/** Somebody deleted the copy. */
export function deletedMeanwhile(name: string): ErrorInfo {
  return {
    code: 'scratch-deleted',
    message: `${name} was deleted while it was being restored`,
    hint: 'look up DeleteDBInstance in CloudTrail to see who did it; then try again',
  };
}

/** A restore that ended so has failed, which counts against the point, unless space or a network was missing. */
function hopelessly(name: string, { state, status }: Pick<ScratchState, 'state' | 'status'>): ErrorInfo {
  return {
    code: state === 'failed' ? 'restore-failed' : 'scratch-unusable',
    message: `the restore onto ${name} ended ${status}`,
    hint: EVENTS_SAY_WHY,
  };
}

/** Reads the time in steps, so that a replay does not measure anew. */
export function durableStopwatch(durable: Durable, { clock }: Waiting) {
  const time = stopwatch();
  const now = async (name: string) =>
    new Date(await durable.step(`${name}: the time`, async () => clock.now().toISOString()));
  return {
    phases: time.phases,
    phase: async (name: string) => time.begin(name, await now(name)),
    end: async () => time.end(await now('the end')),
  };
}
