import type { Durable } from '../../lib/ports/durable.ts';
import type { ManualClock } from './doubles/clock.ts';
import { type Death, memoryExecution } from './doubles/durable.ts';

export type Body<T> = (durable: Durable) => Promise<T>;
/** What happens to the world during a pause; called with the pause's name when its time has passed. */
export type Meanwhile = (pause: string) => Promise<void> | void;

/** Durable executions in which time passes in pauses only. */
export function executions(clock: ManualClock, functions: Parameters<typeof memoryExecution>[0] = {}) {
  let meanwhile: Meanwhile = () => undefined;
  const execution = () =>
    memoryExecution(functions, {
      async onPause(name, seconds) {
        await clock.advance(seconds);
        await meanwhile(name);
        return 'elapsed' as const;
      },
    });
  return {
    execution,
    /** What happens during every pause from now on. */
    whilePaused: (work: Meanwhile) => {
      meanwhile = work;
    },
    /** Runs a whole execution that nothing kills. */
    async whole<T>(body: Body<T>): Promise<T> {
      const ending = await execution().run(body);
      if (ending.died) throw new Error('the execution died');
      return ending.result;
    },
  };
}

/** Every place where an execution of this body may be killed: before, in and after each of its operations. */
export async function deathsOf(
  execution: ReturnType<typeof memoryExecution>,
  body: Body<unknown>,
): Promise<Death[]> {
  await execution.run(body);
  return execution.history.flatMap(({ name }) =>
    (['before', 'done', 'kept'] as const).map((when) => ({ at: name, when })),
  );
}
