import {
  CopyDBSnapshotCommand,
  CreateDBInstanceCommand,
  CreateDBParameterGroupCommand,
  CreateDBSnapshotCommand,
  DeleteDBInstanceCommand,
  DeleteDBParameterGroupCommand,
  DeleteDBSnapshotCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  ModifyDBInstanceCommand,
  type ModifyDBInstanceMessage,
  ModifyDBParameterGroupCommand,
  ModifyDBSnapshotAttributeCommand,
  type Parameter,
  RDSClient,
  RestoreDBInstanceFromDBSnapshotCommand,
  type RestoreDBInstanceFromDBSnapshotMessage,
  RestoreDBInstanceToPointInTimeCommand,
  type RestoreDBInstanceToPointInTimeMessage,
  type Tag,
} from '@aws-sdk/client-rds';
import { Client } from 'pg';
import { type LocalRds, startLocalRds } from '../../../scripts/local/rds/local-rds.ts';

export const HOME = 'eu-central-1';
export const AWAY = 'eu-west-1';
export const PASSWORD = 'correct-horse';
export const arn = (rest: string, region = HOME) => `arn:aws:rds:${region}:123456789012:${rest}`;

/** A local RDS for a test file, whose violations are asserted when it ends. */
export function localRds(options: Parameters<typeof startLocalRds>[0] = {}): {
  rds: () => LocalRds;
  client: (region?: string) => RDSClient;
  aws: Aws;
} {
  let rds: LocalRds;
  const clients = new Map<string, RDSClient>();
  const client = (region = HOME) => {
    const made = clients.get(region) ?? clientOf(rds.endpoint, region);
    clients.set(region, made);
    return made;
  };
  beforeAll(async () => {
    rds = await startLocalRds({ pace: 60, ...options });
  });
  afterAll(async () => {
    for (const made of clients.values()) made.destroy();
    await rds.close();
    expect(rds.violations).toEqual([]);
  });
  return { rds: () => rds, client, aws: awsOf(client) };
}

export const clientOf = (endpoint: string, region = HOME) =>
  new RDSClient({
    endpoint,
    region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });

/** What tests ask RDS for, in one line each; `…Is` waits for a status and gives what has it. */
export type Aws = ReturnType<typeof awsOf>;
export function awsOf(client: (region?: string) => RDSClient) {
  const instance = async (DBInstanceIdentifier: string, region?: string) =>
    (await client(region).send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }))).DBInstances![0]!;
  const snapshot = async (DBSnapshotIdentifier: string, region?: string) =>
    (await client(region).send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier }))).DBSnapshots![0]!;
  const cluster = async (DBClusterIdentifier: string) =>
    (await client().send(new DescribeDBClustersCommand({ DBClusterIdentifier }))).DBClusters![0]!;
  return {
    instance,
    snapshot,
    cluster,
    instanceIs: (id: string, status: string, region?: string) =>
      until(`instance ${id} to be ${status}`, async () => {
        const shown = await instance(id, region);
        if (shown.DBInstanceStatus === 'failed' && status !== 'failed') throw new Error(`${id} failed`);
        return shown.DBInstanceStatus === status && shown;
      }),
    snapshotIs: (id: string, status: string, region?: string) =>
      until(`snapshot ${id} to be ${status}`, async () => {
        const shown = await snapshot(id, region);
        return shown.Status === status && shown;
      }),
    clusterIs: (id: string, status: string) =>
      until(`cluster ${id} to be ${status}`, async () => {
        const shown = await cluster(id);
        return shown.Status === status && shown;
      }),
    takeSnapshot: (DBInstanceIdentifier: string, DBSnapshotIdentifier: string, Tags: Tag[] = []) =>
      client().send(new CreateDBSnapshotCommand({ DBInstanceIdentifier, DBSnapshotIdentifier, Tags })),
    deleteSnapshot: (DBSnapshotIdentifier: string) =>
      client().send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier })),
    /** Into the other Region. */
    copySnapshot: (
      SourceDBSnapshotIdentifier: string,
      TargetDBSnapshotIdentifier: string,
      KmsKeyId?: string,
    ) =>
      client(AWAY).send(
        new CopyDBSnapshotCommand({ SourceDBSnapshotIdentifier, TargetDBSnapshotIdentifier, KmsKeyId }),
      ),
    share: (DBSnapshotIdentifier: string, ...ValuesToAdd: string[]) =>
      client().send(
        new ModifyDBSnapshotAttributeCommand({ DBSnapshotIdentifier, AttributeName: 'restore', ValuesToAdd }),
      ),
    restore: (
      DBSnapshotIdentifier: string,
      DBInstanceIdentifier: string,
      more: Partial<RestoreDBInstanceFromDBSnapshotMessage> = {},
      region?: string,
    ) =>
      client(region).send(
        new RestoreDBInstanceFromDBSnapshotCommand({ DBSnapshotIdentifier, DBInstanceIdentifier, ...more }),
      ),
    restoreToMoment: (
      SourceDBInstanceIdentifier: string,
      TargetDBInstanceIdentifier: string,
      more: Partial<RestoreDBInstanceToPointInTimeMessage>,
    ) =>
      client().send(
        new RestoreDBInstanceToPointInTimeCommand({
          SourceDBInstanceIdentifier,
          TargetDBInstanceIdentifier,
          ...more,
        }),
      ),
    modify: (DBInstanceIdentifier: string, changes: Partial<ModifyDBInstanceMessage>) =>
      client().send(new ModifyDBInstanceCommand({ DBInstanceIdentifier, ...changes })),
    remove: (DBInstanceIdentifier: string) =>
      client().send(new DeleteDBInstanceCommand({ DBInstanceIdentifier, SkipFinalSnapshot: true })),
    addMember: (DBInstanceIdentifier: string, DBClusterIdentifier: string) =>
      client().send(
        new CreateDBInstanceCommand({
          DBInstanceIdentifier,
          DBClusterIdentifier,
          DBInstanceClass: 'db.t4g.medium',
          Engine: 'aurora-postgresql',
        }),
      ),
    makeGroup: (DBParameterGroupName: string, DBParameterGroupFamily: string) =>
      client().send(
        new CreateDBParameterGroupCommand({ DBParameterGroupName, DBParameterGroupFamily, Description: 'x' }),
      ),
    /** Each as `name=value`. */
    setParameters: (
      DBParameterGroupName: string,
      settings: string[],
      ApplyMethod: NonNullable<Parameter['ApplyMethod']> = 'pending-reboot',
    ) => {
      const Parameters = settings.map((setting) => {
        const [ParameterName, ParameterValue] = setting.split('=');
        return { ParameterName, ParameterValue, ApplyMethod };
      });
      return client().send(new ModifyDBParameterGroupCommand({ DBParameterGroupName, Parameters }));
    },
    deleteGroup: (DBParameterGroupName: string) =>
      client().send(new DeleteDBParameterGroupCommand({ DBParameterGroupName })),
  };
}

/** Asks until the answer is there. */
export async function until<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + 300_000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`waited 300 s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Waits until a call is refused, and gives how. */
export const untilRefused = (what: string, ask: () => Promise<unknown>) =>
  until(what, () =>
    ask().then(
      () => false as const,
      (error: unknown) => refusal(Promise.reject(error)),
    ),
  );

/** SQL as the user of a connection, who is not the superuser. */
export async function query(
  port: number,
  text: string,
  { user = 'postgres', password = PASSWORD, database = 'crm' } = {},
): Promise<Record<string, unknown>[]> {
  const client = new Client({ host: '127.0.0.1', port, user, password, database });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** The code that a call was refused with. */
export async function refusal(call: Promise<unknown>): Promise<{ code: string; status: number | undefined }> {
  try {
    await call;
  } catch (error) {
    const { Code, name, $metadata } = error as Error & {
      Code?: string;
      $metadata?: { httpStatusCode?: number };
    };
    return { code: Code ?? name, status: $metadata?.httpStatusCode };
  }
  throw new Error('the call was not refused');
}

export async function secondBegins(): Promise<Date> {
  await new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000) + 5));
  return new Date(Math.floor(Date.now() / 1000) * 1000);
}
