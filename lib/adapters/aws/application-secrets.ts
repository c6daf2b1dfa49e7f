import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { Refusal } from '../../domain/errors.ts';
import { type Address, redirectSecret } from '../../domain/incidents/redirect-secret.ts';
import { hostNamesOf } from '../../domain/incidents/same-server.ts';
import type { ApplicationSecrets } from '../../ports/switching.ts';
import { asker } from './requests.ts';

const { asking } = asker('Secrets Manager', [
  {
    name: /^ResourceNotFound/,
    code: 'secret-unreadable',
    hint: 'check restore.secrets and connection.secret in understudy.yml',
  },
  {
    name: /^AccessDenied/,
    code: 'platform-denied',
    hint: 'the function’s role may write only secrets that the deployed understudy.yml names; deploy again',
  },
]);

/** The application's secrets in Secrets Manager. A version's id is the token of the restore that made it. */
export function applicationSecrets(client: SecretsManagerClient): ApplicationSecrets {
  const describe = (secret: string) =>
    asking(`looking at the secret ${secret}`, () =>
      client.send(new DescribeSecretCommand({ SecretId: secret })),
    );
  const currentOf = async (secret: string): Promise<string> => {
    const { VersionIdsToStages = {} } = await describe(secret);
    const [current] =
      Object.entries(VersionIdsToStages).find(([, stages]) => stages.includes('AWSCURRENT')) ?? [];
    if (current) return current;
    throw new Refusal('secret-unreadable', `the secret ${secret} has no current version`, {
      hint: 'store a value in it',
    });
  };
  const redirected = async (secret: string, version: string, from: Address, to: Address): Promise<string> => {
    const { SecretString } = await asking(`reading the secret ${secret}`, () =>
      client.send(new GetSecretValueCommand({ SecretId: secret, VersionId: version })),
    );
    const text = SecretString === undefined ? undefined : redirectSecret(SecretString, from, to);
    if (text !== undefined) return text;
    throw namesHost(SecretString ?? '', from) ? withoutDatabase(secret, from) : withoutHost(secret, from);
  };
  return {
    async version(secret, leadsTo) {
      const { OwningService } = await describe(secret);
      if (OwningService)
        throw new Refusal(
          'secret-managed',
          `the secret ${secret} is managed by ${OwningService}, which alone writes it`,
          { hint: 'name the application’s own secret in restore.secrets, or use cutover: rename' },
        );
      const current = await currentOf(secret);
      await redirected(secret, current, leadsTo, leadsTo);
      return current;
    },

    async redirect(secret, before, from, to, token) {
      const current = await currentOf(secret);
      const versions = { secret, before, after: token };
      if (current === token) return versions;
      if (current !== before) throw changed(secret);
      const SecretString = await redirected(secret, before, from, to);
      // Under a stage of its own first: it becomes the current one only if nobody has written meanwhile.
      await asking(`writing the secret ${secret}`, () =>
        client.send(
          new PutSecretValueCommand({
            SecretId: secret,
            SecretString,
            ClientRequestToken: token,
            VersionStages: [STAGE],
          }),
        ),
      );
      await asking(`switching the secret ${secret}`, () =>
        client.send(
          new UpdateSecretVersionStageCommand({
            SecretId: secret,
            VersionStage: 'AWSCURRENT',
            MoveToVersionId: token,
            RemoveFromVersionId: before,
          }),
        ),
      ).catch(async (error) => {
        const now = await currentOf(secret);
        // Its answer was lost, and it was asked again.
        if (now !== token) throw now === before ? error : changed(secret);
      });
      return versions;
    },

    async putBack({ secret, before, after }, { anyway = false } = {}) {
      const current = await currentOf(secret);
      if (current === before) return;
      if (current !== after && !anyway) throw changed(secret);
      await asking(`putting the secret ${secret} back`, () =>
        client.send(
          new UpdateSecretVersionStageCommand({
            SecretId: secret,
            VersionStage: 'AWSCURRENT',
            MoveToVersionId: before,
            RemoveFromVersionId: current,
          }),
        ),
      );
    },
  };
}

function namesHost(text: string, from: Address): boolean {
  if (from.database === undefined) return false;
  return hostNamesOf(from).some((host) => {
    const at = { host, port: from.port };
    return redirectSecret(text, at, at) !== undefined;
  });
}

const withoutDatabase = (secret: string, { host, database }: Address) =>
  new Refusal(
    'secret-shape',
    `the secret ${secret} names ${host}, and does not say with it that the database there is ${database}`,
    {
      hint: 'name the database in its URL, or in a key that begins like the one of the host (host and dbname, PGHOST and PGDATABASE); or use cutover: rename',
    },
  );

const withoutHost = (secret: string, { host }: Address) =>
  new Refusal('secret-shape', `nothing in the secret ${secret} names ${host}`, {
    hint: 'if it names a CNAME, use cutover: none and point that at the new database yourself; else name the application’s own secrets in restore.secrets',
  });

const STAGE = 'understudy-restore';

const changed = (secret: string) =>
  new Refusal('secret-changed', `somebody else has written the secret ${secret} meanwhile`, {
    hint: 'look who (CloudTrail, PutSecretValue); a rotation that just ran is the usual reason',
  });
