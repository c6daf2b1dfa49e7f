import { randomBytes } from 'node:crypto';
import {
  CreateClusterCommand,
  CreateServiceCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { startLocalRds } from '../rds/local-rds.ts';
import { storeSecret } from '../store-secret.ts';
import { startApplication } from './application.ts';
import { fillCrm } from './crm.ts';
import type { Sample } from './sample-state.ts';
import { ADMIN_SECRET, APPLICATION_SECRET, DUMP_SECRET } from './secrets.ts';

const INSTANCE = 'crm-prod-db';
const DATABASE = 'crm';

type Running = Omit<Sample, 'pid'> & { close(): Promise<void> };

/**
 * An RDS instance on this machine, as scripts/local/sample/understudy.yml protects it: its secrets, its ECS service, and
 * an application that is connected to it. `empty` leaves out the rows and the application.
 */
export async function startSample({ empty }: { empty: boolean }): Promise<Running> {
  const rds = await startLocalRds();
  try {
    const passwords = { admin: password(), dumps: password(), application: password() };
    await rds.createInstance({
      ...{ id: INSTANCE, database: DATABASE, masterPassword: passwords.admin, encrypted: true },
      kmsKeyId: await newKey(),
      deletionProtection: true,
    });
    const { port, sql } = rds.instance(INSTANCE);
    await fillCrm(sql, passwords, { empty });
    const secret = (name: string, username: string, password: string) =>
      storeSecret(name, JSON.stringify({ username, password, host: '127.0.0.1', port, dbname: DATABASE }));
    await secret(ADMIN_SECRET, 'postgres', passwords.admin);
    await secret(DUMP_SECRET, 'understudy', passwords.dumps);
    await secret(APPLICATION_SECRET, 'crm_app', passwords.application);
    await createService();
    const application = empty ? undefined : await startApplication(APPLICATION_SECRET, 'leads');
    return {
      directory: rds.directory,
      endpoint: rds.endpoint,
      instance: INSTANCE,
      port,
      ...(application ? { application: application.endpoint } : {}),
      async close() {
        await application?.close();
        await rds.close();
      },
    };
  } catch (error) {
    await rds.close();
    throw error;
  }
}

const password = () => randomBytes(12).toString('hex');

async function newKey(): Promise<string> {
  const { KeyMetadata } = await new KMSClient({}).send(new CreateKeyCommand({}));
  return KeyMetadata!.Arn!;
}

/** The service that a cutover starts anew. moto runs no tasks, so it wants none. */
async function createService(): Promise<void> {
  const ecs = new ECSClient({});
  await ecs.send(new CreateClusterCommand({ clusterName: 'web' }));
  await ecs.send(
    new RegisterTaskDefinitionCommand({
      family: 'crm',
      containerDefinitions: [{ name: 'crm', image: 'crm:4.2', memory: 512 }],
    }),
  );
  await ecs.send(
    new CreateServiceCommand({ cluster: 'web', serviceName: 'crm', taskDefinition: 'crm', desiredCount: 0 }),
  );
}
