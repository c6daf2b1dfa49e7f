import { LocalDurableTestRunner } from '@aws/durable-execution-sdk-js-testing';
import type { Context } from 'aws-lambda';
import { interruptedBy } from './interrupt.ts';

/** The longest time of a function, in seconds: as on Lambda. */
const LIMIT = 900;

type Handler = (event: unknown, context: Context) => Promise<unknown>;

/** The functions of the deployment, each loaded at its first call. */
const HANDLERS = {
  dispatch: () => import('../../handlers/dispatch.ts'),
  dump: () => import('../../handlers/dump.ts'),
  verify: () => import('../../handlers/verify.ts'),
  expire: () => import('../../handlers/expire.ts'),
  scratch: () => import('../../handlers/scratch.ts'),
  rehearse: () => import('../../handlers/rehearse.ts'),
  snapshot: () => import('../../handlers/snapshot.ts'),
  copy: () => import('../../handlers/copy.ts'),
  'rehearse-instance': () => import('../../handlers/rehearse-instance.ts'),
  extract: () => import('../../handlers/extract.ts'),
  prove: () => import('../../handlers/prove.ts'),
  changes: () => import('../../handlers/changes.ts'),
  preflight: () => import('../../handlers/preflight.ts'),
  watch: () => import('../../handlers/watch.ts'),
  unclaimed: () => import('../../handlers/unclaimed.ts'),
  notice: () => import('../../handlers/notice.ts'),
  operator: () => import('../../handlers/operator.ts'),
  doctor: () => import('../../handlers/doctor.ts'),
  compare: () => import('../../handlers/compare.ts'),
  restore: () => import('../../handlers/restore.ts'),
  'restore-sql': () => import('../../handlers/restore-sql.ts'),
  load: () => import('../../handlers/load.ts'),
  smoke: () => import('../../handlers/smoke.ts'),
  approve: () => import('../../handlers/approve.ts'),
  heartbeat: () => import('../../handlers/heartbeat.ts'),
};

export type FunctionName = keyof typeof HANDLERS;
export const FUNCTIONS = Object.keys(HANDLERS) as FunctionName[];

/** Functions that the demo and the tests replace with unreliable ones. */
export const replacedFunctions: Partial<
  Record<
    'scratch' | 'prove' | 'extract' | 'changes' | 'restore-sql' | 'load' | 'smoke',
    ((input: unknown) => Promise<unknown>) | undefined
  >
> = {};

/** Hooks of a policy, by their names: functions of a user that tests stand in for. */
export const hooksHere: Record<string, (call: unknown) => Promise<unknown>> = {};

/** Durable functions, and the functions that they invoke. */
const DURABLE = {
  rehearse: ['scratch'],
  snapshot: [],
  copy: [],
  'rehearse-instance': ['prove', 'extract', 'changes', 'smoke'],
  restore: ['restore-sql', 'load', 'changes', 'smoke'],
} as const satisfies Partial<Record<FunctionName, readonly FunctionName[]>>;
type DurableName = keyof typeof DURABLE;

/** Runs a function of the deployment in this process, as Lambda would; a durable one in the SDK's own runner. */
export async function invokeLocally(name: FunctionName, event: unknown): Promise<unknown> {
  if (name in DURABLE) return runDurably(name as DurableName, event);
  const { handler } = (await HANDLERS[name]()) as unknown as { handler: Handler };
  return handler(event, lambdaContext(name));
}

export function lambdaContext(name: string, seconds = LIMIT): Context {
  const end = Date.now() + seconds * 1000;
  return {
    functionName: name,
    awsRequestId: `local-${Date.now()}`,
    // An interrupted function has less than no time: it ends as one whose time is over.
    getRemainingTimeInMillis: () => (interruptedBy() ? -1 : Math.max(0, end - Date.now())),
  } as unknown as Context;
}

let environmentReady: Promise<void> | undefined;

/** The SDK's runner keeps a checkpoint server for the whole process; `endDurable` closes it. */
async function runDurably(name: DurableName, event: unknown): Promise<unknown> {
  environmentReady ??= LocalDurableTestRunner.setupTestEnvironment({ skipTime: false, checkpointDelay: 0 });
  await environmentReady;
  const { handler } = await HANDLERS[name]();
  const runner = new LocalDurableTestRunner({ handlerFunction: handler });
  for (const called of DURABLE[name] as readonly FunctionName[]) {
    const variable = `UNDERSTUDY_${called.toUpperCase().replace('-', '_')}_FUNCTION`;
    runner.registerFunction(process.env[variable] ?? called, (input: unknown) =>
      (
        replacedFunctions[called as keyof typeof replacedFunctions] ??
        ((given) => invokeLocally(called, given))
      )(input),
    );
  }
  for (const [hook, answer] of Object.entries(hooksHere)) runner.registerFunction(hook, answer);
  const execution = await runner.run({ payload: event });
  if (execution.getStatus() === 'SUCCEEDED') return execution.getResult();
  const error = execution.getError();
  throw new Error(error?.errorMessage ?? `the execution ended ${execution.getStatus()}`);
}

export async function endDurable(): Promise<void> {
  if (environmentReady !== undefined) await LocalDurableTestRunner.teardownTestEnvironment();
  environmentReady = undefined;
}
