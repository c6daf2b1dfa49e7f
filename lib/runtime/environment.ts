import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The only file that reads `process.env`. Names are those of serverless.yml; everything else takes values. */
export type Environment = {
  stage: string;
  /** The Region of this deployment: snapshots here are not copies. */
  region: string;
  table: string;
  vault: string;
  vaultKey: string | undefined;
  /** The bucket of files that people fetch within a day. */
  files: string;
  /** For functions that only name the vault in an answer. */
  vaultName: string;
  /** The vault's copy in another Region. */
  replica: { bucket: string; region: string } | undefined;
  topics: { jobs: string; alerts: string; pages: string; alarms: string };
  queues: { dump: string; verify: string; expire: string; preflight: string };
  scratchFunction: string;
  /** Function that proves a scratch instance, from inside its quarantine. */
  proveFunction: string;
  /** Function that brings rows out of a scratch instance, from inside its quarantine. */
  extractFunction: string;
  /** Function that looks at a source for a proof. */
  changesFunction: string;
  /** Function that works inside databases for an emergency restore, and proves the new one. */
  restoreSqlFunction: string;
  loadFunction: string;
  /** Function that sends smoke steps to the application. */
  smokeFunction: string;
  /** The quarantine of scratch instances, unless a policy names another. */
  scratchNetwork: { subnetGroup: string; securityGroup: string };
  /** Seconds between the looks of a wait: the first two, and the last ones. */
  pace: { first: number; most: number };
  scheduleGroup: string;
  sourceRole: string | undefined;
  /** ARN of the role that restores onto scratch instances: a preflight checks it. */
  restoreRole: string | undefined;
  /** PEMs of authorities that are trusted beside the system's and RDS's. */
  caFile: string | undefined;
  /** Does Node check the certificates of servers? */
  checksCertificates: boolean;
  planFile: string;
  /** SHA-256 of the plan this deployment was made with; a different one in the package means an old image. */
  planDigest: string | undefined;
  pgBin: string | undefined;
  pgUser: string | undefined;
  path: string;
  /** Each rehearsal makes its own directory below it. */
  scratchDirectory: string;
  /** moto and similar servers want the bucket in the path. */
  pathStyle: boolean;
};

export function environment(): Environment {
  const env = process.env;
  const get = (name: string) => env[`UNDERSTUDY_${name}`] ?? '';
  return {
    stage: get('STAGE') || 'local',
    region: env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? 'eu-central-1',
    table: get('TABLE'),
    vault: get('VAULT'),
    vaultKey: get('VAULT_KEY') || undefined,
    files: get('FILES'),
    vaultName: get('VAULT_NAME') || get('VAULT'),
    replica: get('REPLICA') ? { bucket: get('REPLICA'), region: get('REPLICA_REGION') } : undefined,
    topics: {
      jobs: get('TOPIC_JOBS'),
      alerts: get('TOPIC_ALERTS'),
      pages: get('TOPIC_PAGES'),
      alarms: get('TOPIC_ALARMS'),
    },
    queues: {
      dump: get('QUEUE_DUMP'),
      verify: get('QUEUE_VERIFY'),
      expire: get('QUEUE_EXPIRE'),
      preflight: get('QUEUE_PREFLIGHT'),
    },
    scratchFunction: get('SCRATCH_FUNCTION') || 'scratch',
    proveFunction: get('PROVE_FUNCTION') || 'prove',
    extractFunction: get('EXTRACT_FUNCTION') || 'extract',
    changesFunction: get('CHANGES_FUNCTION') || 'changes',
    loadFunction: get('LOAD_FUNCTION') || 'load',
    restoreSqlFunction: get('RESTORE_SQL_FUNCTION') || 'restore-sql',
    smokeFunction: get('SMOKE_FUNCTION') || 'smoke',
    scratchNetwork: {
      subnetGroup: get('SCRATCH_SUBNET_GROUP'),
      securityGroup: get('SCRATCH_SECURITY_GROUP'),
    },
    pace: { first: Number(get('PACE') || 15), most: Number(get('PACE') || 300) },
    scheduleGroup: get('SCHEDULE_GROUP'),
    sourceRole: get('SOURCE_ROLE') || undefined,
    restoreRole: get('RESTORE_ROLE') || undefined,
    caFile: get('CA_FILE') || packagedAuthorities(env['LAMBDA_TASK_ROOT']),
    checksCertificates: env['NODE_TLS_REJECT_UNAUTHORIZED'] !== '0',
    planFile: get('PLAN') || `${env['LAMBDA_TASK_ROOT'] ?? '.'}/plan.json`,
    planDigest: get('PLAN_DIGEST') || undefined,
    pgBin: env['PG_BIN'],
    pgUser: get('PG_USER') || undefined,
    path: env['PATH'] ?? '',
    scratchDirectory: get('SCRATCH_DIRECTORY') || `/tmp/understudy-scratch-${process.getuid?.() ?? 0}`,
    pathStyle: env['AWS_ENDPOINT_URL'] !== undefined || env['AWS_ENDPOINT_URL_S3'] !== undefined,
  };
}

/** The file that packaging made of UNDERSTUDY_CA_FILE; there is none where none was named. */
function packagedAuthorities(directory: string | undefined): string | undefined {
  const file = directory && join(directory, 'private-authorities.pem');
  return file && existsSync(file) ? file : undefined;
}
