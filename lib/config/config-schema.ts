import * as z from 'zod';
import { FINDINGS } from '../domain/findings/finding.ts';
import { SEVERITIES } from '../domain/findings/severity.ts';
import { TARGET_ID } from '../domain/names.ts';
import { didYouMean } from '../domain/nearest.ts';
import { DEFAULT_RESTORE_ALL } from '../domain/plan/restore-all-steps.ts';
import { deployment } from './deployment-schema.ts';
import { duration, readsOnly } from './schema-words.ts';
import { smoke } from './smoke-schema.ts';

/**
 * `understudy.yml` as people write it. Only this file, smoke-schema.ts and deployment-schema.ts define every option with its type, default and
 * description: the validation, the JSON Schema for editors and docs/reference/configuration.md follow from them.
 */
const schedule = z.union(
  [
    z.string().describe('Five cron fields, in UTC'),
    z.strictObject({
      cron: z
        .string()
        .describe(
          'Five cron fields: minute hour day-of-month month day-of-week; also L, 1W (weekday nearest the 1st) and MON#1',
        ),
      timezone: z.string().default('UTC').describe('IANA time zone'),
    }),
  ],
  { error: 'expected five cron fields, or { cron, timezone }' },
);

const rpo = {
  dump: duration.optional().describe('Tolerated data loss when restoring from a dump'),
  snapshot: duration.optional().describe('Tolerated data loss when restoring from a snapshot'),
  pitr: duration
    .optional()
    .describe('Tolerated data loss when restoring to a point in time; RDS is about 5 minutes behind'),
};

const objectives = z.strictObject({
  rpo: z.strictObject(rpo).describe('Tolerated data loss, for each kind of restore'),
  rto: duration.describe('Tolerated time to restore'),
});

const PLACE_NAME = z
  .string()
  .regex(
    /^[a-z]{2}(-[a-z]+)+-\d(\/\d{12})?$/,
    'expected a place such as eu-west-1 or eu-west-1/123456789012',
  );

const hook = z
  .string()
  .regex(
    /^(arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:)?[a-zA-Z0-9_-]{1,64}(:[a-zA-Z0-9_-]{1,128})?$/,
    'expected the name of a Lambda function, NAME:ALIAS, or its ARN',
  );

const scratchInstance = {
  class: z
    .string()
    .regex(/^db\.[a-z0-9]+\.[a-z0-9]+$/, 'expected an instance class such as db.t4g.medium')
    .default('db.t4g.medium'),
  deadline: duration.default('8h').describe('How long a restore may take before Understudy gives it up'),
  atOnce: z.int().min(1).default(1).describe('How many scratch instances this policy may have at once'),
  hoursAMonth: z
    .number()
    .positive()
    .default(24)
    .describe('Hours of scratch instances in a calendar month, at most'),
  pricePerHour: z.number().positive().optional().describe('In US dollars, for the estimate'),
  place: PLACE_NAME.optional().describe(
    'Rehearse the copies of this place, there: eu-west-1, or eu-west-1/123456789012. Needs subnetGroup and securityGroups of it',
  ),
  subnetGroup: z.string().min(1).optional().describe('A network instead of the deployment’s quarantine'),
  securityGroups: z.array(z.string().min(1)).min(1).optional(),
  application: hook
    .optional()
    .describe('Lambda function that starts your application against the copy, for the smoke steps by HTTP'),
};

const REGION = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'expected a Region such as eu-west-1');
const copyTo = z
  .strictObject({
    region: REGION,
    // Without quotes YAML reads a number, and forgets a leading zero.
    account: z
      .string('expected the twelve digits of an account, in quotes')
      .regex(/^\d{12}$/, 'expected the twelve digits of an account, in quotes')
      .optional(),
    role: z
      .string()
      .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/, 'expected the ARN of a role in that account')
      .optional()
      .describe('A role of the other account that may copy, list and delete snapshots'),
    kmsKey: z.string().min(1).optional().describe('The key of that place; an encrypted copy needs one'),
  })
  .refine((copy) => (copy.account === undefined) === (copy.role === undefined), {
    message: 'account and role need each other: give both or neither',
  })
  // A role of the wrong account looks in the wrong place, and every copy would seem to be missing.
  .refine(({ account, role }) => account === undefined || account === accountIn(role), {
    path: ['role'],
    message: 'expected the ARN of a role in that account',
    // Not for an issue that is already reported.
    when: ({ value }) => {
      const { account, role } = (value ?? {}) as { account?: unknown; role?: unknown };
      return typeof account === 'string' && /^\d{12}$/.test(account) && accountIn(String(role)) !== undefined;
    },
  });

function accountIn(role: string | undefined): string | undefined {
  return /^arn:aws[a-z-]*:iam::(\d{12}):role\//.exec(role ?? '')?.[1];
}

/** The only choice, which a file may name. */
const sameMajor = z
  .literal('same-major', {
    error:
      'only same-major: a server of the source’s major cannot restore what a newer pg_dump writes; install postgresql-client of the source’s major (in the image: PG_MAJORS)',
  })
  .describe('pg_dump always has the server’s major');

const service = z.strictObject({
  cluster: z.string().min(1).describe('Name of an ECS cluster'),
  service: z.string().min(1).describe('Name of a service in it'),
});
const lambdaFunction = z.strictObject({
  function: z
    .string()
    .regex(/^[a-zA-Z0-9_-]{1,64}$/, 'expected the name of a Lambda function')
    .describe('Name of a Lambda function'),
  alias: z
    .string()
    .regex(/^[a-zA-Z0-9_-]*[a-zA-Z_-][a-zA-Z0-9_-]*$/, 'expected an alias, which is no number')
    .optional()
    .describe('The alias that its callers use'),
});
const TABLE = z.string().regex(/^[^.]+\.[^.]+$/, 'expected schema and table, such as public.leads');

/** An emergency restore: every part is optional, also as an override. */
const emergency = {
  freeze: z
    .enum(['none', 'read-only', 'hook'])
    .describe(
      'read-only: the application cannot write while another database is restored; hook: a function of yours sees to it',
    ),
  hooks: z
    .strictObject({
      freeze: hook.optional().describe('Stops the application’s writes, and allows them again'),
      cutover: z
        .array(hook)
        .optional()
        .describe('Called in their order after a cutover, and when it is taken back'),
      application: hook
        .optional()
        .describe('Starts your application against the new database before approval, for the smoke steps'),
      migrations: hook
        .optional()
        .describe('Says which migrations the application expects, to compare the new database with'),
    })
    .describe('Lambda functions of yours that a restore calls'),
  cutover: z
    .enum(['none', 'secret', 'rename'])
    .describe(
      'How the application gets to the new database: secret: its secrets name it; rename: it takes the old name; none: by hand',
    ),
  secrets: z.array(z.string().min(1)).describe('The application’s secrets; by default the one of connection'),
  admin: z
    .string()
    .min(1)
    .describe('Secret of a user who may freeze and fence: the master user; by default that of connection'),
  services: z
    .array(service)
    .describe(
      'ECS services of the application: they start anew after a cutover by secret; restart-app and rollback-app mean them',
    ),
  functions: z
    .array(lambdaFunction)
    .describe('Lambda functions of the application that start anew after a cutover by secret'),
  quarantine: z
    .array(z.string().regex(/^sg-[0-9a-z-]+$/, 'expected a security group such as sg-0123456789abcdef0'))
    .describe(
      'Security groups of the new instance until it is approved, without a way out; they let the functions in',
    ),
  subnetGroup: z
    .string()
    .min(1)
    .describe('Where the new instance goes when the old one is gone; else where the old one is'),
  securityGroups: z
    .array(z.string().min(1))
    .min(1)
    .describe('Its security groups when the old one is gone; else those of the old one'),
  warm: z.array(TABLE).describe('Tables to read before approval, because restored storage is slow at first'),
  approveWithin: duration.describe('How long a person may take to approve; then the answer is no'),
  two: z.boolean().describe('Another person must approve than the one who began'),
  deadline: duration.describe('How long the restore itself may take'),
  pricePerHour: z
    .number()
    .positive()
    .describe('Of an instance like the source, with its standby, in US dollars: for the plan of a restore'),
};

const restoreAs = z.enum(['master', 'superuser']);
const leaveOut = z.array(
  z
    .string()
    .regex(
      /^[a-z][a-z ]*[a-z] \S/,
      'expected kind and name as in the alert, such as "function public.f(integer)" or "extension pg_cron"',
    ),
);

const policyFields = {
  objectives,
  schedules: z.strictObject({
    dump: schedule.optional(),
    verify: schedule.optional().describe('The backstop: a dump requests its own verification'),
    rehearse: schedule.optional(),
    simulation: schedule.optional().describe('A full simulation: a rehearsal with every assertion'),
    expire: schedule.optional(),
    snapshot: schedule.optional().describe('A snapshot of the instance, cluster or cache'),
    'rehearse-snapshot': schedule.optional().describe('Restores the newest snapshot onto a scratch instance'),
    'rehearse-moment': schedule
      .optional()
      .describe('Restores the source, as of the latest moment, onto a scratch instance'),
    drill: schedule
      .optional()
      .describe(
        'An emergency restore of a staging target, from declaring it to the cutover and back; the target needs drill:',
      ),
    preflight: schedule.optional().describe('Will it restore now, and is the source set up as promised?'),
  }),
  grace: duration.default('30m').describe('How late a job may be before you get an alert'),
  usual: z
    .strictObject({
      dump: duration.default('15m'),
      verify: duration.default('15m'),
      snapshot: duration.default('15m'),
    })
    .prefault({})
    .describe('Expected time of a dump, its verification and a snapshot'),
  retention: z.strictObject({
    all: duration.optional().describe('Keep every point younger than this'),
    daily: duration.optional().describe('Keep the last point of each day for this long'),
    weekly: duration.optional().describe('Keep the last point of each ISO week for this long'),
    monthly: duration.optional().describe('Keep the last point of each month for this long'),
  }),
  dump: z
    .strictObject({
      compression: z
        .enum(['auto', 'zstd', 'gzip', 'none'])
        .default('auto')
        .describe('auto: zstd if pg_dump supports it (16 and newer), otherwise gzip'),
      client: sameMajor.optional(),
      lockTimeout: duration.default('5s').describe('How long the shared locks may wait'),
      whenBlocking: z
        .enum(['report', 'end'])
        .default('report')
        .describe('If a session waits for an exclusive lock behind the dump: report it, or end the dump'),
    })
    .prefault({}),
  verify: z
    .strictObject({
      depth: z.enum(['exists', 'checksum', 'readable', 'full']).default('full'),
    })
    .prefault({}),
  proof: z
    .strictObject({
      depth: z
        .enum(['fingerprints', 'counts'])
        .default('fingerprints')
        .describe('With counts nothing counts as proven'),
    })
    .prefault({}),
  rehearsal: z
    .strictObject({
      point: z
        .enum(['newest', 'random'])
        .default('newest')
        .describe('The newest verified point, or a random retained one'),
      atMostEvery: duration
        .default('8d')
        .describe('If the last passed rehearsal is older than this, it is overdue'),
      restoreAs: restoreAs
        .default('master')
        .describe('Who restores a dump: a role without superuser, as on a managed service, or a superuser'),
      leaveOut: leaveOut
        .default([])
        .describe('Objects of a dump that are not restored; the rest is proven, and the evidence names them'),
      instance: z.strictObject(scratchInstance).prefault({}),
    })
    .prefault({}),
  snapshot: z
    .strictObject({
      encryption: z
        .enum(['required', 'any'])
        .default('required')
        .describe('Refuse snapshots of a source that is not encrypted'),
      labelled: duration.default('90d').describe('How long a snapshot with a label is kept'),
      deadline: duration.default('12h').describe('How long a snapshot or a copy may take'),
      copies: z.array(copyTo).default([]),
    })
    .prefault({}),
  pitr: z
    .strictObject({
      window: duration
        .default('7d')
        .describe('How far back restoring to a point in time must reach; 7 days at least, 35 at most'),
    })
    .prefault({}),
  vault: z
    .strictObject({
      lock: z
        .enum(['none', 'governance', 'compliance'])
        .default('none')
        .describe('S3 Object Lock on dumps and manifests'),
      lockFor: duration
        .default('7d')
        .describe('How long they are locked; never longer than the shortest retention'),
      replica: z
        .boolean()
        .default(false)
        .describe(
          'The vault is replicated (parameter replicaBucket): expect, age and verify each dump there',
        ),
    })
    .prefault({}),
  restore: z
    .strictObject({
      freeze: emergency.freeze.default('none'),
      cutover: emergency.cutover.default('none'),
      hooks: emergency.hooks.prefault({}),
      secrets: emergency.secrets.default([]),
      admin: emergency.admin.optional(),
      services: emergency.services.default([]),
      functions: emergency.functions.default([]),
      quarantine: emergency.quarantine.default([]),
      subnetGroup: emergency.subnetGroup.optional(),
      securityGroups: emergency.securityGroups.optional(),
      warm: emergency.warm.default([]),
      approveWithin: emergency.approveWithin.default('4h'),
      two: emergency.two.default(false),
      deadline: emergency.deadline.default('8h'),
      pricePerHour: emergency.pricePerHour.optional(),
    })
    .prefault({})
    .describe('What an emergency restore does besides restoring'),
  severities: z
    .record(
      z
        .string()
        .refine((code) => Object.hasOwn(FINDINGS, code), {
          error: (issue) =>
            `no finding "${String(issue.input)}"; ${didYouMean(String(issue.input), Object.keys(FINDINGS)) ?? 'docs/reference/findings.md lists them'}`,
        })
        .meta({ enum: Object.keys(FINDINGS).sort() }),
      z.enum(SEVERITIES),
    )
    .default({})
    .describe('Severity of a finding instead of its default'),
};

const policy = z.strictObject(policyFields);

/** A target's overrides of its policy: any part of it, at any depth. */
const overrides = z.strictObject({
  objectives: z.strictObject({ rpo: z.strictObject(rpo).optional(), rto: duration.optional() }).optional(),
  grace: duration.optional(),
  usual: z
    .strictObject({ dump: duration.optional(), verify: duration.optional(), snapshot: duration.optional() })
    .optional(),
  retention: policyFields.retention.optional(),
  dump: z
    .strictObject({
      compression: z.enum(['auto', 'zstd', 'gzip', 'none']).optional(),
      client: sameMajor.optional(),
      lockTimeout: duration.optional(),
      whenBlocking: z.enum(['report', 'end']).optional(),
    })
    .optional(),
  verify: z.strictObject({ depth: z.enum(['exists', 'checksum', 'readable', 'full']).optional() }).optional(),
  proof: z.strictObject({ depth: z.enum(['fingerprints', 'counts']).optional() }).optional(),
  rehearsal: z
    .strictObject({
      point: z.enum(['newest', 'random']).optional(),
      atMostEvery: duration.optional(),
      restoreAs: restoreAs.optional(),
      leaveOut: leaveOut.optional(),
      instance: z
        .strictObject({
          class: scratchInstance.class.unwrap().optional(),
          deadline: duration.optional(),
          atOnce: z.int().min(1).optional(),
          hoursAMonth: z.number().positive().optional(),
          pricePerHour: scratchInstance.pricePerHour,
          place: scratchInstance.place,
          subnetGroup: scratchInstance.subnetGroup,
          securityGroups: scratchInstance.securityGroups,
          application: scratchInstance.application,
        })
        .optional(),
    })
    .optional(),
  snapshot: z
    .strictObject({
      encryption: z.enum(['required', 'any']).optional(),
      labelled: duration.optional(),
      deadline: duration.optional(),
      copies: z.array(copyTo).optional(),
    })
    .optional(),
  pitr: z.strictObject({ window: duration.optional() }).optional(),
  vault: z
    .strictObject({
      lock: z.enum(['none', 'governance', 'compliance']).optional(),
      lockFor: duration.optional(),
      replica: z.boolean().optional(),
    })
    .optional(),
  restore: z.strictObject(emergency).partial().optional(),
  severities: policyFields.severities.optional(),
});

const assertion = z
  .strictObject({
    name: z.string().min(1),
    sql: z
      .string()
      .min(1)
      .refine(
        (sql) => readsOnly(sql),
        'an assertion must begin with select, with, values, table, show or explain',
      )
      .describe('One SELECT that returns one value'),
    when: z.enum(['always', 'simulation']).default('always'),
    equals: z
      .union([z.string(), z.number(), z.boolean()], { error: 'expected a text, a number, true or false' })
      .optional(),
    minimum: z.number().optional(),
    rowsOf: z
      .string()
      .optional()
      .describe('schema.table: the value is compared with the table’s row count in the manifest'),
    tolerance: z
      .string()
      .regex(/^\d+(\.\d+)?%$/, 'expected a percentage such as 5%')
      .optional(),
    fresherThan: duration
      .optional()
      .describe('The value is a moment, at most this much older than the snapshot'),
  })
  .superRefine((value, context) => {
    const expectations = ['equals', 'minimum', 'rowsOf', 'fresherThan'].filter(
      (key) => value[key as keyof typeof value] !== undefined,
    );
    if (expectations.length !== 1) {
      context.addIssue({
        code: 'custom',
        message: `expected exactly one of equals, minimum, rowsOf, fresherThan; found ${expectations.length === 0 ? 'none' : expectations.join(' and ')}`,
      });
    }
    if (value.tolerance !== undefined && value.rowsOf === undefined) {
      context.addIssue({ code: 'custom', path: ['tolerance'], message: 'tolerance needs rowsOf' });
    }
  });

const IDENTIFIER = /^[a-z](?:-?[a-z0-9])*$/;

const target = z.strictObject({
  policy: z.string().describe('Name of a policy above'),
  engine: z
    .enum(['postgres', 'mysql', 'mariadb'])
    .default('postgres')
    .describe('Only PostgreSQL is dumped and proven; the others have snapshots and restores'),
  rds: z
    .string()
    .regex(IDENTIFIER, 'expected the identifier of a DB instance')
    .optional()
    .describe('Its DB instance'),
  aurora: z
    .string()
    .regex(IDENTIFIER, 'expected the identifier of a DB cluster')
    .optional()
    .describe('Its Aurora cluster'),
  elasticache: z
    .string()
    .regex(IDENTIFIER, 'expected the id of a replication group')
    .optional()
    .describe('ElastiCache replication group, cluster or serverless cache'),
  heartbeat: z
    .boolean()
    .optional()
    .describe(
      'Write one row a minute into the source, so that the RPO is measured; keeps a paused database awake',
    ),
  ledger: z.boolean().optional().describe('The old name of heartbeat'),
  connection: z
    .strictObject({
      secret: z
        .string()
        .min(1)
        .describe('Name or ARN of a Secrets Manager secret: RDS-style JSON or a postgres:// URL'),
      host: z.string().min(1).optional().describe('If the secret does not have it'),
      port: z.int().min(1).max(65_535).optional(),
      database: z.string().min(1).optional(),
      sslmode: z
        .enum(['disable', 'require', 'verify-ca', 'verify-full'])
        .optional()
        .describe('Default: verify-full for endpoints of RDS, disable for loopback, else require'),
    })
    .optional(),
  priority: z
    .enum(['P0', 'P1', 'P2'])
    .optional()
    .describe('Findings of this target are never worse than this; P0, and P2 for a cache'),
  owner: z.string().optional(),
  labels: z.record(z.string(), z.string()).default({}),
  assertions: z.array(assertion).default([]),
  smoke: smoke.optional(),
  drill: z
    .strictObject({
      of: z
        .string()
        .min(1)
        .optional()
        .describe('The target whose data is restored, such as production; this one, if it is not said'),
      from: z
        .enum(['moment', 'snapshot', 'dump'])
        .default('moment')
        .describe('The newest moment, snapshot or verified dump is restored'),
    })
    .optional()
    .describe('Only for a staging target: its application gets a restored database for the time of a drill'),
  overrides: overrides.optional(),
});

const restoreStep = z
  .strictObject({
    name: z.string().min(1).max(60).describe('For people'),
    targets: z
      .union([z.enum(['P0', 'P1', 'P2']), z.array(z.string().min(1)).min(1)], {
        error: 'expected P0, P1, P2 or a list of targets',
      })
      .optional()
      .describe(
        'Targets by priority, or their ids: restored in parallel. A target belongs to its first step',
      ),
    function: z
      .string()
      .regex(/^[a-zA-Z0-9:_-]{1,200}$/, 'expected the name or the ARN of a Lambda function')
      .optional()
      .describe(
        'A Lambda function of yours, invoked with your own credentials: it must answer { "ok": true }',
      ),
    within: duration.optional().describe('The longest time for its answer; 15m, which is Lambda’s own limit'),
    confirm: z.string().min(1).max(500).optional().describe('A question that a person must answer with yes'),
  })
  .superRefine((value, context) => {
    const does = (['targets', 'function', 'confirm'] as const).filter((key) => value[key] !== undefined);
    if (does.length !== 1)
      context.addIssue({
        code: 'custom',
        message: `expected exactly one of targets, function, confirm; found ${does.join(' and ') || 'none'}`,
      });
    if (value.within !== undefined && value.function === undefined)
      context.addIssue({ code: 'custom', path: ['within'], message: 'only a function has within' });
  });

const restoreAll = z.strictObject({
  atOnce: z
    .int()
    .min(1)
    .max(40)
    .default(DEFAULT_RESTORE_ALL.atOnce)
    .describe('How many restores may be on their way to approval at once'),
  steps: z
    .array(restoreStep)
    .min(1)
    .describe('In their order; a step begins when the one before has succeeded'),
});

export const configSchema = z.strictObject({
  version: z.literal(1),
  deployment: deployment
    .optional()
    .describe('Parameters of the deployment by stage; `default` holds for every stage'),
  restoreAll: restoreAll.optional().describe('The order of `restore-all`; by default P0, P1, P2'),
  policies: z.record(z.string().regex(TARGET_ID, 'expected a name of a-z, 0-9 and -'), policy),
  targets: z.record(
    z
      .string()
      .regex(TARGET_ID, 'expected an id of a-z, 0-9 and -, starting with a letter')
      .refine((id) => id !== 'understudy', 'Understudy uses this id itself; choose another'),
    target,
  ),
});

export type Config = z.infer<typeof configSchema>;
export type ConfigPolicy = Config['policies'][string];
export type ConfigTarget = Config['targets'][string];

/** The JSON Schema of understudy.yml, for editors. */
export function jsonSchema(): object {
  return {
    title: 'understudy.yml',
    ...z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }),
  };
}
