import { createRequire } from 'node:module';

type Parameters = Record<string, { Type: string; NoEcho: boolean; Description: string }>;
type Given = { ParameterKey: string; ParameterValue: string }[];
type Plugin = { hooks: Record<'before:deploy:deploy' | 'before:aws:deploy:deploy:updateStack', () => void> };
const load = createRequire(__filename);
const DeployedValues = load('../../../scripts/serverless/deployed-values.cjs') as new (
  serverless: object,
  options: object,
) => Plugin;
const { referred, valuesOf } = load('../../../scripts/serverless/references.cjs') as {
  referred: (param: string, written: string) => { value: unknown; Parameters: Parameters };
  valuesOf: (template: { Parameters?: Parameters }, environment: Record<string, string>) => Given;
};

const ADDRESS = 'https://pager.example.com/integration/hunter2';

test.each([
  ['ssm:/understudy/pager', '{{resolve:ssm:/understudy/pager}}'],
  ['secret:understudy/pager', '{{resolve:secretsmanager:understudy/pager:SecretString}}'],
  ['secret:understudy/pager#url', '{{resolve:secretsmanager:understudy/pager:SecretString:url}}'],
  ['https://pager.example.com/in', 'https://pager.example.com/in'],
])('%s is in the template as %s', (written, value) => {
  expect(referred('pagerEndpoint', written)).toEqual({ value, Parameters: {} });
});

test('a variable is a parameter that CloudFormation never shows, with its value only at the deployment', () => {
  const { value, Parameters } = referred('pagerEndpoint', 'env:PAGER_URL');
  expect(value).toEqual({ Ref: 'PagerEndpoint' });
  expect(Parameters).toEqual({
    PagerEndpoint: { Type: 'String', NoEcho: true, Description: 'env:PAGER_URL' },
  });
  expect(valuesOf({ Parameters }, { PAGER_URL: ADDRESS })).toEqual([
    { ParameterKey: 'PagerEndpoint', ParameterValue: ADDRESS },
  ]);
});

test('a variable that is not set ends the deployment with its name', () => {
  const { Parameters } = referred('pagerEndpoint', 'env:PAGER_URL');
  const missing = /PAGER_URL \(for PagerEndpoint\)/;
  expect(() => valuesOf({ Parameters }, {})).toThrow(missing);
  expect(() => valuesOf({ Parameters }, { PAGER_URL: '' })).toThrow(missing);
  expect(valuesOf({}, {})).toEqual([]);
});

test('values reach only the update of the stack, which is then never skipped', () => {
  const { Parameters } = referred('pagerEndpoint', 'env:UNDERSTUDY_TEST_PAGER');
  const provider: Record<string, unknown> = { compiledCloudFormationTemplate: { Parameters } };
  const options: { force?: boolean } = {};
  const serverless = { service: { provider: {} } };
  const { hooks } = new DeployedValues(serverless, options);
  // As the framework does before it deploys.
  serverless.service.provider = provider;
  expect(() => hooks['before:deploy:deploy']()).toThrow('UNDERSTUDY_TEST_PAGER');
  process.env['UNDERSTUDY_TEST_PAGER'] = ADDRESS;
  try {
    hooks['before:deploy:deploy']();
    expect([options.force, provider['stackParameters']]).toEqual([true, undefined]);
    hooks['before:aws:deploy:deploy:updateStack']();
    expect(provider['stackParameters']).toEqual([{ ParameterKey: 'PagerEndpoint', ParameterValue: ADDRESS }]);
    expect(JSON.stringify(provider['compiledCloudFormationTemplate'])).not.toContain('hunter2');
  } finally {
    delete process.env['UNDERSTUDY_TEST_PAGER'];
  }
});
