import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { scratchSecrets } from '../../../../lib/adapters/aws/scratch-secrets.ts';

it('a secret that is still on its way out is none: nothing is restored that nobody could open', async () => {
  const client = new SecretsManagerClient({ region: 'eu-central-1' });
  client.send = (async ({ constructor: { name } }: object) => {
    const isCreating = name === 'CreateSecretCommand';
    throw Object.assign(new Error(name), {
      name: isCreating ? 'ResourceExistsException' : 'InvalidRequestException',
    });
  }) as typeof client.send;
  await expect(scratchSecrets(client, 'p').create('understudy-scratch-x', {})).rejects.toMatchObject({
    name: 'InvalidRequestException',
  });
});
