import { snapshotName } from '../../lib/domain/names.ts';
import type { CopyTo, Plan, Policy, Target } from '../../lib/domain/plan/policy.ts';
import { TAGS } from '../../lib/domain/points/platform.ts';
import type { SnapshotPoint } from '../../lib/domain/points/recovery-point.ts';
import type { CopyJob, SnapshotJob } from '../../lib/domain/runs/job.ts';
import type { Durable } from '../../lib/ports/durable.ts';
import { copy } from '../../lib/workflows/copy/copy.ts';
import type { CopyDeps } from '../../lib/workflows/copy/plan-copy.ts';
import { snapshot } from '../../lib/workflows/snapshot/snapshot.ts';
import { HOME, HOUR, platformSource, policy, target } from './builders.ts';
import { memoryAlerts } from './doubles/alerts.ts';
import { memoryCatalog } from './doubles/catalog/catalog.ts';
import { manualClock } from './doubles/clock.ts';
import { type Death, memoryExecution } from './doubles/durable.ts';
import { memoryMessages } from './doubles/job-messages.ts';
import { recordingLog } from './doubles/log.ts';
import { recordingMetrics } from './doubles/metrics.ts';
import { memoryPlatform } from './doubles/platform.ts';

export const AT = '2026-11-20T01:00:00Z';
export const ID = '20261120T010000Z-snapshot@eu-central-1';
export const NAME = snapshotName('test', 'crm', AT);
export const OURS = {
  [TAGS.run]: `snapshot/crm/${AT}`,
  [TAGS.target]: 'crm',
  [TAGS.policy]: 'production',
  [TAGS.stage]: 'test',
};
export const ABROAD: CopyTo = {
  region: 'eu-west-1',
  kmsKey: 'arn:aws:kms:eu-west-1:111122223333:key/abroad',
};
export const ROLE = 'arn:aws:iam::444455556666:role/understudy-copies';
export const VAULTED: CopyTo = {
  region: 'eu-west-1',
  account: '444455556666',
  role: ROLE,
  kmsKey: 'arn:aws:kms:eu-west-1:444455556666:key/vaulted',
};
export const VAULTED_PLACE = 'eu-west-1/444455556666';

export const SNAPSHOT: SnapshotJob = {
  job: 'snapshot',
  target: 'crm',
  scheduledFor: AT,
  requestedBy: 'schedule',
};
export const copyTo = (to: string, point = ID): CopyJob => ({
  job: 'copy',
  target: 'crm',
  scheduledFor: AT,
  requestedBy: 'schedule',
  point,
  to,
});

/** What a person may do to the world while nobody is billed; called after the pause, with its name. */
export type Meanwhile = (pause: string) => Promise<void> | void;

export function planOf(options: { policy?: Partial<Policy>; target?: Partial<Target> } = {}): Plan {
  const made = policy({
    objectives: { rpo: { snapshot: 26 * HOUR, pitr: HOUR / 4 }, rto: HOUR },
    schedules: { snapshot: { cron: '0 1 * * *', timezone: 'UTC' } },
    ...options.policy,
  });
  const of = target({ policy: made, platform: { kind: 'rds', id: 'crm-db' }, ...options.target });
  return { schemaVersion: 1, policies: [made], targets: [of] };
}

export const copiesTo = (...copies: CopyTo[]): Partial<Policy> => ({
  snapshot: { ...policy().snapshot, copies },
});

/** A source whose snapshots are taken and copied a few seconds after their hour; time passes in pauses only. */
export function snapshotWorld(
  options: {
    policy?: Partial<Policy>;
    target?: Partial<Target>;
    source?: Parameters<typeof platformSource>[0];
    looks?: number;
  } = {},
) {
  const clock = manualClock('2026-11-20T01:00:20Z');
  const alerts = memoryAlerts();
  const messages = memoryMessages(clock);
  const catalog = memoryCatalog(clock, HOME);
  const platform = memoryPlatform({
    clock,
    home: HOME,
    looks: options.looks ?? 1,
    sources: [platformSource(options.source)],
  });
  const deps = {
    clock,
    alerts,
    messages,
    catalog,
    platform,
    home: HOME,
    stage: 'test',
    pace: { first: 30, most: 300 },
    plan: planOf(options),
    log: recordingLog(),
    metrics: recordingMetrics(),
    keyState: async (): Promise<'usable' | 'unusable' | 'unknown'> => 'usable',
    isDefaultKey: (async () => false) as CopyDeps['isDefaultKey'],
  } satisfies CopyDeps;
  let meanwhile: Meanwhile = () => undefined;
  const execution = () =>
    memoryExecution(
      {},
      {
        async onPause(name, seconds) {
          await clock.advance(seconds);
          await meanwhile(name);
          return 'elapsed' as const;
        },
      },
    );
  const told = () =>
    alerts.taken
      .splice(0)
      .map(
        ({ topic, json }) =>
          `${topic}: ${json['occasion']} ${json['severity']} ${json['code']} ${json['subject']}`,
      );
  const whole = async <T>(body: (durable: Durable) => Promise<T>): Promise<T> => {
    const ending = await execution().run(body);
    if (ending.died) throw new Error('nobody told it to die');
    return ending.result;
  };
  return {
    deps,
    clock,
    alerts,
    messages,
    catalog,
    platform,
    execution,
    told,
    /** What happens during every pause from now on. */
    whilePaused: (work: Meanwhile) => {
      meanwhile = work;
    },
    take: (job: Partial<SnapshotJob> = {}) =>
      whole((durable) => snapshot({ ...SNAPSHOT, ...job }, durable, deps)),
    copy: (to: string, point?: string) => whole((durable) => copy(copyTo(to, point), durable, deps)),
    point: async (id = ID) => (await catalog.point('crm', id)) as SnapshotPoint | undefined,
    run: (job = 'snapshot', scheduledFor = AT) => catalog.run({ job, target: 'crm', scheduledFor }),
    open: async () => (await catalog.openFindings()).map(({ code, subject }) => `${code} ${subject}`).sort(),
  };
}
export type SnapshotWorld = ReturnType<typeof snapshotWorld>;

/** Every operation of a good execution, each death there is. */
export async function deathsOf(
  run: (execution: ReturnType<typeof memoryExecution>) => Promise<unknown>,
  execution: ReturnType<typeof memoryExecution>,
): Promise<Death[]> {
  await run(execution);
  return execution.history.flatMap(({ name }) =>
    (['before', 'done', 'kept'] as const).map((when) => ({ at: name, when })),
  );
}
