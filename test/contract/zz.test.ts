import { withDurableExecution } from '@aws/durable-execution-sdk-js';
import { LocalDurableTestRunner } from '@aws/durable-execution-sdk-js-testing';
import { UnderstudyError } from '../../lib/domain/errors.ts';
import { durableSteps } from '../../lib/runtime/durable.ts';

beforeAll(() => LocalDurableTestRunner.setupTestEnvironment({ skipTime: true, checkpointDelay: 0 }));
afterAll(() => LocalDurableTestRunner.teardownTestEnvironment());
async function run(body: any) {
  let runs = 0;
  const handler = withDurableExecution(async (event: unknown, context: any) => {
    runs++;
    return body(durableSteps(context));
  });
  const runner = new LocalDurableTestRunner({ handlerFunction: handler });
  runner.registerFunction('twice', async (n: any) => ({ n: n.n * 2, d: n.d }));
  runner.registerFunction('broken', async () => {
    throw new UnderstudyError('boom-code', 'broken inside', { hint: 'h' });
  });
  const e = await runner.run({ payload: {} });
  return {
    runs,
    status: e.getStatus(),
    result: e.getStatus() === 'SUCCEEDED' ? e.getResult() : undefined,
    error: e.getStatus() === 'SUCCEEDED' ? undefined : e.getError(),
  };
}
it('a', async () => {
  let steps = 0;
  console.log(
    await run(async (d: any) => {
      const a = await d.step('a', async () => {
        steps++;
        return { at: new Date(0), u: undefined, n: 1 };
      });
      const b = await d.invoke('i', 'twice', { n: 4, d: new Date(0), u: undefined });
      return { a: JSON.stringify(a), isDate: a.at instanceof Date, b, steps };
    }),
    steps,
  );
  let tries = 0;
  console.log(
    await run(async (d: any) => {
      try {
        await d.step('f', async () => {
          tries++;
          throw new UnderstudyError('x', 'never', { hint: 'hh' });
        });
      } catch (e: any) {
        return {
          name: e.name,
          message: e.message,
          code: e.code,
          cause: e.cause && { name: e.cause.name, message: e.cause.message, code: e.cause.code },
          ctor: e.constructor.name,
        };
      }
    }),
    tries,
  );
  tries = 0;
  console.log(
    await run(async (d: any) =>
      d.step('f', async () => {
        if (++tries < 5) throw new Error('again');
        return tries;
      }),
    ),
    tries,
  );
  console.log(
    await run(async (d: any) => {
      try {
        await d.invoke('f', 'broken', {});
      } catch (e: any) {
        return {
          name: e.name,
          message: e.message,
          code: e.code,
          cause: e.cause && { name: e.cause.name, message: e.cause.message, code: e.cause.code },
        };
      }
    }),
  );
  console.log(
    await run(async (d: any) => {
      await d.step('v', async () => undefined);
      throw new UnderstudyError('c', 'workflow fails');
    }),
  );
  console.log(
    await run(async (d: any) => {
      const v = await d.step('v', async () => undefined);
      const w = await d.step('v', async () => 7);
      await d.invoke('i', 'twice', { n: 4 });
      return [v === undefined, w, new Date(0)];
    }),
  );
});
