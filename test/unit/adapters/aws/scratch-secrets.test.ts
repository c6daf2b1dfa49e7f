import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { scratchSecrets } from '../../../../lib/adapters/aws/scratch-secrets.ts';

test('creating a scratch secret fails while the one of that name is still being deleted', async () => {
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
