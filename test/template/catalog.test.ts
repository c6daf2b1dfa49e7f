import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packaged, ROOT } from './packaged.ts';

/** The catalog, and what holds for everything that keeps something. */
const { template } = packaged();

describe('the catalog', () => {
  test('has the keys and the sparse index that the code uses', () => {
    expect(template.value('Catalog', 'KeySchema')).toEqual([
      { AttributeName: 'PK', KeyType: 'HASH' },
      { AttributeName: 'SK', KeyType: 'RANGE' },
    ]);
    expect(template.value('Catalog', 'GlobalSecondaryIndexes')).toEqual([
      {
        IndexName: 'open',
        KeySchema: [
          { AttributeName: 'openShard', KeyType: 'HASH' },
          { AttributeName: 'openKey', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'ALL' },
      },
    ]);
  });

  test('is billed by the request', () => {
    expect(template.text('Catalog', 'BillingMode')).toBe('PAY_PER_REQUEST');
  });

  test('has point-in-time recovery, deletion protection and encryption', () => {
    expect(template.resources['Catalog']!.Properties).toMatchObject({
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: true,
      SSESpecification: { SSEEnabled: true },
    });
  });

  test('lets DynamoDB delete waits for a notice and no other record', () => {
    expect(template.value('Catalog', 'TimeToLiveSpecification')).toEqual({
      AttributeName: 'goneAfter',
      Enabled: true,
    });
    const catalog = join(ROOT, 'lib/adapters/aws/catalog');
    const writing = readdirSync(catalog).filter((name) =>
      readFileSync(join(catalog, name), 'utf8').includes('goneAfter'),
    );
    expect(writing).toEqual(['timeline.ts']);
  });
});

test.each([
  ['Vault', 'RetainExceptOnCreate'],
  ['VaultKey', 'RetainExceptOnCreate'],
  // Protected from its first moment, it could not be deleted either way.
  ['Catalog', 'Retain'],
])('%s is retained when the stack goes or would replace it', (id, DeletionPolicy) => {
  expect(template.resources[id]).toMatchObject({ DeletionPolicy, UpdateReplacePolicy: 'Retain' });
});

test('nothing else is retained, so that a failed first deployment leaves nothing that stops the next one', () => {
  const kept = Object.keys(template.resources).filter(
    // A version goes with its function.
    (id) => template.resources[id]!.DeletionPolicy && !template.ids('Lambda::Version').includes(id),
  );
  expect(kept.sort()).toEqual(['Catalog', 'Vault', 'VaultKey']);
});

test('the vault and the catalog have no fixed names, so that retained ones do not stop the next deployment', () => {
  const names = [template.value('Vault', 'BucketName'), template.value('Catalog', 'TableName')];
  expect(names).toEqual([undefined, undefined]);
});
