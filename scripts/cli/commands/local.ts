import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { InputError, UnderstudyError } from '../../../lib/domain/errors.ts';
import { connectionOf, type Target } from '../../../lib/domain/policy.ts';
import { LOCAL_CREDENTIALS, startMoto } from '../../local/moto.ts';
import { packageDeployment } from '../../local/package.ts';
import { createStack, readTemplate } from '../../local/stack.ts';
import { isAlive, MOTO_LOG, readState, removeState, writeState } from '../../local/state.ts';
import { DONE } from '../exit.ts';
import type { Answer } from '../say.ts';
import type { Session } from '../session.ts';

/** Starts a local cloud and makes the deployment's own table, bucket, topics, queues and schedules in it. */
export async function up(session: Session, target: string | undefined): Promise<Answer> {
  const chosen = chooseTarget(session, target);
  const known = readState();
  if (known && isAlive(known.pid)) {
    await storeUrl(chosen, known.endpoint);
    return { document: known, exit: DONE, lines: [`the local cloud is up already at ${known.endpoint}`] };
  }
  const template = packageDeployment();
  mkdirSync(dirname(MOTO_LOG), { recursive: true });
  const moto = await startMoto({ detached: true, log: MOTO_LOG });
  const stack = await createStack(moto.endpoint, readTemplate(template), 'dev').catch(async (error) => {
    await moto.stop();
    throw error;
  });
  const state = { ...stack, pid: moto.pid, endpoint: moto.endpoint };
  writeState(state);
  await storeUrl(chosen, moto.endpoint);
  return {
    document: state,
    exit: DONE,
    lines: [
      `a local cloud is up at ${moto.endpoint}`,
      'next: ./understudy --local doctor T, run dump T, rehearse T, status',
      'end it with ./understudy local down',
    ],
  };
}

/** Ends what `up` started. Everything in it is gone with it. */
export async function down(): Promise<Answer> {
  const state = readState();
  if (!state || !isAlive(state.pid)) {
    removeState();
    return { document: { stopped: false }, exit: DONE, lines: ['there is no local cloud'] };
  }
  process.kill(state.pid, 'SIGTERM');
  removeState();
  return { document: { stopped: true }, exit: DONE, lines: ['the local cloud is down'] };
}

/** The functions' environment, for a shell: `eval "$(./understudy local env)"`. */
export async function env(): Promise<Answer> {
  const state = readState();
  if (!state || !isAlive(state.pid))
    throw new UnderstudyError('no-local-cloud', 'there is no local cloud', {
      hint: 'start one: ./understudy local up',
    });
  const lines = Object.entries(state.environment).map(
    ([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'`,
  );
  return { document: state.environment, exit: DONE, lines };
}

/** Whose secret DATABASE_URL becomes; undefined where it is not set. */
function chooseTarget(session: Session, asked: string | undefined): Target | undefined {
  if (asked === undefined && !process.env['DATABASE_URL']) return undefined;
  const withConnection = session.plan().targets.filter(({ connection }) => connection !== undefined);
  const chosen = asked === undefined ? withConnection[0] : withConnection.find(({ id }) => id === asked);
  if (chosen) return chosen;
  throw new InputError(
    asked === undefined
      ? `no target in ${session.options.config} has a connection that DATABASE_URL could be the secret of`
      : `there is no target "${asked}" with a connection in ${session.options.config}`,
    [],
    './understudy targets lists them',
  );
}

/** DATABASE_URL, where it is set, becomes a target's secret. It is never taken from the command line, which others can read. */
async function storeUrl(chosen: Target | undefined, endpoint: string): Promise<void> {
  const url = process.env['DATABASE_URL'];
  if (!url || !chosen) return;
  const secrets = new SecretsManagerClient({
    endpoint,
    region: LOCAL_CREDENTIALS.AWS_REGION,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  await secrets
    .send(new CreateSecretCommand({ Name: connectionOf(chosen).secret, SecretString: url }))
    .catch(() =>
      secrets.send(new PutSecretValueCommand({ SecretId: connectionOf(chosen).secret, SecretString: url })),
    );
}
