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

  test('is paid by the request', () => {
    expect(template.text('Catalog', 'BillingMode')).toBe('PAY_PER_REQUEST');
  });

  test('can be put back to any second of the last weeks, cannot be deleted by a slip, and is encrypted', () => {
    expect(template.value('Catalog', 'PointInTimeRecoverySpecification')).toEqual({
      PointInTimeRecoveryEnabled: true,
    });
    expect(template.value('Catalog', 'DeletionProtectionEnabled')).toBe(true);
    expect(template.value('Catalog', 'SSESpecification')).toEqual({ SSEEnabled: true });
  });

  test('forgets nothing by itself but who waits for a notice, which nobody needs when the wait is over', () => {
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

test.each(['Vault', 'VaultKey', 'Catalog'])(
  '%s outlives the stack, and a change that would replace it',
  (id) => {
    expect(template.resources[id]).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  },
);

test('stores have no names of ours, so that a kept one is not in the way of the next deployment', () => {
  expect([template.value('Vault', 'BucketName'), template.value('Catalog', 'TableName')]).toEqual([
    undefined,
    undefined,
  ]);
});
