import { randomInt } from 'node:crypto';
import { dynamoCatalog } from '../adapters/aws/catalog/catalog.ts';
import {
  dynamo,
  lambda,
  s3,
  scheduler,
  secretsClientFor,
  secretsManagerClient,
  sns,
  sqs,
} from '../adapters/aws/clients.ts';
import { jobMessages } from '../adapters/aws/job-messages.ts';
import { lambdaFunctions } from '../adapters/aws/lambda-functions.ts';
import { lambdaHooks } from '../adapters/aws/lambda-hooks.ts';
import { platformOf } from '../adapters/aws/platform-of-kind.ts';
import type { Keys } from '../adapters/aws/preflight/keys.ts';
import { s3Vault } from '../adapters/aws/s3-vault.ts';
import { deployedSchedules } from '../adapters/aws/scheduler.ts';
import { scratchSecrets } from '../adapters/aws/scratch-secrets.ts';
import { secretTexts } from '../adapters/aws/secret-texts.ts';
import { secretsManager } from '../adapters/aws/secrets.ts';
import { snsAlerts } from '../adapters/aws/sns-alerts.ts';
import { durableWakes } from '../adapters/aws/wakes.ts';
import { postgres } from '../adapters/engines/postgres/engine.ts';
import { candidateDirectories } from '../adapters/engines/postgres/programs.ts';
import { fetchRequests } from '../adapters/http/fetch-requests.ts';
import { lazily } from '../adapters/lazily.ts';
import { InputError } from '../domain/errors.ts';
import type { EngineName } from '../domain/plan/engines.ts';
import { type Plan, requireTarget } from '../domain/plan/policy.ts';
import type { SmokeResult } from '../domain/smoke/smoke-step.ts';
import type { Catalog } from '../ports/catalog.ts';
import type { Engine, OnRead, Secrets } from '../ports/database.ts';
import type { Wakes } from '../ports/durable.ts';
import type { Functions } from '../ports/functions.ts';
import type { Hooks } from '../ports/hooks.ts';
import type { Alerts, JobMessages, Log, Metrics, Schedules } from '../ports/messages.ts';
import type {
  Place,
  Platform,
  RestoredInstances,
  ScratchInstances,
  ScratchSecrets,
} from '../ports/platform.ts';
import type { Requests, SecretTexts } from '../ports/smoke.ts';
import type { ApplicationSecrets, Services } from '../ports/switching.ts';
import type { Vault } from '../ports/vault.ts';
import { keyProblem } from '../workflows/preflight/restorability.ts';
import { environment } from './environment.ts';
import { embeddedMetrics, lambdaLog } from './observe.ts';
import { readPlan } from './read-plan.ts';
import { systemClock } from './system-clock.ts';

export { parseNotice } from '../adapters/aws/events/parse-notice.ts';

/**
 * The composition root: the only place where adapters and workflows meet. Every part is a function, made at its first
 * use, so that a handler's bundle contains only what that handler uses.
 */
const made = new Map<string, unknown>();

function once<T>(name: string, make: () => T): T {
  if (!made.has(name)) made.set(name, make());
  return made.get(name) as T;
}

/** Forgets all parts, so that a process can change its environment. */
export function forget(): void {
  made.clear();
}

/** Replaces a part that is made once, for processes that run functions themselves. */
export function use<T>(name: string, part: T): void {
  made.set(name, part);
}

const env = () => once('environment', environment);

export const plan = (): Plan => readPlan(env().planFile, env().planDigest);
export const log = (): Log => once('log', lambdaLog);
export const metrics = (): Metrics => once('metrics', embeddedMetrics);
export const catalog = (): Catalog =>
  once('catalog', () => dynamoCatalog(dynamo(), env().table, env().region));
export const vault = (): Vault =>
  once('vault', () =>
    s3Vault(s3({ pathStyle: env().pathStyle }), { bucket: env().vault, kmsKey: env().vaultKey }),
  );
/** Where files lie for a day until a person fetches them. */
export const files = (): Vault =>
  once('files', () =>
    s3Vault(s3({ pathStyle: env().pathStyle }), { bucket: env().files, kmsKey: env().vaultKey }),
  );
export const filesBucket = (): string => env().files;
/** The vault's replica, which only S3 writes to. */
export const replica = (): Vault | undefined => {
  const where = env().replica;
  if (!where) return undefined;
  return once('replica', () =>
    s3Vault(s3({ pathStyle: env().pathStyle, region: where.region }), { bucket: where.bucket }),
  );
};
export const messages = (): JobMessages =>
  once('messages', () => jobMessages(sns(), sqs(), env().topics.jobs, env().queues));
export const alerts = (): Alerts => once('alerts', () => snsAlerts(sns(), env().topics));
export const secrets = (): Secrets =>
  once('secrets', () => secretsManager((target) => secretsClientFor(target.id, env().sourceRole)));
export const wakes = (): Wakes => once('wakes', () => durableWakes(lambda()));
export const schedules = (): Schedules =>
  once('schedules', () => deployedSchedules(scheduler(), env().scheduleGroup));
/** Called as tables are read; a command that shows progress replaces it. */
const onRead = (): OnRead => once<OnRead>('on read', () => () => undefined);

const engines: Partial<Record<EngineName, () => Engine>> = {
  postgres: () =>
    once('postgres', () =>
      postgres({
        binDirectories: () => candidateDirectories(env().pgBin, env().path),
        scratchDirectory: env().scratchDirectory,
        owner: env().pgUser,
        caFile: env().caFile,
        onRead: onRead(),
      }),
    ),
};

/** What knows the engine of a target; refused where Understudy does no more than snapshots. */
export const engine = (target: string): Engine => {
  const { engine: name } = requireTarget(plan(), target);
  const make = engines[name];
  if (make) return make();
  throw new InputError(
    `${target} is ${name}: Understudy can take snapshots of it and no more`,
    [],
    `./understudy run preflight ${target} asks about an instance or a cluster`,
  );
};
/** The Region of the deployment and of its sources. */
export const home = (): string => env().region;
export const here = (): Place => ({ name: home(), region: home() });
/** Loaded by kind, when the first target of it is asked about. */
export const platform = (): Platform =>
  once('platform', () =>
    platformOf({
      async rds() {
        const { rdsPlatform } = await import('../adapters/aws/rds/rds-platform.ts');
        const { rdsClients } = await import('../adapters/aws/rds/rds-clients.ts');
        return rdsPlatform(once('rds clients', rdsClients), here());
      },
      async elasticache() {
        const { elasticacheClient, elasticachePlatform } = await import(
          '../adapters/aws/elasticache/elasticache-platform.ts'
        );
        return elasticachePlatform(elasticacheClient(home()), here());
      },
    }),
  );
export const scratchAt = (place: Place): ScratchInstances =>
  once(`scratch instances in ${place.name}`, () =>
    lazily(async () => {
      const { rdsScratch } = await import('../adapters/aws/rds/rds-scratch.ts');
      const { rdsClients } = await import('../adapters/aws/rds/rds-clients.ts');
      return rdsScratch(once('rds clients', rdsClients)(place));
    }),
  );
export const scratchInstances = (): ScratchInstances => scratchAt(here());
export const scratchSecretStore = (): ScratchSecrets =>
  once('scratch secrets', () => scratchSecrets(secretsManagerClient(), `understudy/${stage()}/scratch`));
/** Passwords of what emergency restores make. */
export const restoredPasswords = (): ScratchSecrets =>
  once('restored passwords', () => scratchSecrets(secretsManagerClient(), `understudy/${stage()}/restore`));
export const restoredInstances = (): RestoredInstances =>
  once('restored instances', () =>
    lazily(async () => {
      const { rdsRestored } = await import('../adapters/aws/rds/rds-restored.ts');
      const { rdsClients } = await import('../adapters/aws/rds/rds-clients.ts');
      const { cloudwatchIn } = await import('../adapters/aws/rds/left-behind.ts');
      return rdsRestored(once('rds clients', rdsClients)(here()), cloudwatchIn(here().region));
    }),
  );
export const applicationSecretStore = (): ApplicationSecrets =>
  once('application secrets', () =>
    lazily(async () => {
      const { applicationSecrets } = await import('../adapters/aws/application-secrets.ts');
      return applicationSecrets(secretsManagerClient());
    }),
  );
export const services = (): Services =>
  once('services', () =>
    lazily(async () => {
      const { ecsClient, ecsServices } = await import('../adapters/aws/ecs-services.ts');
      return ecsServices(ecsClient());
    }),
  );
export const functions = (): Functions => once('functions', () => lambdaFunctions(lambda()));
export const hooks = (): Hooks => once('hooks', () => lambdaHooks(lambda()));
export const restoreSqlFunction = (): string => env().restoreSqlFunction;
export const loadFunction = (): string => env().loadFunction;
export const smokeFunction = (): string => env().smokeFunction;
export const requests = (): Requests =>
  once('requests', () => fetchRequests({ checksCertificates: env().checksCertificates }));
export const secretTextStore = (): SecretTexts =>
  once('secret texts', () => secretTexts((target) => secretsClientFor(target.id, env().sourceRole)));
/** Called as smoke steps end; a command that shows progress replaces it. */
export const onSmokeStep = (): ((result: SmokeResult) => void) =>
  once<(result: SmokeResult) => void>('on smoke step', () => () => undefined);
export const keys = (): Keys =>
  once('keys', () => {
    const loaded = import('../adapters/aws/preflight/keys.ts').then(({ kmsKeys }) => kmsKeys(home()));
    return async (key: string, region?: string) => (await loaded)(key, region);
  });
export const restoreRole = () => env().restoreRole;
export const scratchNetwork = () => env().scratchNetwork;
export const proveFunction = (): string => env().proveFunction;
export const extractFunction = (): string => env().extractFunction;
export const changesFunction = (): string => env().changesFunction;
export const pace = () => env().pace;
export const scratchFunction = (): string => env().scratchFunction;
export const stage = (): string => env().stage;
export const vaultName = (): string => env().vaultName;
export const replicaName = () => env().replica;
export const pick = (count: number): number => randomInt(count);
export const clock = systemClock;

/** What a handler knows of its invocation. */
export type Invocation = { secondsLeft: () => number };

/** What sending alerts needs. */
export const telling = () => ({
  catalog: catalog(),
  alerts: alerts(),
  metrics: metrics(),
  log: log(),
  clock,
  stage: stage(),
});

/** Can a key be used to restore? Not if it is deleted, disabled or about to be deleted. */
export const keyState = async (key: string, region: string) => {
  const problem = keyProblem(await keys()(key, region), clock.now());
  return problem === undefined ? ('usable' as const) : ('unusable' as const);
};
const isDefaultKey = async (key: string, region: string) => (await keys()(key, region))?.awsManaged;

/** What work that waits on the platform needs. */
export const platformDeps = () => ({
  ...telling(),
  plan: plan(),
  messages: messages(),
  platform: platform(),
  keyState,
  isDefaultKey,
  home: home(),
  pace: pace(),
});

/** What every claimed job needs. */
export const jobDeps = ({ secondsLeft }: Invocation) => ({
  ...telling(),
  plan: plan(),
  messages: messages(),
  secondsLeft,
});
