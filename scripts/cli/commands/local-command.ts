import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseSecret } from '../../../lib/adapters/aws/secrets.ts';
import { sweepRunDirectories } from '../../../lib/adapters/engines/postgres/scratch-directory.ts';
import { InputError, reasonOf, toErrorInfo } from '../../../lib/domain/errors.ts';
import { connectionOf, type Target } from '../../../lib/domain/plan/policy.ts';
import { environment } from '../../../lib/runtime/environment.ts';
import {
  endProcess,
  isAlive,
  type LocalState,
  MOTO_LOG,
  noLocalCloud,
  processesWriting,
  readState,
  removeState,
  UP_LOCK,
  writeState,
} from '../../local/local-state.ts';
import { localClientConfig, startMoto } from '../../local/moto.ts';
import { packageDeployment } from '../../local/package-deployment.ts';
import { readTemplate } from '../../local/read-template.ts';
import { bringUpSample, formatSample, productionEnvironment } from '../../local/sample/bring-up-sample.ts';
import { endSample } from '../../local/sample/sample-process.ts';
import { runningSample } from '../../local/sample/sample-state.ts';
import { createStack } from '../../local/stack.ts';
import { storeSecret } from '../../local/store-secret.ts';
import { withLock } from '../../local/with-lock.ts';
import { BY_SIGNAL, DONE } from '../exit-codes.ts';
import type { CommandResult } from '../print-result.ts';
import type { Session } from '../session.ts';
import { showProgress } from '../show-progress.ts';

export type LocalOptions = { target?: string; rds?: boolean; empty?: boolean };

/**
 * Starts a local cloud and makes the deployment's own table, bucket, topics, queues and schedules in it; with `rds` an
 * RDS instance too. What is up already stays as it is.
 */
export async function localUp(session: Session, options: LocalOptions): Promise<CommandResult> {
  if (options.empty && !options.rds) throw new InputError('--empty goes with --rds');
  if (options.rds && options.target !== undefined)
    throw new InputError('--rds and --target exclude each other', [], 'with --rds the target is crm-prod');
  // The instance's target has a secret of its own.
  const chosen = options.rds ? undefined : chooseTarget(session, options.target);
  refuseBadUrl(chosen);
  return withLock(UP_LOCK, './understudy local up', async () => {
    for (const [signal, code] of Object.entries(BY_SIGNAL)) process.once(signal, () => process.exit(code));
    const known = readState();
    const isUp = known !== undefined && isAlive(known.pid);
    let state = isUp ? known : await startCloud();
    await storeUrl(chosen, state.endpoint);
    if (options.rds) state = await bringUpSample(state, { empty: options.empty === true });
    const sample = runningSample();
    return {
      document: { ...state, ...(sample ? { rds: sample } : {}) },
      exit: DONE,
      lines: [
        `a local cloud is up${isUp ? ' already' : ''} at ${state.endpoint}`,
        ...(sample
          ? formatSample(sample)
          : ['next: ./understudy --local doctor T, run dump T, rehearse T, status']),
        'end it with ./understudy local down',
      ],
    };
  });
}

async function startCloud(): Promise<LocalState> {
  // What is left of another cloud knows only that one.
  await endSample();
  const template = await showProgress('packaging the deployment', packageDeployment, undefined, {
    end: (by) => process.exit(BY_SIGNAL[by]),
  });
  mkdirSync(dirname(MOTO_LOG), { recursive: true });
  const moto = await startMoto({ detached: true, log: MOTO_LOG });
  // Until it is on record no other command could find it.
  const stopNow = () => process.kill(moto.pid, 'SIGKILL');
  process.once('exit', stopNow);
  const stack = await createStack(moto.endpoint, readTemplate(template), 'dev').catch(async (error) => {
    process.off('exit', stopNow);
    await moto.stop();
    throw error;
  });
  const state = { ...stack, pid: moto.pid, endpoint: moto.endpoint };
  writeState(state);
  process.off('exit', stopNow);
  return state;
}

/** Ends what `up` started, on record or not, and what killed rehearsals left. Its data is gone. */
export async function localDown(): Promise<CommandResult> {
  const hadSample = await endSample();
  const pids = new Set([...statePid(), ...processesWriting(MOTO_LOG)].filter(isAlive));
  for (const pid of pids) await endProcess(pid, 'SIGTERM');
  removeState();
  await sweepRunDirectories(environment().scratchDirectory);
  const stopped = pids.size > 0 || hadSample;
  return {
    document: { stopped },
    exit: DONE,
    lines: [stopped ? 'the local cloud is down' : 'there is no local cloud'],
  };
}

function statePid(): number[] {
  try {
    return [readState()?.pid ?? 0].filter((pid) => pid > 0);
  } catch {
    // Damaged: running processes are found without it.
    return [];
  }
}

/** The functions' environment for a shell, and the way to production's database: `eval "$(./understudy local env)"`. */
export async function localEnv(): Promise<CommandResult> {
  const state = readState();
  if (!state || !isAlive(state.pid)) throw noLocalCloud();
  const environment = {
    ...state.environment,
    ...(runningSample() ? await productionEnvironment(state.endpoint) : {}),
  };
  const lines = Object.entries(environment).map(
    ([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'`,
  );
  return { document: environment, exit: DONE, lines };
}

/** The target that gets DATABASE_URL as its secret; undefined if it is not set. */
function chooseTarget(session: Session, asked: string | undefined): Target | undefined {
  if (asked === undefined && !process.env['DATABASE_URL']) return undefined;
  const withConnection = session.plan().targets.filter(({ connection }) => connection !== undefined);
  const chosen = asked === undefined ? withConnection[0] : withConnection.find(({ id }) => id === asked);
  if (chosen) return chosen;
  throw new InputError(
    asked === undefined
      ? `no target in ${session.options.config} has a connection for DATABASE_URL`
      : `there is no target "${asked}" with a connection in ${session.options.config}`,
    [],
    './understudy targets lists them',
  );
}

/** Checks it as every job will, now and not at the first dump. */
function refuseBadUrl(chosen: Target | undefined): void {
  const url = process.env['DATABASE_URL'];
  if (!url || !chosen) return;
  try {
    parseSecret(url, chosen);
  } catch (error) {
    const { hint } = toErrorInfo(error);
    throw new InputError(
      `DATABASE_URL cannot be the secret of ${chosen.id}: ${reasonOf(error)}`,
      [],
      `it looks like postgres://USER:PASSWORD@HOST:5432/DATABASE${hint ? `; ${hint}` : ''}`,
    );
  }
}

/** Stores DATABASE_URL, if it is set, as a target's secret. It is never an argument, which others can read. */
async function storeUrl(chosen: Target | undefined, endpoint: string): Promise<void> {
  const url = process.env['DATABASE_URL'];
  if (!url || !chosen) return;
  await storeSecret(connectionOf(chosen).secret, url, localClientConfig(endpoint));
}
