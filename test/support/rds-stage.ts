import { KMS } from '@aws-sdk/client-kms';
import { RDS } from '@aws-sdk/client-rds';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { SNS } from '@aws-sdk/client-sns';
import { SQS } from '@aws-sdk/client-sqs';
import { SCRATCH_PREFIX } from '../../lib/domain/names.ts';
import type { Plan } from '../../lib/domain/plan/policy.ts';
import { catalog } from '../../lib/runtime/compose.ts';
import { readInbox } from '../../scripts/local/drain-queues.ts';
import {
  endDurable,
  type FunctionName,
  invokeLocally,
  replacedFunctions,
} from '../../scripts/local/invoke-locally.ts';
import { LOCAL_CREDENTIALS } from '../../scripts/local/moto.ts';
import { type LocalRds, type LocalRdsOptions, startLocalRds } from '../../scripts/local/rds/local-rds.ts';
import { instancePlan } from './plan.ts';
import { createStage, type Stage } from './stage.ts';

export const PASSWORD = 'only-for-tests';
export const HOME = 'eu-central-1';
export const AWAY = 'eu-west-1';

type Source = Parameters<LocalRds['createInstance']>[0];
export type Platform = {
  stage: Stage;
  rds: LocalRds;
  /** RDS as other programs than Understudy call it. */
  client: RDS;
  /** Keys that exist and may be used, here and in the other Region. */
  keys: { home: string; away: string };
  /** Makes an encrypted instance, and the secret of the target that it is. */
  source(target: string, options: Partial<Source> & { id: string; cluster?: true }): Promise<void>;
  /** Hands a job to its function, as the topic would. */
  ask<T = Record<string, unknown>>(job: string, scheduledFor: string, more?: object): Promise<T>;
  /** The jobs that were published since the last time, of this name. */
  published(job: string): Promise<Record<string, unknown>[]>;
  /** Everything of a rehearsal that would be billed or be in the way: nothing, when it ended well. */
  leftOver(): Promise<string[]>;
  close(): Promise<void>;
};

/** A stage whose RDS is the local one, with keys in moto. */
export async function createPlatform(
  plan: (keys: Platform['keys']) => Plan = () => instancePlan(),
  options: LocalRdsOptions = {},
): Promise<Platform> {
  const keys = { home: await newKey(HOME), away: await newKey(AWAY) };
  const stage = await createStage(plan(keys));
  const rds = await startLocalRds({ pace: 100, ...options });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_RDS: rds.endpoint,
    UNDERSTUDY_PACE: '1',
    UNDERSTUDY_SCRATCH_SUBNET_GROUP: 'default',
    UNDERSTUDY_SCRATCH_SECURITY_GROUP: 'sg-scratch',
  });
  const jobs = await subscribed(stage.name, process.env['UNDERSTUDY_TOPIC_JOBS']!);
  const unread: Record<string, unknown>[] = [];
  const client = new RDS({ endpoint: rds.endpoint, maxAttempts: 1 });
  return {
    stage,
    rds,
    client,
    keys,
    async source(target, { cluster, ...wishes }) {
      const given = {
        ...{ database: 'crm', masterPassword: PASSWORD, kmsKeyId: keys.home, encrypted: true },
        ...wishes,
      };
      if (cluster) await rds.createCluster({ ...given, instanceId: `${given.id}-1` });
      else await rds.createInstance(given);
      await stage.secret(target, {
        host: '127.0.0.1',
        port: rds.instance(given.id).port,
        database: given.database,
        user: 'postgres',
        password: PASSWORD,
        sslmode: 'disable',
      });
    },
    ask: <T>(job: string, scheduledFor: string, more = {}) =>
      invokeLocally(job as FunctionName, {
        job,
        target: 'crm',
        scheduledFor,
        requestedBy: 'test',
        ...more,
      }) as Promise<T>,
    async published(job) {
      unread.push(...(await readInbox(jobs)).map(({ finding }) => finding));
      const found = unread.filter((message) => message['job'] === job);
      for (const message of found) unread.splice(unread.indexOf(message), 1);
      return found;
    },
    leftOver: () => leftOver(client, stage.name),
    async close() {
      replacedFunctions.prove = undefined;
      rds.fault = undefined;
      await endDurable();
      client.destroy();
      await rds.close();
    },
  };
}

async function leftOver(rds: RDS, stage: string): Promise<string[]> {
  const scratch = (kind: string, names: (string | undefined)[]) =>
    names.filter((name) => name?.startsWith(SCRATCH_PREFIX)).map((name) => `${kind} ${name}`);
  const { DBInstances: instances = [] } = await rds.describeDBInstances({});
  const { DBClusters: clusters = [] } = await rds.describeDBClusters({});
  const { DBParameterGroups: groups = [] } = await rds.describeDBParameterGroups({});
  const { DBClusterParameterGroups: clusterGroups = [] } = await rds.describeDBClusterParameterGroups({});
  const { DBSnapshots: snapshots = [] } = await rds.describeDBSnapshots({});
  const { DBClusterSnapshots: clusterSnapshots = [] } = await rds.describeDBClusterSnapshots({});
  const Filters = [{ Key: 'name' as const, Values: [`understudy/${stage}/scratch`] }];
  const { SecretList = [] } = await new SecretsManager({}).listSecrets({ Filters });
  const ids = (those: { DBInstanceIdentifier?: string | undefined }[]) =>
    those.map(({ DBInstanceIdentifier }) => DBInstanceIdentifier);
  const clusterIds = (those: { DBClusterIdentifier?: string | undefined }[]) =>
    those.map(({ DBClusterIdentifier }) => DBClusterIdentifier);
  const groupNames = groups.map(({ DBParameterGroupName }) => DBParameterGroupName);
  const clusterGroupNames = clusterGroups.map((group) => group.DBClusterParameterGroupName);
  return [
    ...scratch('instance', ids(instances)),
    ...scratch('cluster', clusterIds(clusters)),
    ...scratch('parameter group', groupNames),
    ...scratch('cluster parameter group', clusterGroupNames),
    // Final and automated ones, by their source: they would be billed for as long as nothing deletes them.
    ...scratch('snapshot of', [...ids(snapshots), ...clusterIds(clusterSnapshots)]),
    ...SecretList.map(({ Name }) => `secret ${Name}`),
    ...(await catalog().openScratches()).map(({ name }) => `record ${name}`),
  ];
}

async function newKey(region: string): Promise<string> {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = LOCAL_CREDENTIALS;
  const endpoint = process.env['AWS_ENDPOINT_URL']!;
  const kms = new KMS({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  const { KeyMetadata } = await kms.createKey({});
  kms.destroy();
  return KeyMetadata!.Arn!;
}

/** A queue of the test's own that receives everything of a topic. */
async function subscribed(stage: string, TopicArn: string): Promise<string> {
  const sqs = new SQS({});
  const { QueueUrl } = await sqs.createQueue({ QueueName: `heard-${stage}-jobs` });
  // moto names its queues after AWS; the SDK would go there.
  const url = `${process.env['AWS_ENDPOINT_URL']}${new URL(QueueUrl!).pathname}`;
  const { Attributes } = await sqs.getQueueAttributes({ QueueUrl: url, AttributeNames: ['QueueArn'] });
  await new SNS({}).subscribe({ TopicArn, Protocol: 'sqs', Endpoint: Attributes!['QueueArn']! });
  return url;
}

/** Asks until the answer is there. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + 300_000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`waited 300 s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
