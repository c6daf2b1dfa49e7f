import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { Hooks } from '../../ports/hooks.ts';
import { asker } from './requests.ts';

const { asking } = asker('Lambda', [
  {
    name: /^ResourceNotFound/,
    code: 'hook-missing',
    hint: 'check the hooks in understudy.yml: a name, name:alias, or an ARN in this account and Region',
  },
  {
    name: /^AccessDenied/,
    code: 'hook-denied',
    hint: 'Understudy may call only hooks that the deployed understudy.yml names; deploy again',
  },
]);

/** A dry run is Lambda’s own question for it: that the function is there and may be invoked, and nothing runs. */
export function lambdaHooks(client: LambdaClient): Hooks {
  return {
    async check(hook) {
      const [, FunctionName, Qualifier] = /^(arn:.*:function:[^:]+|[^:]+)(?::(.+))?$/.exec(hook)!;
      await asking(`looking for the hook ${hook}`, () =>
        client.send(new InvokeCommand({ FunctionName, Qualifier, InvocationType: 'DryRun' })),
      );
    },
  };
}
