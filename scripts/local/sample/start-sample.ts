import { randomBytes } from 'node:crypto';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { startLocalRds } from '../rds/local-rds.ts';
import { storeSecret } from '../store-secret.ts';
import { startApplication } from './application.ts';
import { fillCrm } from './crm.ts';
import type { Sample } from './sample-state.ts';
import { ADMIN_SECRET, APPLICATION_SECRET, DUMP_SECRET } from './secrets.ts';
import { runService } from './service.ts';

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
    const application = empty ? undefined : await startApplication(APPLICATION_SECRET, 'leads');
    const service = await runService((task) => application?.run(task));
    return {
      directory: rds.directory,
      endpoint: rds.endpoint,
      instance: INSTANCE,
      port,
      ...(application ? { application: application.endpoint } : {}),
      async close() {
        service.close();
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
