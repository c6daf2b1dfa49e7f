import { withDurableExecution } from '@aws/durable-execution-sdk-js';
import { LocalDurableTestRunner, WaitingOperationStatus } from '@aws/durable-execution-sdk-js-testing';
import { UnderstudyError } from '../../lib/domain/errors.ts';
import type { Durable } from '../../lib/ports/durable.ts';
import { durableSteps } from '../../lib/runtime/durable-handler.ts';
import { memoryExecution } from '../support/doubles/durable.ts';

type Functions = Record<string, (input: never) => Promise<unknown>>;
/** Runs code durably to its end. Rejects when the execution fails. Pauses elapse, but for the ones that are `woken`. */
type Execute = <T>(
  code: (durable: Durable) => Promise<T>,
  functions?: Functions,
  woken?: string[],
) => Promise<T>;

const executeInMemory: Execute = async (code, functions, woken = []) => {
  const onPause = (name: string) => (woken.includes(name) ? 'woken' : 'elapsed');
  const ending = await memoryExecution(functions, { onPause }).run(code);
  if (ending.died) throw new Error('it died');
  return ending.result;
};

/** The service's own runner, with its waits skipped. */
const executeInRunner: Execute = async <T>(
  code: (durable: Durable) => Promise<T>,
  functions: Functions = {},
  woken: string[] = [],
) => {
  const handlerFunction = withDurableExecution(async (_event: unknown, context) =>
    code(durableSteps(context)),
  );
  const runner = new LocalDurableTestRunner({ handlerFunction });
  for (const [name, work] of Object.entries(functions)) runner.registerFunction(name, work as never);
  const running = runner.run({ payload: {} });
  const waking = woken.map(async (name) => {
    const paused = runner.getOperation(name);
    await paused.waitForData(WaitingOperationStatus.SUBMITTED);
    await paused.sendCallbackSuccess();
  });
  const [execution] = await Promise.all([running, ...waking]);
  if (execution.getStatus() === 'SUCCEEDED') return execution.getResult() as T;
  throw new Error(execution.getError()?.errorMessage);
};

describe.each<[string, Execute]>([
  ['in memory', executeInMemory],
  ['in the service’s runner', executeInRunner],
])('a durable execution %s', (_name, execute) => {
  beforeAll(() => LocalDurableTestRunner.setupTestEnvironment({ skipTime: true, checkpointDelay: 0 }));
  afterAll(() => LocalDurableTestRunner.teardownTestEnvironment());

  it('does each step once, although the code begins again after a call', async () => {
    let steps = 0;
    let begun = 0;
    const result = await execute(
      async (durable) => {
        begun++;
        const before = await durable.step('count', async () => ++steps);
        const answer = await durable.invoke<number, number>('call', 'double', 21);
        const after = await durable.step('count again', async () => ++steps);
        return [before, answer, after];
      },
      { double: async (input: number) => input * 2 },
    );
    expect(result).toEqual([1, 42, 2]);
    expect(begun).toBeGreaterThan(1);
  });

  it('keeps the results of two steps of one name apart', async () => {
    const result = await execute(
      async (durable) => {
        const first = await durable.step('same', async () => 'first');
        const second = await durable.step('same', async () => 'second');
        await durable.invoke('call', 'nothing', {});
        return [first, second];
      },
      { nothing: async () => null },
    );
    expect(result).toEqual(['first', 'second']);
  });

  it('gives a step’s result as JSON keeps it, before any replay too', async () => {
    const result = await execute(async (durable) => {
      const kept = await durable.step('date', async () => ({ at: new Date(0), nothing: undefined }));
      return { type: typeof kept.at, keys: Object.keys(kept) };
    });
    expect(result).toEqual({ type: 'string', keys: ['at'] });
  });

  it('gives undefined for a step without a result', async () => {
    const result = await execute(async (durable) => {
      const nothing = await durable.step('nothing', async () => undefined);
      return { undefined: nothing === undefined };
    });
    expect(result).toEqual({ undefined: true });
  });

  it('gives the result of a step that succeeds at its fifth try', async () => {
    let tries = 0;
    const work = async () => {
      if (++tries < 5) throw new Error('not yet');
      return tries;
    };
    expect(await execute((durable) => durable.step('stubborn', work))).toBe(5);
  });

  it('fails a step after its fifth try with the name and message of its error and nothing else of it', async () => {
    let tries = 0;
    const work = async () => {
      tries++;
      throw new UnderstudyError('some-code', 'it cannot be done', { hint: 'a hint' });
    };
    const caught = await execute((durable) =>
      durable.step('hopeless', work).catch((error) => ({
        name: error.name,
        message: error.message,
        cause: { name: error.cause.name, message: error.cause.message },
        code: error.code ?? error.cause.code ?? 'lost',
      })),
    );
    expect(caught).toEqual({
      name: 'StepError',
      message: 'it cannot be done',
      cause: { name: 'UnderstudyError', message: 'it cannot be done' },
      code: 'lost',
    });
    expect(tries).toBe(5);
  });

  it('does not try a failed step again when the code begins again', async () => {
    let tries = 0;
    const result = await execute(
      async (durable) => {
        const failed = await durable
          .step('hopeless', async () => {
            tries++;
            throw new Error('no');
          })
          .catch(() => 'caught');
        await durable.invoke('call', 'nothing', {});
        return failed;
      },
      { nothing: async () => null },
    );
    expect(result).toBe('caught');
    expect(tries).toBe(5);
  });

  it('calls a function with its input as JSON keeps it, and gives its answer as JSON keeps it', async () => {
    const seen: unknown[] = [];
    const result = await execute(
      (durable) =>
        durable.invoke<unknown, { at: string }>('call', 'echo', { at: new Date(0), nothing: undefined }),
      {
        echo: async (input) => {
          seen.push(input);
          return { at: new Date(86_400_000) };
        },
      },
    );
    expect(seen).toEqual([{ at: '1970-01-01T00:00:00.000Z' }]);
    expect(result).toEqual({ at: '1970-01-02T00:00:00.000Z' });
  });

  it('fails a call with the message of the function’s error, and does not call it again', async () => {
    let calls = 0;
    const broken = async () => {
      calls++;
      throw new UnderstudyError('scratch-full', 'no space left');
    };
    const code = (durable: Durable) =>
      durable.invoke('call', 'broken', {}).catch((error) => [error.name, error.message]);
    expect(await execute(code, { broken })).toEqual(['InvokeError', 'no space left']);
    expect(calls).toBe(1);
  });

  it('ends a pause with elapsed when its time is over', async () => {
    expect(await execute((durable) => durable.pause('wait', 2))).toBe('elapsed');
  });

  it('ends a pause with woken when its token is answered, and goes on from there', async () => {
    const result = await execute(
      async (durable) => {
        const first = await durable.pause('first', 3600);
        const second = await durable.pause('second', 1);
        return [first, second, await durable.step('after', async () => 'done')];
      },
      {},
      ['first'],
    );
    expect(result).toEqual(['woken', 'elapsed', 'done']);
  });

  it('announces each pause once, with a token of its own, and begins the code again after it', async () => {
    const tokens: string[] = [];
    let begun = 0;
    await execute(async (durable) => {
      begun++;
      const remember = async (token: string) => void tokens.push(token);
      await durable.pause('one', 1, remember);
      await durable.pause('two', 1, remember);
      return durable.step('after', async () => 'done');
    });
    expect(new Set(tokens).size).toBe(2);
    expect(tokens).toHaveLength(2);
    expect(begun).toBeGreaterThan(2);
  });

  it('fails a pause with the reason when five tries to announce it fail', async () => {
    let tries = 0;
    const remember = async () => {
      tries++;
      throw new Error('no listener');
    };
    const code = (durable: Durable) =>
      durable.pause('wait', 60, remember).catch((error) => [error.name, error.message]);
    expect(await execute(code)).toEqual(['CallbackSubmitterError', expect.stringContaining('no listener')]);
    expect(tries).toBe(5);
  });

  it('fails with the error that the code throws', async () => {
    const failing = execute(async (durable) => {
      await durable.step('fine', async () => 1);
      throw new Error('the story ends badly');
    });
    await expect(failing).rejects.toThrow('the story ends badly');
  });
});
