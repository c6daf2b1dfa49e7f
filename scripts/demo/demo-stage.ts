import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPlan } from '../../lib/config/load.ts';
import type { Plan } from '../../lib/domain/plan/policy.ts';
import { type Cluster, startCluster } from '../local/cluster.ts';
import { completeSchedules } from '../local/complete-schedules.ts';
import { logToFile } from '../local/local-state.ts';
import { type Moto, startMoto } from '../local/moto.ts';
import { packageDeployment } from '../local/package-deployment.ts';
import type { LocalRds } from '../local/rds/local-rds.ts';
import { readTemplate } from '../local/read-template.ts';
import { createStack, type LocalStack } from '../local/stack.ts';
import { storeSecret } from '../local/store-secret.ts';
import { tools } from '../local/tools.ts';
import { demoTargetId } from './demo-target-id.ts';
import { type FaultyStore, startFaultyStore } from './faulty-store.ts';
import { ORDERS, SHOP, startShop } from './shop.ts';

export type DemoOptions = {
  verify: 'full' | 'exists';
  proof: 'fingerprints' | 'counts';
  databaseUrl: string | undefined;
};

/** What the demo uses: a database, a cloud on loopback, and the deployment's own table, bucket, topics and queues in it. */
export type DemoStage = {
  moto: Moto;
  cluster: Cluster | undefined;
  /** An RDS instance; absent when the demo shows your own database. */
  rds: LocalRds | undefined;
  damage: FaultyStore;
  stack: LocalStack;
  plan: Plan;
  /** The demo's main target. */
  target: string;
  scratchDirectory: string;
  log: string;
  close(): Promise<void>;
};

export async function openDemoStage(options: DemoOptions): Promise<DemoStage> {
  for (const [name, value] of Object.entries(tools())) process.env[name] ??= value;
  const home = mkdtempSync(join(tmpdir(), 'us-demo-'));
  const template = await packageDeployment();
  const [moto, cluster] = await Promise.all([startMoto(), options.databaseUrl ? undefined : startCluster()]);
  const stack = await createStack(moto.endpoint, readTemplate(template, 'demo'), 'demo');
  const damage = await startFaultyStore(moto.endpoint);
  const plan = loadPlan(config(options), 'the demo’s own understudy.yml', new Date());
  const planFile = join(home, 'plan.json');
  writeFileSync(planFile, JSON.stringify(plan));
  const scratchDirectory = join(tmpdir(), `us-scratch-${process.pid}`);
  const log = join(home, 'functions.log');
  Object.assign(process.env, stack.environment, {
    AWS_ENDPOINT_URL_S3: damage.endpoint,
    UNDERSTUDY_PLAN: planFile,
    UNDERSTUDY_SCRATCH_DIRECTORY: scratchDirectory,
    UNDERSTUDY_SCRATCH_SUBNET_GROUP: 'default',
    UNDERSTUDY_SCRATCH_SECURITY_GROUP: 'sg-demo',
    UNDERSTUDY_PACE: '1',
  });
  logToFile(log);
  await completeSchedules(plan, 'demo', stack.environment['UNDERSTUDY_SCHEDULE_GROUP']!);
  const rds = options.databaseUrl ? undefined : await startShop();
  return {
    moto,
    cluster,
    rds,
    damage,
    stack,
    plan,
    target: demoTargetId(options.databaseUrl),
    scratchDirectory,
    log,
    async close() {
      await damage.close();
      await Promise.all([moto.stop(), cluster?.stop(), rds?.close()]);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Gives the target its secret, as a person would in Secrets Manager. */
export async function storeDemoSecret(stage: DemoStage, databaseUrl: string | undefined): Promise<void> {
  const value =
    databaseUrl ??
    JSON.stringify({
      username: 'understudy',
      password: 'dump-only',
      host: '127.0.0.1',
      port: stage.cluster!.port,
      dbname: 'crm',
    });
  await storeSecret(`understudy/${stage.target}`, value);
}

const config = ({ verify, proof, databaseUrl }: DemoOptions, target = demoTargetId(databaseUrl)) => `
version: 1
policies:
  production:
    objectives: { rpo: { dump: 26h }, rto: 1h }
    schedules: { dump: "0 1 * * *", verify: "30 1 * * *", rehearse: "0 2 * * SUN", expire: "0 5 * * *" }
    retention: { daily: 35d, weekly: 12w, monthly: 12mo }
    verify: { depth: ${verify} }
    proof: { depth: ${proof} }
${
  databaseUrl
    ? ''
    : `  instances:
    objectives: { rpo: { dump: 26h, snapshot: 26h, pitr: 15m }, rto: 1h }
    schedules:
      dump: "0 1 * * *"
      rehearse: "0 4 * * SAT"
      snapshot: "30 1 * * *"
      rehearse-snapshot: "0 3 * * SAT"
      rehearse-moment: "0 3 * * SUN"
      preflight: "0 6 * * *"
      expire: "0 5 * * *"
    retention: { daily: 35d }
    restore: { cutover: secret }`
}
targets:
  ${target}:
    policy: production
    connection: { secret: understudy/${target} }
${
  databaseUrl
    ? ''
    : `    assertions:
      - { name: leads are there, sql: select count(*) from public.leads, minimum: 150000 }
      - { name: no document without its file, sql: "select count(*) from public.documents where file_key = ''", equals: 0 }
      - { name: no invoice was lost, sql: select count(*) from public.invoices, rowsOf: public.invoices, tolerance: 0% }
  ${SHOP}:
    policy: instances
    rds: shop-prod
    connection: { secret: understudy/${SHOP} }
    assertions:
      - { name: the orders are there, sql: select count(*) from public.orders, minimum: ${ORDERS} }`
}
`;
