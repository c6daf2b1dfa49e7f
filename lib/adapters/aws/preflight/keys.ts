import { DescribeKeyCommand, type KeyMetadata, KMSClient } from '@aws-sdk/client-kms';
import { utc } from '../../../domain/time.ts';
import type { KeyFacts } from '../../../ports/restore-conditions.ts';
import { ofKms } from './preflight-errors.ts';

/** A key by its ARN, id or alias, in the Region its ARN names; undefined when there is none. */
export type Keys = (id: string, region?: string) => Promise<KeyFacts | undefined>;

/** Keys of any Region, with one client for each, created at its first use. */
export function kmsKeys(home: string): Keys {
  const clients = new Map<string, KMSClient>();
  return async (id, region) => {
    const where = regionOf(id) ?? region ?? home;
    const client = clients.get(where) ?? new KMSClient({ region: where, maxAttempts: 6 });
    clients.set(where, client);
    return readKey(client, id);
  };
}

async function readKey(client: KMSClient, id: string): Promise<KeyFacts | undefined> {
  const answer = await ofKms.ifThere(`looking at the key ${id}`, /^NotFoundException/, () =>
    client.send(new DescribeKeyCommand({ KeyId: id })),
  );
  return answer?.KeyMetadata && factsOf(answer.KeyMetadata);
}

/** A replica of a multi-Region key that waits for its primary has no date yet; its state is enough. */
function factsOf(key: KeyMetadata): KeyFacts {
  // The defaults of a key.
  const { KeyUsage = 'ENCRYPT_DECRYPT', KeySpec = 'SYMMETRIC_DEFAULT' } = key;
  return {
    state: key.KeyState ?? 'unknown',
    encrypts: KeyUsage === 'ENCRYPT_DECRYPT' && KeySpec === 'SYMMETRIC_DEFAULT',
    awsManaged: key.KeyManager === 'AWS',
    ...(key.DeletionDate ? { deletedAt: utc(key.DeletionDate) } : {}),
    ...(key.ValidTo ? { validUntil: utc(key.ValidTo) } : {}),
  };
}

function regionOf(id: string): string | undefined {
  return /^arn:[^:]+:kms:([^:]+):/.exec(id)?.[1];
}
