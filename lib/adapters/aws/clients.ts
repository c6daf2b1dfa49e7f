import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { utc } from '../../domain/time.ts';

/** Clients, each created at its first use. Endpoint, Region and credentials come from the SDK's own environment. */
const RETRIES = { maxAttempts: 6 };

export const dynamo = () =>
  DynamoDBDocumentClient.from(new DynamoDBClient(RETRIES), {
    marshallOptions: { removeUndefinedValues: true },
  });
export function s3(options: { pathStyle: boolean; region?: string }): S3Client {
  const client = new S3Client({
    ...RETRIES,
    region: options.region,
    forcePathStyle: options.pathStyle,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  // Every part carries its SHA-256 in a signed header already, which S3 checks. Hashing the payload once more for the
  // signature itself would cost a tenth of an upload's CPU and prove the same.
  client.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { headers?: Record<string, string> };
      if (request.headers?.['x-amz-checksum-sha256'])
        request.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
      return next(args);
    },
    { step: 'finalizeRequest', name: 'payloadHashedOnce', priority: 'high' },
  );
  return client;
}
export const sns = () => new SNSClient(RETRIES);
export const lambda = () => new LambdaClient(RETRIES);
export const sqs = () => new SQSClient(RETRIES);
export const scheduler = () => new SchedulerClient(RETRIES);

/** A client that may read one target's secret: the role is assumed with the session tag `target`. */
export async function secretsClientFor(
  target: string,
  role: string | undefined,
): Promise<SecretsManagerClient> {
  if (!role) return new SecretsManagerClient(RETRIES);
  return new SecretsManagerClient({ ...RETRIES, credentials: await assumed(role, { target }) });
}

/** Credentials of a role for 15 minutes; a client that keeps this function asks again when they expire. */
export async function assumed(role: string, tags: Record<string, string> = {}) {
  const answer = await new STSClient(RETRIES).send(
    new AssumeRoleCommand({
      RoleArn: role,
      RoleSessionName: `understudy-${utc(new Date()).replace(/[^0-9]/g, '')}`,
      DurationSeconds: 900,
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    }),
  );
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = answer.Credentials!;
  return {
    accessKeyId: AccessKeyId!,
    secretAccessKey: SecretAccessKey!,
    sessionToken: SessionToken!,
    expiration: Expiration,
  };
}

/** Secrets that Understudy makes: those of scratch instances. */
export const secretsManagerClient = () => new SecretsManagerClient(RETRIES);
