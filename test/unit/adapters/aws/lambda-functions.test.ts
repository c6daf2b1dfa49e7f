import { type FunctionConfiguration, LambdaClient } from '@aws-sdk/client-lambda';
import { lambdaFunctions } from '../../../../lib/adapters/aws/lambda-functions.ts';

const REF = { function: 'crm-api', alias: 'live' };
const LATEST: FunctionConfiguration = {
  CodeSha256: 'same',
  Timeout: 3,
  RevisionId: 'r1',
  Version: '$LATEST',
};
const LIVE: FunctionConfiguration = { ...LATEST, RevisionId: 'r0', Version: '7' };
const MARKED = { Description: '[understudy token]' };

/** Lambda as it is, and what was asked of it besides questions. */
function lambdaOf(given: { latest?: object; live?: object; alias?: object; made?: FunctionConfiguration }) {
  const changes: [string, object][] = [];
  const answers: Record<string, (input: { Qualifier?: string }) => unknown> = {
    GetFunctionConfigurationCommand: ({ Qualifier }) =>
      Qualifier ? { ...LIVE, ...given.live } : { ...LATEST, ...given.latest },
    GetAliasCommand: () => ({ Name: 'live', FunctionVersion: '7', RevisionId: 'a1', ...given.alias }),
    PublishVersionCommand: () => ({ Version: '8', ...given.made }),
  };
  const client = new LambdaClient({ region: 'eu-central-1' });
  const send = async (command: { constructor: { name: string }; input: { Qualifier?: string } }) => {
    const { name } = command.constructor;
    if (!name.startsWith('Get')) changes.push([name.replace('Command', ''), command.input]);
    return answers[name]?.(command.input);
  };
  return { changes, ...lambdaFunctions(Object.assign(client, { send }) as unknown as LambdaClient) };
}

test('an update that is under way is waited for, and nothing is changed meanwhile', async () => {
  const lambda = lambdaOf({ latest: { ...MARKED, LastUpdateStatus: 'InProgress' } });
  expect(await lambda.renew(REF, 'token')).toBe('crm-api is being updated');
  expect(lambda.changes).toEqual([]);
});

test('an alias gets no version that is not active yet', async () => {
  const pending = lambdaOf({ latest: MARKED, made: { State: 'Pending' } });
  expect(await pending.renew(REF, 'token')).toBe('version 8 of crm-api is being made');
  expect(pending.changes.map(([name]) => name)).toEqual(['PublishVersion']);
  const failed = lambdaOf({ latest: MARKED, made: { State: 'Failed', StateReason: 'no subnet' } });
  await expect(failed.renew(REF, 'token')).rejects.toMatchObject({ code: 'function-failed' });
});

test('every change names what was seen, so that a deployment in between is not overwritten', async () => {
  const fresh = lambdaOf({});
  await fresh.renew(REF, 'token');
  expect(fresh.changes).toEqual([
    [
      'UpdateFunctionConfiguration',
      { FunctionName: 'crm-api', Description: '[understudy token]', RevisionId: 'r1' },
    ],
  ]);
  const marked = lambdaOf({ latest: MARKED, made: { State: 'Active' } });
  await marked.renew(REF, 'token');
  expect(marked.changes).toEqual([
    ['PublishVersion', { FunctionName: 'crm-api', CodeSha256: 'same', RevisionId: 'r1' }],
    ['UpdateAlias', { FunctionName: 'crm-api', Name: 'live', FunctionVersion: '8', RevisionId: 'a1' }],
  ]);
});

test('it is done when the alias has the version, and is not when the update failed', async () => {
  expect(await lambdaOf({ latest: MARKED, live: MARKED }).renew(REF, 'token')).toBe('done');
  const failed = lambdaOf({ latest: { ...MARKED, LastUpdateStatus: 'Failed' } });
  await expect(failed.renew({ function: 'crm-api' }, 'token')).rejects.toMatchObject({
    code: 'function-failed',
  });
});

test.each([
  ['other code', { live: { CodeSha256: 'released' } }, 'has other code or settings since'],
  ['a setting that this version of Understudy does not know', { latest: { New: 1 } }, 'has other code'],
  ['an environment that cannot be read', { latest: { Environment: { Error: {} } } }, 'cannot be read'],
  [
    'a share of the calls',
    { alias: { RoutingConfig: { AdditionalVersionWeights: { '8': 0.1 } } } },
    'shares its calls with version 8',
  ],
])('an alias beside which there is %s is left alone', async (_, given, why) => {
  const lambda = lambdaOf(given);
  await expect(lambda.check(REF)).rejects.toThrow(why);
  await expect(lambda.renew(REF, 'token')).rejects.toThrow(why);
  expect(lambda.changes).toEqual([]);
});

test('a description keeps what its owner wrote, as far as there is room', async () => {
  const lambda = lambdaOf({ latest: { Description: 'x'.repeat(256) } });
  await lambda.renew({ function: 'crm-api' }, 'token');
  const [[, input]] = lambda.changes as [[string, { Description: string }]];
  expect(input.Description).toMatch(/^x+ \[understudy token\]$/);
  expect(input.Description).toHaveLength(256);
});
