import { readFileSync } from 'node:fs';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { loadPlan } from '../../../lib/config/load.ts';
import { showProgress } from '../../cli/show-progress.ts';
import { completeSchedules } from '../complete-schedules.ts';
import { type LocalState, writeState } from '../local-state.ts';
import { localClientConfig } from '../moto.ts';
import { beginSample, endSample } from './sample-process.ts';
import { runningSample, SAMPLE_CONFIG, type Sample, sampleEnvironment } from './sample-state.ts';
import { ADMIN_SECRET, APPLICATION_SECRET } from './secrets.ts';

/** Adds the RDS instance to a local cloud, unless it is there, and puts its address on record for functions. */
export async function bringUpSample(state: LocalState, options: { empty: boolean }): Promise<LocalState> {
  const sample = runningSample() ?? (await begin(state, options));
  const next = { ...state, environment: { ...state.environment, ...sampleEnvironment(sample) } };
  writeState(next);
  return next;
}

async function begin({ environment, endpoint }: LocalState, options: { empty: boolean }): Promise<Sample> {
  // A killed one left its servers.
  await endSample();
  const plan = loadPlan(readFileSync(SAMPLE_CONFIG, 'utf8'), SAMPLE_CONFIG, new Date());
  const group = environment['UNDERSTUDY_SCHEDULE_GROUP']!;
  await completeSchedules(plan, environment['UNDERSTUDY_STAGE']!, group, localClientConfig(endpoint));
  return showProgress('an RDS instance on this machine', () => beginSample(environment, options));
}

/** What a person can do with it. */
export function formatSample({ instance, port, application, endpoint }: Sample): string[] {
  return [
    `RDS is at ${endpoint}; its instance ${instance} is PostgreSQL at 127.0.0.1:${port}`,
    ...(application
      ? [`an application uses it: curl ${application}/leads; curl -X POST ${application}/visits`]
      : []),
    'next: eval "$(./understudy local env)", then psql, ./understudy --local run dump crm-prod, restore crm-prod',
  ];
}

/** For psql and other programs: production's database as the application's secret names it, and its master user. */
export async function productionEnvironment(endpoint: string): Promise<Record<string, string>> {
  const secrets = new SecretsManagerClient(localClientConfig(endpoint));
  const read = async (SecretId: string) => {
    const { SecretString } = await secrets.send(
      new GetSecretValueCommand({ SecretId, VersionStage: 'AWSCURRENT' }),
    );
    return JSON.parse(SecretString!) as Record<string, string | number>;
  };
  const [{ host, port, dbname }, { username, password }] = await Promise.all([
    read(APPLICATION_SECRET),
    read(ADMIN_SECRET),
  ]);
  const values = { PGHOST: host, PGPORT: port, PGDATABASE: dbname, PGUSER: username, PGPASSWORD: password };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}
