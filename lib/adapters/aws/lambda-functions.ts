import {
  type FunctionConfiguration,
  GetAliasCommand,
  type GetAliasCommandOutput,
  GetFunctionConfigurationCommand,
  type LambdaClient,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { Refusal } from '../../domain/errors.ts';
import { type FunctionRef, type Functions, RENEWED } from '../../ports/functions.ts';
import { describedWith, hasMark, sameFunction } from './function-settings.ts';
import { asker } from './requests.ts';

const { asking } = asker('Lambda', [
  {
    name: /^ResourceNotFound/,
    code: 'function-missing',
    hint: 'check restore.functions in understudy.yml',
  },
  {
    name: /^AccessDenied/,
    code: 'function-denied',
    hint: 'the function restore may change only functions that the deployed understudy.yml names; deploy again',
  },
]);

/**
 * Lambda starts new environments for a new configuration, and a version has environments of its own. So a function starts
 * anew by another description; behind an alias by a version of the same code and settings, which the alias then has.
 */
export function lambdaFunctions(client: LambdaClient): Functions {
  const seenOf = async ({ function: FunctionName, alias: Name }: FunctionRef): Promise<Seen> => {
    const configuration = (Qualifier?: string) =>
      asking(`looking at the function ${FunctionName}`, () =>
        client.send(new GetFunctionConfigurationCommand({ FunctionName, Qualifier })),
      );
    const latest = await configuration();
    if (Name === undefined) return { latest };
    const alias = await asking(`looking at the alias ${Name} of ${FunctionName}`, () =>
      client.send(new GetAliasCommand({ FunctionName, Name })),
    );
    return { latest, alias, live: await configuration(alias.FunctionVersion) };
  };
  return {
    async check(ref) {
      refuseUnlike(ref, await seenOf(ref));
    },
    async renew(ref, token) {
      const FunctionName = ref.function;
      const seen = await seenOf(ref);
      const { latest, alias, live } = seen;
      if (latest.LastUpdateStatus === 'InProgress') return `${FunctionName} is being updated`;
      if (live && hasMark(live, token)) return RENEWED;
      refuseUnlike(ref, seen);
      if (latest.LastUpdateStatus === 'Failed')
        throw new Refusal(
          'function-failed',
          `${FunctionName} was not updated: ${latest.LastUpdateStatusReason}`,
        );
      const { RevisionId, CodeSha256 } = latest;
      if (!hasMark(latest, token)) {
        const Description = describedWith(latest.Description, token);
        await asking(`updating ${FunctionName}`, () =>
          client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Description, RevisionId })),
        );
        return `${FunctionName} is being updated`;
      }
      if (!alias) return RENEWED;
      const made = await asking(`publishing a version of ${FunctionName}`, () =>
        client.send(new PublishVersionCommand({ FunctionName, CodeSha256, RevisionId })),
      );
      if (made.State === 'Failed')
        throw new Refusal(
          'function-failed',
          `version ${made.Version} of ${FunctionName}: ${made.StateReason}`,
        );
      if (made.State === 'Pending') return `version ${made.Version} of ${FunctionName} is being made`;
      const { Name, RevisionId: ofAlias } = alias;
      await asking(`giving version ${made.Version} of ${FunctionName} to ${Name}`, () =>
        client.send(
          new UpdateAliasCommand({ FunctionName, Name, FunctionVersion: made.Version, RevisionId: ofAlias }),
        ),
      );
      return `${Name} of ${FunctionName} gets version ${made.Version}`;
    },
  };
}

/** The function as it is, and what an alias of it leads to. */
type Seen = { latest: FunctionConfiguration; alias?: GetAliasCommandOutput; live?: FunctionConfiguration };

/** A new version is one of the latest code and settings: what nobody has released must not be released by a restore. */
function refuseUnlike({ function: name, alias: word }: FunctionRef, { latest, alias, live }: Seen): void {
  if (!alias || !live) return;
  const hidden = latest.Environment?.Error ?? live.Environment?.Error;
  if (hidden)
    throw new Refusal(
      'function-unreadable',
      `the environment of ${name} cannot be read, so its versions cannot be compared: ${hidden.ErrorCode ?? 'no reason'}`,
      {
        hint: `let the role of the function restore decrypt with its KMS key, or take ${name} out of restore.functions and let it start anew yourself`,
      },
    );
  const weights = Object.keys(alias.RoutingConfig?.AdditionalVersionWeights ?? {});
  const why =
    weights.length > 0
      ? `shares its calls with version ${weights.join(', ')}`
      : sameFunction(latest, live)
        ? undefined
        : `is version ${alias.FunctionVersion}, and the function has other code or settings since`;
  if (why === undefined) return;
  throw new Refusal('function-unlike', `the alias ${word} of ${name} ${why}`, {
    hint: `release what is there, or take ${name} out of restore.functions and let it start anew yourself`,
  });
}
