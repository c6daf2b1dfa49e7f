/** The only file that reads `process.env`. Names are those of serverless.yml; everything else takes values. */
export type Environment = {
  stage: string;
  table: string;
  vault: string;
  vaultKey: string | undefined;
  topics: { jobs: string; alerts: string; pages: string; alarms: string };
  queues: { dump: string; verify: string; expire: string };
  scratchFunction: string;
  scheduleGroup: string;
  sourceRole: string | undefined;
  planFile: string;
  /** SHA-256 of the plan this deployment was made with; another one in the package is an old image. */
  planDigest: string | undefined;
  pgBin: string | undefined;
  pgUser: string | undefined;
  path: string;
  scratchDirectory: string;
  /** moto and its like want the bucket in the path. */
  pathStyle: boolean;
};

export function environment(): Environment {
  const env = process.env;
  const get = (name: string) => env[`UNDERSTUDY_${name}`] ?? '';
  return {
    stage: get('STAGE') || 'local',
    table: get('TABLE'),
    vault: get('VAULT'),
    vaultKey: get('VAULT_KEY') || undefined,
    topics: {
      jobs: get('TOPIC_JOBS'),
      alerts: get('TOPIC_ALERTS'),
      pages: get('TOPIC_PAGES'),
      alarms: get('TOPIC_ALARMS'),
    },
    queues: { dump: get('QUEUE_DUMP'), verify: get('QUEUE_VERIFY'), expire: get('QUEUE_EXPIRE') },
    scratchFunction: get('SCRATCH_FUNCTION') || 'scratch',
    scheduleGroup: get('SCHEDULE_GROUP'),
    sourceRole: get('SOURCE_ROLE') || undefined,
    planFile: get('PLAN') || `${env['LAMBDA_TASK_ROOT'] ?? '.'}/plan.json`,
    planDigest: get('PLAN_DIGEST') || undefined,
    pgBin: env['PG_BIN'],
    pgUser: get('PG_USER') || undefined,
    path: env['PATH'] ?? '',
    scratchDirectory: get('SCRATCH_DIRECTORY') || '/tmp/understudy-scratch',
    pathStyle: env['AWS_ENDPOINT_URL'] !== undefined || env['AWS_ENDPOINT_URL_S3'] !== undefined,
  };
}
