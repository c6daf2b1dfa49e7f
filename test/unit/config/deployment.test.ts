import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { parametersOf } from '../../../lib/config/deployment.ts';
import { deploymentSettings } from '../../../lib/config/deployment-schema.ts';
import { loadConfig } from '../../../lib/config/load.ts';
import { formatDeployment } from '../../../scripts/cli/format-deployment.ts';
import { load, mistakesOf, NOW, RIGHT } from './text.ts';

const WRITTEN = `${RIGHT}deployment:
  default:
    alertEmail: ops@example.com
    pgExtensions: [pgvector, postgis-3]
  prod:
    vpcSubnets: [subnet-0a1b, subnet-2c3d]
    vpcSecurityGroups: [sg-4e5f]
    pagerEndpoint: env:PAGER_URL
    standby: false
    scratchMemory: 3008
`;
const { deployment } = loadConfig(WRITTEN, 'understudy.yml', NOW);

test('a stage has its own parameters over those of default', () => {
  expect(parametersOf(deployment, 'prod')).toEqual({
    alertEmail: 'ops@example.com',
    pgExtensions: 'pgvector postgis-3',
    vpcSubnets: 'subnet-0a1b,subnet-2c3d',
    vpcSecurityGroups: 'sg-4e5f',
    pagerEndpoint: 'env:PAGER_URL',
    standby: 'no',
    scratchMemory: 3008,
  });
  expect(parametersOf(deployment, 'test')).toEqual({
    alertEmail: 'ops@example.com',
    pgExtensions: 'pgvector postgis-3',
  });
  expect(parametersOf({ ...deployment, prod: { alertEmail: 'dba@example.com' } }, 'prod')).toMatchObject({
    alertEmail: 'dba@example.com',
  });
});

test('a file without deployment has no parameters for any stage', () => {
  expect(parametersOf(undefined, 'prod')).toEqual({});
});

test('a stage that the file does not know is refused with the one that is meant', () => {
  const { prod } = deployment!;
  expect(() => parametersOf({ prod: prod! }, 'prdo')).toThrow(
    'deployment: says nothing of stage "prdo"; did you mean prod?',
  );
  expect(() => parametersOf({ prod: prod! }, 'demo1')).toThrow('it has prod');
  expect(parametersOf({ prod: prod!, demo1: {} }, 'demo1')).toEqual({});
});

test('the parameters are no part of the plan, which every function carries', () => {
  expect(load(WRITTEN)).toEqual(load(RIGHT));
});

test('check shows what each stage gets, and a reference instead of a value', () => {
  expect(formatDeployment(deployment!)).toEqual([
    'deployment of every other stage: pgExtensions=pgvector postgis-3 alertEmail=ops@example.com',
    expect.stringMatching(
      /^deployment of prod: .* alertEmail=ops@example\.com .*pagerEndpoint=env:PAGER_URL/,
    ),
  ]);
  expect(formatDeployment({ dev: {} })).toEqual(['deployment of dev: the defaults of serverless.yml']);
});

test('every mistake is named at once, with what is meant', () => {
  const mistaken = `${RIGHT}deployment:
  prod:
    alertEmial: ops@example.com
    alertEmail: ops
    vpcSubnets: subnet-0a1b
    proveSubnets: [vpc-1]
    standby: "yes"
    dumpConcurrency: 1
    logRetention: a while
  Prod Two:
    pagerEndpont: https://pager.example.com/in
`;
  expect(mistakesOf(mistaken)).toEqual([
    expect.stringMatching(/deployment\.prod\.alertEmial: unknown key; did you mean alertEmail\?$/),
    expect.stringContaining('deployment.prod.alertEmail: expected an e-mail address, or env:NAME'),
    expect.stringContaining('deployment.prod.vpcSubnets: expected a list'),
    expect.stringContaining('deployment.prod.proveSubnets.0: expected the id of a subnet'),
    expect.stringContaining('deployment.prod.standby: expected true or false'),
    expect.stringContaining('deployment.prod.dumpConcurrency: expected 2 or more'),
    expect.stringContaining('deployment.prod.logRetention: expected a number'),
    expect.stringContaining('deployment.Prod Two: expected default, or a stage'),
    expect.stringMatching(/pagerEndpont: unknown key; did you mean pagerEndpoint\?$/),
  ]);
});

test.each([
  ['vpcSubnets: [subnet-0a1b]', 'vpcSubnets: needs vpcSecurityGroups beside it'],
  ['proveSecurityGroups: [sg-0a1b]', 'proveSecurityGroups: needs proveSubnets beside it'],
  ['replicaBucket: copies', 'replicaBucket: needs replicaRegion and replicaKey beside it'],
])('%s alone is refused', (setting, mistake) => {
  expect(mistakesOf(`${RIGHT}deployment:\n  prod:\n    ${setting}\n`)).toEqual([
    expect.stringContaining(`deployment.prod.${mistake}`),
  ]);
});

test.each([
  'https://user:hunter2@pager.example.com/in',
  'https://pager.example.com/in?key=hunter2',
  'https://pager.example.com/integration/0123456789abcdef0123/enqueue',
])('an address with a key is refused, and not repeated', (address) => {
  const [mistake, ...others] = mistakesOf(`${RIGHT}deployment:\n  prod:\n    pagerEndpoint: ${address}\n`);
  expect(others).toEqual([]);
  expect(mistake).toMatch(/pagerEndpoint: this address seems to contain a key .*write env:NAME/);
  expect(mistake).not.toMatch(/hunter2|0123456789abcdef/);
});

test.each([
  'env:PAGER',
  'ssm:/understudy/pager',
  'secret:understudy/pager#url',
  'https://pager.example.com/in',
])('%s is an address of the pager', (address) => {
  expect(mistakesOf(`${RIGHT}deployment:\n  prod:\n    pagerEndpoint: ${address}\n`)).toEqual([]);
});

test('deployment knows every parameter of serverless.yml, but for the one that no file may have', () => {
  const text = readFileSync(`${__dirname}/../../../serverless.yml`, 'utf8');
  const { custom } = parse(text, { logLevel: 'silent' }) as { custom: { parameters: object } };
  const known = Object.keys(deploymentSettings.shape);
  expect([...known, 'mayRemove'].sort()).toEqual(Object.keys(custom.parameters).sort());
});
