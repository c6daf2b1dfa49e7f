import { Refusal, reasonOf, toErrorInfo } from '../../domain/errors.ts';
import { humanSeconds } from '../../domain/time.ts';
import { type Poll, poll } from '../../execution/poll.ts';
import { type FunctionRef, RENEWED } from '../../ports/functions.ts';
import type { Afterwards } from './restoring.ts';

/** How long a function may take until it has started anew, in seconds. */
const RENEWAL_TAKES = 900;

/**
 * Lets the application’s functions start anew, as its services do: what they have read at their start is of the other
 * database. On the way back, too: environments that started in between know the new one. Resolves with what was not
 * renewed, which takes nothing back.
 */
export async function renewFunctions(restoring: Afterwards, token: string): Promise<string[]> {
  const problems: string[] = [];
  for (const ref of restoring.log.record.settings.functions)
    await renew(restoring, ref, token).catch((error) => void problems.push(reasonOf(error)));
  return problems;
}

async function renew({ durable, deps }: Afterwards, ref: FunctionRef, token: string): Promise<void> {
  const name = ref.alias === undefined ? ref.function : `${ref.function}:${ref.alias}`;
  await poll(
    durable,
    { ...deps, cancelled: undefined },
    {
      name: `let ${name} start anew`,
      deadline: RENEWAL_TAKES,
      look: async (): Promise<Poll<null>> => {
        try {
          const seen = await deps.functions.renew(ref, token);
          return seen === RENEWED ? { state: 'done', value: null } : { state: 'waiting', seen };
        } catch (error) {
          const why = toErrorInfo(error);
          if (why.code.startsWith('function-')) return { state: 'refused', why };
          throw error;
        }
      },
      late: (seen, waited) =>
        new Refusal('function-late', `${name} has not started anew after ${humanSeconds(waited)}: ${seen}`),
    },
  );
}
