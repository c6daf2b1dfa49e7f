import {
  CopyDBSnapshotCommand,
  CreateDBClusterSnapshotCommand,
  CreateDBInstanceCommand,
  CreateDBParameterGroupCommand,
  CreateDBSnapshotCommand,
  DeleteDBClusterCommand,
  DeleteDBInstanceCommand,
  DeleteDBParameterGroupCommand,
  DeleteDBSnapshotCommand,
  DescribeAccountAttributesCommand,
  DescribeDBClusterSnapshotsCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  DescribeDBParametersCommand,
  DescribeDBSnapshotsCommand,
  ListTagsForResourceCommand,
  ModifyDBInstanceCommand,
  ModifyDBParameterGroupCommand,
  ModifyDBSnapshotAttributeCommand,
  type RDSClient,
  RestoreDBClusterFromSnapshotCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
  type RestoreDBInstanceFromDBSnapshotMessage,
  RestoreDBInstanceToPointInTimeCommand,
} from '@aws-sdk/client-rds';
import { AWAY, HOME, refusal, until } from './support.ts';

/** An RDS to try: how to reach it, and how its sources come to be. */
export type Candidate = {
  client(region?: string): RDSClient;
  instance(
    id: string,
    options?: { encrypted?: boolean; deletionProtection?: boolean; backups?: boolean },
  ): Promise<void>;
  cluster(id: string, member: string): Promise<void>;
  /** Of its parameter groups. */
  family: string;
};

/** Behaviours of RDS that need no data, each on its own resources. A candidate that behaves otherwise fails it. */
export const BEHAVIOURS: Record<string, (candidate: Candidate) => Promise<void>> = {
  async 'an instance has an ARN, a resource id and an address'(candidate) {
    await plain(candidate);
    const shown = await instanceIs(candidate, PLAIN, 'available');
    expect(shown.DBInstanceArn).toBe(`arn:aws:rds:${HOME}:123456789012:db:${PLAIN}`);
    expect(shown.DbiResourceId).toMatch(/^db-[A-Z0-9]+$/);
    expect(shown.Endpoint!.Port).toBeGreaterThan(0);
  },
  async 'an unknown instance is not found'(candidate) {
    expect(await refusal(instance(candidate, 'nobody'))).toEqual({ code: 'DBInstanceNotFound', status: 404 });
  },
  async 'a snapshot is manual, has its tags and becomes available'(candidate) {
    await plain(candidate);
    await take(candidate, PLAIN, 'taken-1', { reason: 'test' });
    const snapshot = await snapshotIs(candidate, 'taken-1', 'available');
    expect(snapshot).toMatchObject({
      SnapshotType: 'manual',
      DBInstanceIdentifier: PLAIN,
      DBSnapshotArn: `arn:aws:rds:${HOME}:123456789012:snapshot:taken-1`,
      TagList: [{ Key: 'reason', Value: 'test' }],
    });
  },
  async 'a snapshot says how far it is'(candidate) {
    await source(candidate, 'measured');
    expect((await snapshot(candidate, 'measured-1')).PercentProgress).toBe(100);
  },
  async 'a snapshot is creating at first'(candidate) {
    await plain(candidate);
    const { DBSnapshot } = await take(candidate, PLAIN, 'slow-1');
    await snapshotIs(candidate, 'slow-1', 'available');
    expect(DBSnapshot!.Status).toBe('creating');
  },
  async 'names are lower-cased'(candidate) {
    await plain(candidate);
    await take(candidate, PLAIN, 'Upper-Case');
    expect((await snapshotIs(candidate, 'upper-case', 'available')).DBSnapshotIdentifier).toBe('upper-case');
  },
  async 'the name of a snapshot is taken once'(candidate) {
    await source(candidate, 'twice');
    expect(await refusal(take(candidate, PLAIN, 'twice-1'))).toEqual({
      code: 'DBSnapshotAlreadyExists',
      status: 400,
    });
  },
  async 'a name with an underscore is refused'(candidate) {
    await plain(candidate);
    expect((await refusal(take(candidate, PLAIN, 'a_b'))).code).toBe('InvalidParameterValue');
  },
  async 'a snapshot of nothing is refused'(candidate) {
    expect((await refusal(take(candidate, 'nobody', 'x'))).code).toBe('DBInstanceNotFound');
  },
  async 'a snapshot that is deleted is not found'(candidate) {
    await source(candidate, 'forgotten');
    await candidate.client().send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: 'forgotten-1' }));
    expect(await refusal(snapshot(candidate, 'forgotten-1'))).toEqual({
      code: 'DBSnapshotNotFound',
      status: 404,
    });
  },
  async 'snapshots are listed by their instance and type'(candidate) {
    await source(candidate, 'listed');
    const list = async (SnapshotType: string) =>
      (
        await candidate
          .client()
          .send(new DescribeDBSnapshotsCommand({ DBInstanceIdentifier: PLAIN, SnapshotType }))
      ).DBSnapshots!;
    expect(await list('manual')).toContainEqual(
      expect.objectContaining({ DBSnapshotIdentifier: 'listed-1' }),
    );
    expect(await list('shared')).toEqual([]);
  },
  async 'a restore is creating at first, without an address'(candidate) {
    await source(candidate, 'early');
    const { DBInstance } = await restore(candidate, 'early-1', 'early-copy');
    expect(DBInstance).toMatchObject({ DBInstanceStatus: 'creating' });
    expect(DBInstance!.Endpoint).toBeUndefined();
  },
  async 'a restored instance is another one, with its own tags'(candidate) {
    await source(candidate, 'original');
    const Tags = [{ Key: 'scratch', Value: 'yes' }];
    await restore(candidate, 'original-1', 'restored', { Tags, DBInstanceClass: 'db.t4g.large' });
    const copy = await instanceIs(candidate, 'restored', 'available');
    expect(copy).toMatchObject({ TagList: Tags, DBInstanceClass: 'db.t4g.large', DeletionProtection: false });
  },
  async 'no two instances have one resource id'(candidate) {
    await plain(candidate);
    await candidate.instance('second');
    const ids = await Promise.all([PLAIN, 'second'].map((id) => instance(candidate, id)));
    expect(ids[0]!.DbiResourceId).not.toBe(ids[1]!.DbiResourceId);
  },
  async 'a restore of an unknown snapshot is refused'(candidate) {
    expect(await refusal(restore(candidate, 'nobody', 'x'))).toEqual({
      code: 'DBSnapshotNotFound',
      status: 404,
    });
  },
  async 'a restore onto a name in use is refused'(candidate) {
    await source(candidate, 'used');
    expect(await refusal(restore(candidate, 'used-1', PLAIN))).toEqual({
      code: 'DBInstanceAlreadyExists',
      status: 400,
    });
  },
  async 'a restore into an unknown subnet group is refused'(candidate) {
    await source(candidate, 'netless');
    const call = restore(candidate, 'netless-1', 'x', { DBSubnetGroupName: 'nobody' });
    expect((await refusal(call)).code).toBe('DBSubnetGroupNotFoundFault');
  },
  async 'a restore with an unknown parameter group is refused'(candidate) {
    await source(candidate, 'groupless');
    const call = restore(candidate, 'groupless-1', 'x', { DBParameterGroupName: 'nobody' });
    expect((await refusal(call)).code).toBe('DBParameterGroupNotFound');
  },
  async 'a restore to a moment in the future is refused'(candidate) {
    await candidate.instance('future', { backups: true });
    const call = candidate.client().send(
      new RestoreDBInstanceToPointInTimeCommand({
        SourceDBInstanceIdentifier: 'future',
        TargetDBInstanceIdentifier: 'x',
        RestoreTime: new Date(Date.now() + 3_600_000),
      }),
    );
    expect((await refusal(call)).code).toBe('InvalidParameterValue');
  },
  async 'a deleted instance is not found'(candidate) {
    await candidate.instance('leaving');
    await remove(candidate, 'leaving');
    await until('the deletion', () =>
      instance(candidate, 'leaving').then(
        () => false,
        () => true,
      ),
    );
    expect((await refusal(instance(candidate, 'leaving'))).code).toBe('DBInstanceNotFound');
  },
  async 'a protected instance is deleted only after its protection is taken off'(candidate) {
    await candidate.instance('guarded', { deletionProtection: true });
    expect((await refusal(remove(candidate, 'guarded'))).code).toBe('InvalidParameterCombination');
    await candidate
      .client()
      .send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: 'guarded', DeletionProtection: false }));
    await remove(candidate, 'guarded');
  },
  async 'a new password is not shown and pending at first'(candidate) {
    await candidate.instance('locked');
    const { DBInstance } = await candidate
      .client()
      .send(
        new ModifyDBInstanceCommand({ DBInstanceIdentifier: 'locked', MasterUserPassword: 'another-horse' }),
      );
    expect(DBInstance!.PendingModifiedValues).toMatchObject({ MasterUserPassword: '****' });
  },
  async 'a parameter group keeps the values it was given'(candidate) {
    await group(candidate, 'kept');
    const { Parameters } = await candidate
      .client()
      .send(new DescribeDBParametersCommand({ DBParameterGroupName: 'kept', Source: 'user' }));
    expect(Parameters).toMatchObject([{ ParameterName: 'max_connections', ParameterValue: '50' }]);
  },
  async 'a parameter group in use cannot be deleted'(candidate) {
    await group(candidate, 'busy');
    await source(candidate, 'busy-source');
    await restore(candidate, 'busy-source-1', 'busy-copy', { DBParameterGroupName: 'busy' });
    const deletion = candidate
      .client()
      .send(new DeleteDBParameterGroupCommand({ DBParameterGroupName: 'busy' }));
    expect((await refusal(deletion)).code).toBe('InvalidDBParameterGroupState');
  },
  async 'a snapshot is copied to another Region by its ARN'(candidate) {
    await source(candidate, 'near');
    const { DBSnapshotArn } = await snapshot(candidate, 'near-1');
    const copy = new CopyDBSnapshotCommand({
      SourceDBSnapshotIdentifier: DBSnapshotArn,
      TargetDBSnapshotIdentifier: 'far',
    });
    await candidate.client(AWAY).send(copy);
    const copied = await snapshotIs(candidate, 'far', 'available', AWAY);
    expect(copied.DBSnapshotArn).toBe(`arn:aws:rds:${AWAY}:123456789012:snapshot:far`);
  },
  async 'a copy names its origin'(candidate) {
    await source(candidate, 'here');
    const { DBSnapshotArn } = await snapshot(candidate, 'here-1');
    const copy = new CopyDBSnapshotCommand({
      SourceDBSnapshotIdentifier: DBSnapshotArn,
      TargetDBSnapshotIdentifier: 'there',
    });
    await candidate.client(AWAY).send(copy);
    const copied = await snapshotIs(candidate, 'there', 'available', AWAY);
    expect(copied).toMatchObject({ SourceDBSnapshotIdentifier: DBSnapshotArn, SourceRegion: HOME });
  },
  async 'an encrypted snapshot is not copied to another Region without a key there'(candidate) {
    await candidate.instance('sealed', { encrypted: true });
    await take(candidate, 'sealed', 'sealed-1');
    const { DBSnapshotArn } = await snapshotIs(candidate, 'sealed-1', 'available');
    const copy = new CopyDBSnapshotCommand({
      SourceDBSnapshotIdentifier: DBSnapshotArn,
      TargetDBSnapshotIdentifier: 'sealed-far',
    });
    expect((await refusal(candidate.client(AWAY).send(copy))).code).toBe('InvalidParameterValue');
  },
  async 'a snapshot is shared with accounts'(candidate) {
    await source(candidate, 'shared');
    const accounts = ['210987654321'];
    const of = { DBSnapshotIdentifier: 'shared-1' };
    const { DBSnapshotAttributesResult } = await candidate
      .client()
      .send(new ModifyDBSnapshotAttributeCommand({ ...of, AttributeName: 'restore', ValuesToAdd: accounts }));
    expect(DBSnapshotAttributesResult!.DBSnapshotAttributes).toMatchObject([
      { AttributeName: 'restore', AttributeValues: accounts },
    ]);
  },
  async 'a snapshot under the default key is not shared'(candidate) {
    await candidate.instance('default-key', { encrypted: true });
    await take(candidate, 'default-key', 'default-key-1');
    await snapshotIs(candidate, 'default-key-1', 'available');
    const share = new ModifyDBSnapshotAttributeCommand({
      DBSnapshotIdentifier: 'default-key-1',
      AttributeName: 'restore',
      ValuesToAdd: ['210987654321'],
    });
    expect((await refusal(candidate.client().send(share))).code).toBe('InvalidDBSnapshotState');
  },
  async 'tags are listed by the ARN of what has them'(candidate) {
    await plain(candidate);
    await take(candidate, PLAIN, 'labelled', { a: 'b' });
    const ResourceName = `arn:aws:rds:${HOME}:123456789012:snapshot:labelled`;
    const { TagList } = await candidate.client().send(new ListTagsForResourceCommand({ ResourceName }));
    expect(TagList).toEqual([{ Key: 'a', Value: 'b' }]);
  },
  async 'a restored cluster has no members until one is made'(candidate) {
    await clusterCopy(candidate, 'bare');
    expect((await cluster(candidate, 'bare-copy')).DBClusterMembers).toEqual([]);
    await member(candidate, 'bare-copy');
    await instanceIs(candidate, 'bare-copy-1', 'available');
    expect((await cluster(candidate, 'bare-copy')).DBClusterMembers).toMatchObject([
      { DBInstanceIdentifier: 'bare-copy-1', IsClusterWriter: true },
    ]);
  },
  async 'a cluster with members is not deleted'(candidate) {
    await clusterCopy(candidate, 'full');
    await member(candidate, 'full-copy');
    const deletion = () =>
      candidate
        .client()
        .send(new DeleteDBClusterCommand({ DBClusterIdentifier: 'full-copy', SkipFinalSnapshot: true }));
    expect((await refusal(deletion())).code).toBe('InvalidDBClusterStateFault');
    await remove(candidate, 'full-copy-1');
    await deletion();
  },
  async 'an unknown cluster is not found'(candidate) {
    expect(await refusal(cluster(candidate, 'nobody'))).toEqual({
      code: 'DBClusterNotFoundFault',
      status: 404,
    });
  },
  async 'the account says how much of its quotas is used'(candidate) {
    const { AccountQuotas } = await candidate.client().send(new DescribeAccountAttributesCommand({}));
    expect(AccountQuotas).toContainEqual({
      AccountQuotaName: 'DBInstances',
      Used: expect.any(Number),
      Max: expect.any(Number),
    });
  },
};

/** A snapshot `ID-1` of the instance that behaviours share. */
async function source(candidate: Candidate, id: string): Promise<void> {
  await plain(candidate);
  await take(candidate, PLAIN, `${id}-1`);
  await snapshotIs(candidate, `${id}-1`, 'available');
  await instanceIs(candidate, PLAIN, 'available');
}

const PLAIN = 'plain';
const made = new Map<Candidate, Promise<void>>();

/** Made for the first that asks, and changed by nobody. */
async function plain(candidate: Candidate): Promise<void> {
  const making = made.get(candidate) ?? candidate.instance(PLAIN);
  made.set(candidate, making);
  await making;
  await instanceIs(candidate, PLAIN, 'available');
}

const take = ({ client }: Candidate, of: string, id: string, tags: Record<string, string> = {}) =>
  client().send(
    new CreateDBSnapshotCommand({
      DBInstanceIdentifier: of,
      DBSnapshotIdentifier: id,
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    }),
  );

const restore = (
  { client }: Candidate,
  DBSnapshotIdentifier: string,
  DBInstanceIdentifier: string,
  more: Partial<RestoreDBInstanceFromDBSnapshotMessage> = {},
) =>
  client().send(
    new RestoreDBInstanceFromDBSnapshotCommand({ DBSnapshotIdentifier, DBInstanceIdentifier, ...more }),
  );

const remove = ({ client }: Candidate, DBInstanceIdentifier: string) =>
  client().send(new DeleteDBInstanceCommand({ DBInstanceIdentifier, SkipFinalSnapshot: true }));

async function group({ client, family }: Candidate, DBParameterGroupName: string): Promise<void> {
  await client().send(
    new CreateDBParameterGroupCommand({
      DBParameterGroupName,
      DBParameterGroupFamily: family,
      Description: 'A test',
    }),
  );
  const value = {
    ParameterName: 'max_connections',
    ParameterValue: '50',
    ApplyMethod: 'pending-reboot' as const,
  };
  await client().send(new ModifyDBParameterGroupCommand({ DBParameterGroupName, Parameters: [value] }));
}

async function clusterCopy(candidate: Candidate, id: string): Promise<void> {
  const { client } = candidate;
  await candidate.cluster(id, `${id}-1`);
  const DBClusterSnapshotIdentifier = `${id}-snapshot`;
  await client().send(
    new CreateDBClusterSnapshotCommand({ DBClusterIdentifier: id, DBClusterSnapshotIdentifier }),
  );
  await until('the snapshot', async () => {
    const answer = await client().send(
      new DescribeDBClusterSnapshotsCommand({ DBClusterSnapshotIdentifier }),
    );
    return answer.DBClusterSnapshots![0]!.Status === 'available';
  });
  await client().send(
    new RestoreDBClusterFromSnapshotCommand({
      DBClusterIdentifier: `${id}-copy`,
      SnapshotIdentifier: DBClusterSnapshotIdentifier,
      Engine: 'aurora-postgresql',
    }),
  );
  await until('the cluster', async () => (await cluster(candidate, `${id}-copy`)).Status === 'available');
}

const member = ({ client }: Candidate, DBClusterIdentifier: string) =>
  client().send(
    new CreateDBInstanceCommand({
      DBInstanceIdentifier: `${DBClusterIdentifier}-1`,
      DBClusterIdentifier,
      DBInstanceClass: 'db.t4g.medium',
      Engine: 'aurora-postgresql',
    }),
  );

async function instance({ client }: Candidate, DBInstanceIdentifier: string) {
  const { DBInstances } = await client().send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }));
  return DBInstances![0]!;
}

async function cluster({ client }: Candidate, DBClusterIdentifier: string) {
  const { DBClusters } = await client().send(new DescribeDBClustersCommand({ DBClusterIdentifier }));
  return DBClusters![0]!;
}

async function snapshot({ client }: Candidate, DBSnapshotIdentifier: string, region?: string) {
  const { DBSnapshots } = await client(region).send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier }));
  return DBSnapshots![0]!;
}

const instanceIs = (candidate: Candidate, id: string, status: string) =>
  until(`${id} to be ${status}`, async () => {
    const shown = await instance(candidate, id);
    return shown.DBInstanceStatus === status && shown;
  });

const snapshotIs = (candidate: Candidate, id: string, status: string, region?: string) =>
  until(`${id} to be ${status}`, async () => {
    const shown = await snapshot(candidate, id, region);
    return shown.Status === status && shown;
  });
