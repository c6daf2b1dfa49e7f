import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../lib/config/config-schema.ts';
import { loadConfig } from '../../lib/config/load.ts';
import { resolvePlan } from '../../lib/config/resolve.ts';
import { InputError, UnderstudyError } from '../../lib/domain/errors.ts';
import { stageProblem } from '../../lib/domain/names.ts';
import type { Plan } from '../../lib/domain/plan/policy.ts';
import type { Vault } from '../../lib/ports/vault.ts';
import type { Refused } from '../../lib/runtime/job-handler.ts';
import type { FunctionName } from '../local/invoke-locally.ts';
import { isAlive, LOCAL, logToFile, noLocalCloud, readState } from '../local/local-state.ts';
import { runningSample, SAMPLE_CONFIG } from '../local/sample/sample-state.ts';
import { tools } from '../local/tools.ts';

export type CommonOptions = { stage?: string; local?: boolean; config: string; json?: boolean };

/** The file of understudy.yml where none is named: with --local, that of `local up --rds` while it is up. */
export const configFor = ({ local, config }: CommonOptions): string =>
  local && runningSample() ? SAMPLE_CONFIG : config;

/** One run of the command: its configuration, and a way to the deployment's functions. */
export type Session = {
  options: CommonOptions;
  plan(): Plan;
  /** The same as it is written. */
  written(): Config;
  /** The file that the plan was read from. */
  planText(): string;
  /** Invokes a function of the deployment, or the same handler in this process with --local. */
  invoke<T>(name: FunctionName, event: unknown): Promise<T>;
  /** Begins a durable function of the deployment without waiting; with --local, runs it in this process to its end. */
  start(name: FunctionName, event: unknown): Promise<unknown>;
  /** A bucket, read with the caller's own credentials; in another Region than the caller's, if one is given. */
  bucket(name: string, region?: string): Promise<Pick<Vault, 'read'>>;
  /** The person's name for the record. */
  caller: string;
  /** Who AWS takes the caller for; with --local, the person's name. */
  identity(): Promise<string>;
  isLocal: boolean;
};

export function openSession(options: CommonOptions): Session {
  if (options.local && options.stage)
    throw new InputError('--stage and --local exclude each other', [], 'leave one of them out');
  const problem = options.stage !== undefined && stageProblem(options.stage);
  if (problem) throw new InputError(problem);
  let config: Config | undefined;
  let plan: Plan | undefined;
  const readPlanText = () => readText(options.config);
  const readConfig = () => {
    config ??= loadConfig(readPlanText(), options.config, new Date());
    return config;
  };
  const readPlan = () => {
    plan ??= resolvePlan(readConfig());
    return plan;
  };
  const session = {
    options,
    plan: readPlan,
    written: readConfig,
    planText: readPlanText,
    caller: caller(),
    isLocal: options.local === true,
    bucket: openBucket,
  };
  if (options.local) {
    const invoke = localInvoker(readPlan);
    return {
      ...session,
      invoke,
      identity: async () => session.caller,
      start: (name, event) => invoke(name, event).finally(endLocally),
    };
  }
  const started = remoteInvoker(options.stage, 'Event');
  const identity = () => awsIdentity(session.caller);
  return {
    ...session,
    identity,
    invoke: remoteInvoker(options.stage),
    start: (name, event) => started(name, event),
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new InputError(
      `${file} cannot be read`,
      [],
      'name your file with --config, or start from the sample understudy.yml',
    );
  }
}

export async function openBucket(bucket: string, region?: string): Promise<Vault> {
  const { s3Vault } = await import('../../lib/adapters/aws/s3-vault.ts');
  const { s3 } = await import('../../lib/adapters/aws/clients.ts');
  const pathStyle = process.env['AWS_ENDPOINT_URL'] !== undefined;
  return s3Vault(s3({ pathStyle, ...(region ? { region } : {}) }), { bucket });
}

/** Invokes the same handlers in this process, against the local cloud. */
function localInvoker(plan: () => Plan): Session['invoke'] {
  let ready = false;
  return async <T>(name: FunctionName, event: unknown) => {
    if (!ready) useLocalStack(plan());
    ready = true;
    const { invokeLocally } = await import('../local/invoke-locally.ts');
    // No schedule fires in a local cloud, so the watch looks at the local RDS when somebody asks.
    if (runningSample() && name === 'operator' && LOOKED_AT.includes((event as { ask: string }).ask))
      await invokeLocally('watch', {});
    return answered<T>(await invokeLocally(name, event));
  };
}

/** Questions about what the watch has seen. */
const LOOKED_AT = ['plan', 'status'];

/** The runner of durable functions keeps this process alive until it is closed. */
async function endLocally(): Promise<void> {
  await (await import('../local/invoke-locally.ts')).endDurable();
}

/** Points this process at the local stack and gives it the plan of --config. */
export function useLocalStack(plan: Plan): void {
  const state = readState();
  if (state && isAlive(state.pid)) Object.assign(process.env, state.environment);
  else if (!process.env['AWS_ENDPOINT_URL'] || !process.env['UNDERSTUDY_TABLE']) throw noLocalCloud();
  for (const [name, value] of Object.entries(tools())) process.env[name] ??= value;
  // Another command may use another plan at the same time.
  const file = join(LOCAL, `plan-${process.pid}.json`);
  mkdirSync(LOCAL, { recursive: true });
  writeFileSync(file, JSON.stringify(plan));
  process.once('exit', () => rmSync(file, { force: true }));
  process.env['UNDERSTUDY_PLAN'] = file;
  logToFile();
}

/** Invokes functions of a deployed stage with the caller's own AWS credentials. */
function remoteInvoker(
  stage: string | undefined,
  how: 'RequestResponse' | 'Event' = 'RequestResponse',
): Session['invoke'] {
  return async <T>(name: FunctionName, event: unknown) => {
    if (!stage)
      throw new InputError('Which deployment?', [], 'add --stage NAME, or --local for the local cloud');
    const { InvokeCommand, LambdaClient } = await import('@aws-sdk/client-lambda');
    // A durable function is begun by the alias that the framework gives it.
    const part = name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    const FunctionName = `understudy-${stage}-${part}${how === 'Event' ? ':durable' : ''}`;
    const answer = await new LambdaClient({ maxAttempts: ['compare', 'smoke'].includes(name) ? 1 : 3 })
      .send(new InvokeCommand({ FunctionName, InvocationType: how, Payload: JSON.stringify(event) }))
      .catch((cause: Error) => {
        if (/Region is missing/.test(cause.message))
          throw new InputError(
            'which Region?',
            [],
            'set AWS_REGION, or a region in the profile of AWS_PROFILE',
          );
        throw new UnderstudyError(
          'function-unreachable',
          `${FunctionName} cannot be invoked: ${cause.message}`,
          { hint: 'check AWS_PROFILE, AWS_REGION and that the stage is deployed', cause },
        );
      });
    const payload = JSON.parse(Buffer.from(answer.Payload ?? []).toString('utf8') || 'null') as unknown;
    if (!answer.FunctionError) return answered<T>(payload);
    const { errorMessage } = payload as { errorMessage?: string };
    throw new UnderstudyError('function-failed', `${FunctionName}: ${errorMessage ?? answer.FunctionError}`, {
      hint: `its log group is /aws/lambda/${FunctionName}`,
    });
  };
}

/** Returns an answer; throws the mistake in it, if there is one. */
export function answered<T>(payload: unknown): T {
  const { mistake } = (payload ?? {}) as Partial<Refused>;
  if (mistake?.code !== undefined)
    throw new UnderstudyError(mistake.code, mistake.message, { hint: mistake.hint });
  if (mistake) throw new InputError(mistake.message, mistake.mistakes, mistake.hint);
  return payload as T;
}

/** The ARN of the credentials in use; the person's name where AWS does not say. */
async function awsIdentity(otherwise: string): Promise<string> {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const answer = await new STSClient({}).send(new GetCallerIdentityCommand({})).catch(() => undefined);
  return answer?.Arn ?? otherwise;
}

function caller(): string {
  try {
    return `${userInfo().username} (./understudy)`;
  } catch {
    return './understudy';
  }
}
