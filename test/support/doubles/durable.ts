import type { Durable } from '../../../lib/ports/durable.ts';

/**
 * Where the function dies: before an operation's work, when it is done but not yet kept, or when its result is kept.
 * The work of a pause is saying who waits; while it lasts there is no function that could die.
 */
export type Death = { at: string; when: 'before' | 'done' | 'kept' };
export type Ending<T> = { died: true } | { died: false; result: T };
export type Kind = 'step' | 'invoke' | 'pause';
type Woken = 'woken' | 'elapsed';
export type ExecutionOptions = {
  /** What happens while nobody is billed: a test moves its clock by `seconds`, or says that somebody woke it early. */
  onPause?: (name: string, seconds: number) => Promise<Woken> | Woken;
};
export type MemoryExecution = {
  /** Runs the code, remembering what earlier runs have kept. Rejects with what the code throws. */
  run<T>(body: (durable: Durable) => Promise<T>, death?: Death): Promise<Ending<T>>;
  /** What was kept, in order. */
  history: { kind: Kind; name: string; result?: unknown; error?: Error }[];
  /** How often the code was begun from its first line. */
  runs(): number;
};

const ATTEMPTS = 5;
const ERRORS: Record<Kind, string> = {
  step: 'StepError',
  invoke: 'InvokeError',
  pause: 'CallbackSubmitterError',
};
/** What follows a death is never reached: no catch, no finally. */
const never = () => new Promise<never>(() => undefined);

/**
 * One durable execution in memory. As in the service, the code begins anew after every wait for another function, after
 * every pause and after every death; results pass through JSON; a step is tried five times, and its error arrives as a
 * StepError.
 */
export function memoryExecution(
  functions: Record<string, (input: never) => Promise<unknown>> = {},
  { onPause = () => 'elapsed' }: ExecutionOptions = {},
): MemoryExecution {
  const history: MemoryExecution['history'] = [];
  let runs = 0;

  const once = <T>(body: (durable: Durable) => Promise<T>, death?: Death) =>
    new Promise<Ending<T> | 'again'>((resolve, reject) => {
      let position = 0;
      const operation = async (
        kind: Kind,
        name: string,
        work: () => Promise<unknown>,
        wait?: () => Promise<Woken> | Woken,
      ) => {
        const known = history[position++];
        if (known && (known.kind !== kind || known.name !== name))
          throw new Error(`on replay ${kind} "${name}" came where ${known.kind} "${known.name}" was kept`);
        if (known) return outcome(known);
        const dies = (when: Death['when']) => death?.at === name && death.when === when;
        const die = () => {
          resolve({ died: true });
          return never();
        };
        if (dies('before')) return die();
        const made = await attempt(kind, work);
        if (dies('done')) return die();
        history.push({ kind, name, ...(wait && !made.error ? { result: await wait() } : made) });
        if (dies('kept')) return die();
        if (kind === 'step') return outcome(made);
        resolve('again');
        return never();
      };
      runs++;
      body({
        step: <U>(name: string, work: () => Promise<U>) => operation('step', name, work) as Promise<U>,
        invoke: <I, O>(name: string, functionId: string, input: I) =>
          operation('invoke', name, async () => {
            const called = functions[functionId];
            if (!called) throw new Error(`there is no function ${functionId}`);
            return called(json(input) as never);
          }) as Promise<O>,
        pause: (name, seconds, onWaiting = async () => undefined) => {
          const token = `${name} ${position}`;
          return operation(
            'pause',
            name,
            () => onWaiting(token),
            () => onPause(name, seconds),
          ) as Promise<Woken>;
        },
      }).then((result) => resolve({ died: false, result: json(result) as T }), reject);
    });

  return {
    history,
    runs: () => runs,
    async run(body, death) {
      for (;;) {
        const ending = await once(body, death);
        if (ending !== 'again') return ending;
      }
    },
  };
}

async function attempt(
  kind: Kind,
  work: () => Promise<unknown>,
): Promise<{ result?: unknown; error?: Error }> {
  for (let tried = 1; ; tried++) {
    try {
      return { result: json(await work()) };
    } catch (cause) {
      const { name, message } = cause as Error;
      const error = Object.assign(new Error(message, { cause: { name, message } }), {
        name: ERRORS[kind],
      });
      if (kind === 'invoke' || tried === ATTEMPTS) return { error };
    }
  }
}

function outcome(kept: { result?: unknown; error?: Error }): unknown {
  if (kept.error) throw kept.error;
  return kept.result;
}

function json(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
