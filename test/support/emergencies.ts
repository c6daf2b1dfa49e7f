import { setTimeout as sleep } from 'node:timers/promises';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { Client } from 'pg';
import type { RestoreRecord } from '../../lib/domain/incidents/restore-record.ts';
import type { RestorePlan, Way } from '../../lib/domain/incidents/way.ts';
import type { RestoreJob } from '../../lib/domain/runs/job.ts';
import { utc } from '../../lib/domain/time.ts';
import { catalog, clock, here, platform as platformNow } from '../../lib/runtime/compose.ts';
import { readPlan } from '../../lib/runtime/read-plan.ts';
import type { RestoreOutcome } from '../../lib/workflows/emergency/restoring.ts';
import { planRestore } from '../../lib/workflows/operator/plan-restore.ts';
import { invokeLocally } from '../../scripts/local/invoke-locally.ts';
import { eventually } from './rds-stage.ts';

/** An application under load: it reads its secret again whenever its connection breaks, as a pool with short lives does. */
export type Application = {
  /** What was accepted, in order: which server, by its port, and when the commit was answered. */
  accepted: { n: number; port: number; at: number }[];
  stop(): Promise<void>;
};

export function startApplication(secretId: string, table: string, port?: number): Application {
  const accepted: Application['accepted'] = [];
  const secrets = new SecretsManager({});
  let stopped = false;
  let n = 0;
  const run = async () => {
    while (!stopped) {
      const client = await connection().catch(() => undefined);
      if (!client) {
        await sleep(20);
        continue;
      }
      try {
        while (!stopped) {
          n++;
          await client.query(`insert into ${table} (n, writer) values ($1, $2)`, [n, port ?? 0]);
          accepted.push({ n, port: client.port, at: performance.now() });
          await sleep(5);
        }
      } catch {
        // It connects anew.
      }
      await client.end().catch(() => undefined);
    }
  };
  const connection = async () => {
    const { SecretString } = await secrets.getSecretValue({ SecretId: secretId, VersionStage: 'AWSCURRENT' });
    const { username: user, password, host, dbname: database, port: own } = JSON.parse(SecretString!);
    const client = new Client({ user, password, host, database, port: port ?? own, ssl: false });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const running = run();
  return {
    accepted,
    async stop() {
      stopped = true;
      await running;
    },
  };
}

/** What the watch would have seen of the source a moment ago. */
export async function observe(target = 'crm', id = 'crm-prod'): Promise<void> {
  const source = (await platformNow().source({ kind: 'rds', id }))!;
  await catalog().observe(
    target,
    {
      platform: {
        readAt: utc(new Date()),
        status: source.status,
        id,
        resourceId: source.resourceId,
        retention: source.backups.retention,
        ...(source.pitr?.earliest ? { earliest: source.pitr.earliest } : {}),
        ...(source.pitr ? { latest: source.pitr.latest } : {}),
      },
    },
    new Date(),
  );
}

/** A way of the plan as a person is shown it, and the message that confirms it. */
export async function confirmed(
  kind: RestoreJob['way'],
  options: { at?: string; target?: string; by?: string } = {},
): Promise<RestoreJob> {
  const { at, target = 'crm', by = 'anna' } = options;
  const plan: RestorePlan = await planRestore(
    readPlan(process.env['UNDERSTUDY_PLAN']!).targets.find(({ id }) => id === target)!,
    { at },
    { catalog: catalog(), clock, home: here().region },
  );
  const way = plan.ways.find((each) => each.kind === kind) as Way;
  return {
    job: 'restore',
    target,
    scheduledFor: plan.madeAt,
    requestedBy: by,
    way: kind,
    ...(way.point === undefined ? {} : { point: way.point }),
    asOf: way.asOf,
    confirm: way.confirm!,
  };
}

export const beginRestore = (job: RestoreJob) => invokeLocally('restore', job) as Promise<RestoreOutcome>;
export const answer = (ask: 'approve' | 'reject' | 'abort', by = 'ben', target = 'crm') =>
  invokeLocally('approve', { ask, target, by });
export const recordOf = async (target = 'crm') => (await catalog().restore(target)) as RestoreRecord;
export const untilPhase = (phase: RestoreRecord['phase'], target = 'crm') =>
  eventually(`the restore to be in ${phase}`, async () => {
    const record = await catalog().restore(target);
    if (record?.state === 'not-done') throw new Error(`it ended: ${JSON.stringify(record.error)}`);
    return record?.state === 'running' && record.phase === phase && record;
  });

/** Waits until a person is asked: on record, and told. */
export async function untilAsked(target = 'crm'): Promise<RestoreRecord> {
  await untilPhase('approve', target);
  await eventually('a person to be asked', async () =>
    (await catalog().openFindings(target)).some(({ code }) => code === 'restore-awaits-approval'),
  );
  return recordOf(target);
}

/** Waits until the source can be restored to this moment. */
export async function reachable(moment: string, target = 'crm', id = 'crm-prod'): Promise<void> {
  await eventually('AWS to be able to restore it', async () => {
    await observe(target, id);
    const { platform } = await catalog().observed(target);
    return platform?.latest !== undefined && platform.latest > moment;
  });
}

export async function secondBegins(): Promise<void> {
  await sleep(1000 - (Date.now() % 1000) + 10);
}
