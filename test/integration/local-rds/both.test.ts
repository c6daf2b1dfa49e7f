import { CreateDBClusterCommand, CreateDBInstanceCommand } from '@aws-sdk/client-rds';
import { type LocalRds, startLocalRds } from '../../../scripts/local/rds/local-rds.ts';
import { BEHAVIOURS, type Candidate } from './suite.ts';
import { clientOf, PASSWORD } from './support.ts';

/** Where moto is known to behave otherwise than RDS, and so than the local RDS. */
const MOTO_DIFFERS: Record<string, string> = {
  'a snapshot is creating at first': 'its transitions are instant',
  'a restore is creating at first, without an address': 'its transitions are instant',
  'a new password is not shown and pending at first': 'its transitions are instant',
  'a snapshot says how far it is': 'it has no PercentProgress',
  'no two instances have one resource id': 'its DbiResourceId is a constant',
  'a restore to a moment in the future is refused': 'it holds no data and compares no times',
  'a parameter group in use cannot be deleted': 'it does not look for users',
  'a copy names its origin': 'it has neither SourceRegion nor SourceDBSnapshotIdentifier',
  'an encrypted snapshot is not copied to another Region without a key there': 'it knows no bounds of keys',
  'a snapshot under the default key is not shared': 'it knows no bounds of keys',
  'the account says how much of its quotas is used': 'DescribeAccountAttributes is missing',
};

const source = (id: string) => ({ id, database: 'crm', masterPassword: PASSWORD });

describe('the local RDS', () => {
  let rds: LocalRds;
  let candidate: Candidate;
  beforeAll(async () => {
    rds = await startLocalRds({ pace: 30 });
    candidate = {
      client: (region) => clientOf(rds.endpoint, region),
      family: 'mysql8.0',
      instance: (id, { backups, ...options } = {}) =>
        rds.createInstance({ ...source(id), engine: 'mysql', backupRetention: backups ? 1 : 0, ...options }),
      cluster: (id, instanceId) => rds.createCluster({ ...source(id), instanceId, backupRetention: 1 }),
    };
  });
  afterAll(async () => {
    await rds.close();
    expect(rds.violations).toEqual([]);
  });

  for (const [title, behaviour] of Object.entries(BEHAVIOURS)) test(title, () => behaviour(candidate));
});

describe('moto', () => {
  const client = (region?: string) => clientOf(process.env['AWS_ENDPOINT_URL']!, region);
  const database = {
    DBInstanceClass: 'db.t4g.micro',
    MasterUsername: 'postgres',
    MasterUserPassword: PASSWORD,
  };
  const moto: Candidate = {
    client,
    family: 'mysql8.0',
    async instance(id, options = {}) {
      await client().send(
        new CreateDBInstanceCommand({
          ...database,
          DBInstanceIdentifier: id,
          Engine: 'mysql',
          AllocatedStorage: 20,
          BackupRetentionPeriod: options.backups ? 1 : 0,
          StorageEncrypted: options.encrypted,
          DeletionProtection: options.deletionProtection,
        }),
      );
    },
    async cluster(id, instanceId) {
      const Engine = 'aurora-postgresql';
      const { DBInstanceClass, ...master } = database;
      await client().send(new CreateDBClusterCommand({ DBClusterIdentifier: id, Engine, ...master }));
      await client().send(
        new CreateDBInstanceCommand({
          DBInstanceIdentifier: instanceId,
          DBClusterIdentifier: id,
          Engine,
          DBInstanceClass,
        }),
      );
    },
  };

  for (const [title, behaviour] of Object.entries(BEHAVIOURS)) {
    const differs = MOTO_DIFFERS[title];
    if (!differs) test(title, () => behaviour(moto));
    else test(`not that ${title}: ${differs}`, () => expect(behaviour(moto)).rejects.toThrow());
  }
});
