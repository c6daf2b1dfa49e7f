import { ECS } from '@aws-sdk/client-ecs';
import { IAM } from '@aws-sdk/client-iam';
import { Lambda } from '@aws-sdk/client-lambda';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { applicationSecrets } from '../../lib/adapters/aws/application-secrets.ts';
import { lambda as lambdaClient, secretsManagerClient } from '../../lib/adapters/aws/clients.ts';
import { ecsClient, ecsServices } from '../../lib/adapters/aws/ecs-services.ts';
import { lambdaFunctions } from '../../lib/adapters/aws/lambda-functions.ts';
import { lambdaHooks } from '../../lib/adapters/aws/lambda-hooks.ts';
import { unique } from './support/stage.ts';

const FROM = { host: 'crm-db.example.internal', port: 5432 };
const TO = { host: 'crm-db-restored.example.internal', port: 5432 };
const TOKEN = '682b585b-3195-40c7-927b-756645b00eff';

describe('the application’s secrets in Secrets Manager', () => {
  const manager = new SecretsManager({});
  const secrets = applicationSecrets(secretsManagerClient());
  const made = async (text: object = { host: FROM.host, port: FROM.port, password: 'p' }) => {
    const Name = `app/${unique()}`;
    await manager.createSecret({ Name, SecretString: JSON.stringify(text) });
    return Name;
  };
  const current = async (SecretId: string) =>
    JSON.parse((await manager.getSecretValue({ SecretId, VersionStage: 'AWSCURRENT' })).SecretString!);

  test('lead to the new address once, however often they are asked to, and back', async () => {
    const secret = await made();
    const before = await secrets.version(secret, FROM);
    const versions = await secrets.redirect(secret, before, FROM, TO, TOKEN);
    expect(versions).toEqual({ secret, before, after: TOKEN });
    expect(await secrets.redirect(secret, before, FROM, TO, TOKEN)).toEqual(versions);
    expect(await current(secret)).toEqual({ host: TO.host, port: 5432, password: 'p' });
    await secrets.putBack(versions);
    await secrets.putBack(versions);
    expect(await current(secret)).toEqual({ host: FROM.host, port: 5432, password: 'p' });
  });

  test('are not overwritten when somebody has written them meanwhile', async () => {
    const secret = await made();
    const before = await secrets.version(secret, FROM);
    const rotated = { host: FROM.host, password: 'rotated' };
    await manager.putSecretValue({ SecretId: secret, SecretString: JSON.stringify(rotated) });
    await expect(secrets.redirect(secret, before, FROM, TO, TOKEN)).rejects.toMatchObject({
      code: 'secret-changed',
    });
    expect(await current(secret)).toEqual(rotated);
    const others = { secret, before: 'ours-before', after: TOKEN };
    await expect(secrets.putBack(others)).rejects.toMatchObject({ code: 'secret-changed' });
    expect(await current(secret)).toEqual(rotated);
  });

  test('go back from whatever they are when that is wanted', async () => {
    const secret = await made();
    const before = await secrets.version(secret, FROM);
    const versions = { secret, before, after: TOKEN };
    const { VersionId } = await manager.putSecretValue({ SecretId: secret, SecretString: '{"host":"x"}' });
    expect(VersionId).not.toBe(before);
    await secrets.putBack(versions, { anyway: true });
    expect(await current(secret)).toEqual({ host: FROM.host, port: 5432, password: 'p' });
  });

  test('are refused before anything when they name another address, or do not exist, and no value is quoted', async () => {
    const secret = await made({ host: 'db.example.com', password: 'hunter2' });
    const refusal = await secrets.version(secret, FROM).catch((error) => error);
    expect(refusal).toMatchObject({ code: 'secret-shape' });
    expect(`${refusal.message} ${refusal.hint}`).not.toContain('hunter2');
    await expect(secrets.version('app/none', FROM)).rejects.toMatchObject({ code: 'secret-unreadable' });
  });

  test('that do not say which database of the server they mean are refused with what they lack', async () => {
    const secret = await made({ ...FROM, username: 'crm' });
    await expect(secrets.version(secret, { ...FROM, database: 'crm' })).rejects.toMatchObject({
      code: 'secret-shape',
      message: `the secret ${secret} names ${FROM.host}, and does not say with it that the database there is crm`,
      hint: expect.stringContaining('PGHOST and PGDATABASE'),
    });
    const elsewhere = await made({ host: 'db.example.com', dbname: 'crm' });
    await expect(secrets.version(elsewhere, { ...FROM, database: 'crm' })).rejects.toMatchObject({
      message: `nothing in the secret ${elsewhere} names ${FROM.host}`,
    });
  });
});

describe('the application’s services on ECS', () => {
  const ecs = new ECS({});
  const services = ecsServices(ecsClient());
  const cluster = 'web';
  const revision = async (family: string) => {
    const containerDefinitions = [{ name: 'crm', image: 'crm:1', memory: 64 }];
    const { taskDefinition } = await ecs.registerTaskDefinition({ family, containerDefinitions });
    return taskDefinition!.taskDefinitionArn!;
  };
  const made = async () => {
    const service = unique('crm');
    const first = await revision(service);
    await ecs.createService({ cluster, serviceName: service, taskDefinition: service, desiredCount: 0 });
    return { ref: { cluster, service }, family: service, first };
  };
  beforeAll(() => ecs.createCluster({ clusterName: cluster }));

  test('start anew, and are looked at', async () => {
    const { ref, first } = await made();
    const deployment = await services.startAnew(ref);
    expect(await services.look(ref, deployment)).toMatchObject({
      state: expect.stringMatching(/steady|rolling/),
    });
    expect(await services.current(ref)).toBe(first);
  });

  test('go to another task definition and back to the one before it', async () => {
    const { ref, family, first } = await made();
    const [second, third] = [await revision(family), await revision(family)];
    await services.use(ref, third);
    expect(await services.current(ref)).toBe(third);
    // What was deregistered cannot be gone back to.
    await ecs.deregisterTaskDefinition({ taskDefinition: second });
    // moto has no history of deployments: ecs-earlier.test.ts has one.
    expect(await services.earlier(ref)).toEqual({ taskDefinition: first, from: 'guess' });
    await services.use(ref, first);
    expect(await services.current(ref)).toBe(first);
  });

  test('of a first revision have nothing before it', async () => {
    const { ref } = await made();
    expect(await services.earlier(ref)).toBeUndefined();
  });

  test('have task definitions by ARN and by name, of which only active ones can run', async () => {
    const { family, first } = await made();
    expect(await services.definition(`${family}:1`)).toBe(first);
    expect(await services.definition(first)).toBe(first);
    await expect(services.definition(`${family}:9`)).rejects.toMatchObject({
      code: 'task-definition-missing',
    });
    await ecs.deregisterTaskDefinition({ taskDefinition: first });
    await expect(services.definition(first)).rejects.toMatchObject({ code: 'task-definition-missing' });
  });

  test('that do not exist are named', async () => {
    const ref = { cluster, service: 'nobody' };
    await expect(services.startAnew(ref)).rejects.toMatchObject({ code: 'service-missing' });
    const deployment = { id: 'x', begunAt: '2026-11-20T12:00:00Z' };
    await expect(services.look(ref, deployment)).rejects.toMatchObject({ code: 'service-missing' });
    await expect(services.current(ref)).rejects.toMatchObject({ code: 'service-missing' });
  });
});

describe('the hooks of a policy on Lambda', () => {
  const hooks = lambdaHooks(lambdaClient());

  test('are found without being called, by name and by alias', async () => {
    const name = await newFunction();
    await expect(hooks.check(name)).resolves.toBeUndefined();
    await expect(hooks.check(`${name}:live`)).resolves.toBeUndefined();
  });

  test('that do not exist are named', async () => {
    await expect(hooks.check('nobody')).rejects.toMatchObject({
      ...{ code: 'hook-missing', message: expect.stringContaining('looking for the hook nobody') },
    });
  });
});

describe('functions of the application on Lambda', () => {
  const lambda = new Lambda({});
  const functions = lambdaFunctions(lambdaClient());
  const renewed = async (ref: { function: string; alias?: string }, token: string) => {
    const seen: string[] = [];
    do seen.push(await functions.renew(ref, token));
    while (seen.at(-1) !== 'done' && seen.length < 9);
    return seen;
  };
  const settings = (FunctionName: string, Qualifier?: string) =>
    lambda.getFunctionConfiguration({ FunctionName, Qualifier });
  const versions = async (FunctionName: string) =>
    (await lambda.listVersionsByFunction({ FunctionName })).Versions!.map(({ Version }) => Version);

  test('start anew behind an alias by a version of the same code and settings, once for a token', async () => {
    const name = await newFunction();
    const ref = { function: name, alias: 'live' };
    const before = await settings(name, 'live');
    await functions.check(ref);
    expect((await renewed(ref, '20261120T120000Z')).at(-1)).toBe('done');
    expect(await renewed(ref, '20261120T120000Z')).toEqual(['done']);
    expect(await versions(name)).toEqual(['$LATEST', '1', '2']);
    const { FunctionVersion } = await lambda.getAlias({ FunctionName: name, Name: 'live' });
    expect(FunctionVersion).toBe('2');
    const after = await settings(name, 'live');
    expect(after).toMatchObject({
      ...{ CodeSha256: before.CodeSha256, Environment: before.Environment, Timeout: before.Timeout },
      Description: 'the application [understudy 20261120T120000Z]',
    });
    // And back: by another one.
    await renewed(ref, '20261120T120000Z-back');
    expect(await versions(name)).toEqual(['$LATEST', '1', '2', '3']);
    expect((await settings(name, 'live')).Description).toBe(
      'the application [understudy 20261120T120000Z-back]',
    );
  });

  test('without an alias start anew by another description, and nothing else changes', async () => {
    const name = await newFunction();
    const before = await settings(name);
    expect((await renewed({ function: name }, 'token')).at(-1)).toBe('done');
    const after = await settings(name);
    expect(after.Description).toBe('the application [understudy token]');
    expect(after).toMatchObject({ CodeSha256: before.CodeSha256, Environment: before.Environment });
    expect(await versions(name)).toEqual(['$LATEST', '1']);
  });

  test('are refused where the latest code or settings were not released, and no value is quoted', async () => {
    const name = await newFunction();
    const ref = { function: name, alias: 'live' };
    await lambda.updateFunctionConfiguration({
      FunctionName: name,
      Environment: { Variables: { DATABASE_PASSWORD: 'correct horse' } },
    });
    for (const asked of [() => functions.check(ref), () => functions.renew(ref, 'token')]) {
      const refusal = await asked().catch((error) => error);
      expect(refusal).toMatchObject({ code: 'function-unlike' });
      expect(`${refusal.message} ${refusal.hint}`).not.toMatch(/horse|hunter2/);
    }
    expect(await versions(name)).toEqual(['$LATEST', '1']);
    expect((await settings(name)).Description).toBe('the application');
  });

  test('that do not exist are named, and so is an alias', async () => {
    await expect(functions.check({ function: 'nobody' })).rejects.toMatchObject({ code: 'function-missing' });
    const ref = { function: await newFunction(), alias: 'none' };
    await expect(functions.check(ref)).rejects.toMatchObject({ code: 'function-missing' });
  });
});

/** A function of the application’s, with a published version and the alias `live`. */
async function newFunction(): Promise<string> {
  const lambda = new Lambda({});
  const name = `app-${unique()}`;
  const { Role } = await new IAM({}).createRole({ RoleName: name, AssumeRolePolicyDocument: '{}' });
  await lambda.createFunction({
    ...{ FunctionName: name, Role: Role!.Arn!, Handler: 'index.handler', Runtime: 'nodejs22.x' },
    Code: { ZipFile: Buffer.from('its code') },
    Environment: { Variables: { DATABASE_PASSWORD: 'hunter2' } },
    ...{ Description: 'the application', Publish: true },
  });
  await lambda.createAlias({ FunctionName: name, Name: 'live', FunctionVersion: '1' });
  return name;
}
