import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { loadPlan } from '../../lib/config/load.ts';
import type { Plan } from '../../lib/domain/policy.ts';
import { type Cluster, startCluster } from '../local/cluster.ts';
import { type Moto, startMoto } from '../local/moto.ts';
import { packageDeployment } from '../local/package.ts';
import { createStack, type LocalStack, readTemplate } from '../local/stack.ts';
import { logToFile } from '../local/state.ts';
import { tools } from '../local/tools.ts';
import { type Damage, damagedStore } from './damage.ts';

export type DemoOptions = {
  verify: 'full' | 'exists';
  proof: 'fingerprints' | 'counts';
  databaseUrl: string | undefined;
};

/** Everything the demo stands on: a database, a cloud on loopback, the deployment's own table, bucket, topics and queues in it. */
export type DemoStage = {
  moto: Moto;
  cluster: Cluster | undefined;
  damage: Damage;
  stack: LocalStack;
  plan: Plan;
  scratchDirectory: string;
  log: string;
  close(): Promise<void>;
};

export const TARGET = 'crm';

export async function openStage(options: DemoOptions): Promise<DemoStage> {
  for (const [name, value] of Object.entries(tools())) process.env[name] ??= value;
  const home = mkdtempSync(join(tmpdir(), 'us-demo-'));
  const template = packageDeployment();
  const [moto, cluster] = await Promise.all([startMoto(), options.databaseUrl ? undefined : startCluster()]);
  const stack = await createStack(moto.endpoint, readTemplate(template, 'demo'), 'demo');
  const damage = await damagedStore(moto.endpoint);
  const plan = loadPlan(config(options), 'the demo’s own understudy.yml', new Date());
  const planFile = join(home, 'plan.json');
  writeFileSync(planFile, JSON.stringify(plan));
  const scratchDirectory = join(tmpdir(), `us-scratch-${process.pid}`);
  const log = join(home, 'functions.log');
  Object.assign(process.env, stack.environment, {
    AWS_ENDPOINT_URL_S3: damage.endpoint,
    UNDERSTUDY_PLAN: planFile,
    UNDERSTUDY_SCRATCH_DIRECTORY: scratchDirectory,
  });
  logToFile(log);
  return {
    moto,
    cluster,
    damage,
    stack,
    plan,
    scratchDirectory,
    log,
    async close() {
      await damage.close();
      await Promise.all([moto.stop(), cluster?.stop()]);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Gives the target its secret, as a person would in Secrets Manager. */
export async function storeSecret(stage: DemoStage, databaseUrl: string | undefined): Promise<void> {
  const SecretString =
    databaseUrl ??
    JSON.stringify({
      username: 'understudy',
      password: 'dump-only',
      host: '127.0.0.1',
      port: stage.cluster!.port,
      dbname: 'crm',
    });
  await new SecretsManagerClient({}).send(
    new CreateSecretCommand({ Name: `understudy/${TARGET}`, SecretString }),
  );
}

const config = ({ verify, proof, databaseUrl }: DemoOptions) => `
version: 1
policies:
  production:
    objectives: { rpo: { dump: 26h }, rto: 1h }
    schedules: { dump: "0 1 * * *", verify: "30 1 * * *", rehearse: "0 2 * * SUN", expire: "0 5 * * *" }
    retention: { daily: 35d, weekly: 12w, monthly: 12mo }
    verify: { depth: ${verify} }
    proof: { depth: ${proof} }
targets:
  ${TARGET}:
    policy: production
    connection: { secret: understudy/${TARGET} }
${
  databaseUrl
    ? ''
    : `    assertions:
      - { name: leads are there, sql: select count(*) from public.leads, minimum: 150000 }
      - { name: no document without its file, sql: "select count(*) from public.documents where file_key = ''", equals: 0 }
      - { name: no invoice was lost, sql: select count(*) from public.invoices, rowsOf: public.invoices, tolerance: 0% }`
}
`;
