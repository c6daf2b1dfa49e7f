import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  type SecretsManagerClientConfig,
} from '@aws-sdk/client-secrets-manager';

/** Creates a secret, or gives an existing one a new value. */
export async function storeSecret(
  name: string,
  value: string,
  config: SecretsManagerClientConfig = {},
): Promise<void> {
  const secrets = new SecretsManagerClient(config);
  await secrets
    .send(new CreateSecretCommand({ Name: name, SecretString: value }))
    .catch(() => secrets.send(new PutSecretValueCommand({ SecretId: name, SecretString: value })));
}
