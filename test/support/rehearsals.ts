import { scratchName } from '../../lib/domain/names.ts';
import type { Policy, Target } from '../../lib/domain/plan/policy.ts';
import type { PlatformSource } from '../../lib/domain/points/platform.ts';
import type { SnapshotPoint } from '../../lib/domain/points/recovery-point.ts';
import type { Compared } from '../../lib/domain/proof/evidence.ts';
import type { RehearseInstanceJob } from '../../lib/domain/runs/job.ts';
import { rehearsalRun } from '../../lib/domain/runs/job.ts';
import type { Secrets } from '../../lib/ports/database.ts';
import type { Durable } from '../../lib/ports/durable.ts';
import {
  readSourceHosts,
  type SourceChanges,
  type SourceChangesRequest,
  type SourceHostsRequest,
} from '../../lib/restore/instance/source-changes.ts';
import type { ProveRequest, ProveResult } from '../../lib/restore/prove/proof-slices.ts';
import {
  type RehearseInstanceDeps,
  rehearseInstance,
} from '../../lib/workflows/rehearse/rehearse-instance.ts';
import { sweep } from '../../lib/workflows/watch/sweep.ts';
import { HOME, HOUR, platformSnapshot, platformSource, point, policy, snapshotPoint } from './builders.ts';
import { memoryAlerts } from './doubles/alerts.ts';
import { memoryCatalog } from './doubles/catalog/catalog.ts';
import { manualClock } from './doubles/clock.ts';
import { type Death, memoryExecution } from './doubles/durable.ts';
import { memoryMessages } from './doubles/job-messages.ts';
import { recordingLog } from './doubles/log.ts';
import { recordingMetrics } from './doubles/metrics.ts';
import { memoryPlatform } from './doubles/platform.ts';
import { memoryScratchInstances, memoryScratchSecrets } from './doubles/scratch-instances.ts';
import { type Meanwhile, planOf } from './snapshots.ts';

export const NOW = '2026-11-20T12:00:00Z';
export const SNAPSHOT_AT = '2026-11-20T02:00:00Z';
export const SNAPSHOT_ID = '20261120T020000Z-snapshot@eu-central-1';
/** A second before the latest that there is. */
export const MOMENT_ID = '20261120T115459Z-moment';
export const MANIFEST = { key: 'crm/x.manifest.json', versionId: 'v1', bytes: 10, sha256: 'a'.repeat(64) };

export const jobOf = (
  from: 'snapshot' | 'moment',
  changes: Partial<RehearseInstanceJob> = {},
): RehearseInstanceJob => ({
  job: 'rehearse-instance',
  target: 'crm',
  scheduledFor: NOW,
  requestedBy: 'schedule',
  from,
  ...changes,
});
export const nameOf = (job: RehearseInstanceJob) => scratchName('test', job.target, rehearsalRun(job));

/** Of four tables and five indexes, all. */
export function comparedOf(changes: Partial<Compared> = {}): Compared {
  const whole = { objects: 9, tables: 4, exact: 3, bounded: 1, unbounded: 0, unlogged: 0 };
  return { ...whole, rows: '1000', checkable: 5, checked: 5, ...changes };
}

/** A whole proof that finds nothing wrong. */
export function proofOf(changes: Partial<ProveResult> = {}): ProveResult {
  return {
    differences: [],
    differenceCount: 0,
    compared: comparedOf(),
    corrupt: [],
    unchecked: [],
    notes: [],
    assertions: [],
    ...changes,
  };
}

type Prove = (request: ProveRequest) => Promise<ProveResult> | ProveResult;

/** A source with a verified snapshot and a verified dump before it, and scratch instances that come and go. */
export async function rehearsalWorld(
  options: {
    kind?: 'rds' | 'aurora';
    policy?: Partial<Policy>;
    target?: Partial<Target>;
    source?: Partial<PlatformSource>;
    looks?: number;
    steps?: number;
  } = {},
) {
  const { kind = 'rds' } = options;
  const clock = manualClock(NOW);
  const alerts = memoryAlerts();
  const catalog = memoryCatalog(clock, HOME);
  const platform = memoryPlatform({
    clock,
    home: HOME,
    sources: [
      platformSource({
        kind,
        ...(kind === 'aurora' ? { engine: 'aurora-postgresql' } : {}),
        ...options.source,
      }),
    ],
  });
  const scratch = memoryScratchInstances({ looks: options.looks ?? 2, steps: options.steps ?? 2 });
  const scratchSecrets = memoryScratchSecrets();
  const deps = {
    clock,
    alerts,
    catalog,
    platform,
    scratch,
    scratchSecrets,
    home: HOME,
    stage: 'test',
    pace: { first: 30, most: 300 },
    network: { subnetGroup: 'quarantine', securityGroup: 'sg-quarantine' },
    proveFunction: 'prove',
    changesFunction: 'look',
    pick: (_count: number) => 0,
    plan: planOf({
      policy: options.policy ?? {},
      target: { platform: { kind, id: 'crm-db' }, ...options.target },
    }),
    messages: memoryMessages(clock),
    log: recordingLog(),
    metrics: recordingMetrics(),
    /** Says where every target's secret leads. */
    secrets: {
      credentials: async () => ({
        host: 'crm-db.abc.eu-central-1.rds.amazonaws.com',
        port: 5432,
        database: 'crm',
        user: 'u',
        password: 'p',
        sslmode: 'require' as const,
      }),
    } as Secrets,
  } satisfies RehearseInstanceDeps & { secrets: Secrets };
  platform.putSnapshot(platformSnapshot({ of: kind, id: 'snap-02' }));
  await catalog.adoptPoint(snapshotPoint(SNAPSHOT_AT, { snapshot: { of: kind, id: 'snap-02' } }));
  await catalog.adoptPoint(point('2026-11-20T01:00:00Z', { manifest: MANIFEST, database: 'crm' }));

  const world = {
    prove: (() => proofOf()) as Prove,
    look: (async () => ({
      since: { definitions: 'untouched', changed: {}, written: [] },
    })) as () => Promise<SourceChanges>,
    /** What the two functions were asked. */
    asked: { prove: [] as ProveRequest[], look: [] as unknown[] },
  };
  let meanwhile: Meanwhile = () => undefined;
  const execution = () =>
    memoryExecution(
      {
        prove: async (request: ProveRequest) => {
          world.asked.prove.push(request);
          return world.prove(request);
        },
        look: async (request: SourceChangesRequest | SourceHostsRequest) => {
          if (request.ask === 'hosts') return readSourceHosts(request, deps);
          world.asked.look.push(request);
          return world.look();
        },
      },
      {
        async onPause(name, seconds) {
          await clock.advance(seconds);
          await meanwhile(name);
          return 'elapsed' as const;
        },
      },
    );
  const bodyOf = (job: RehearseInstanceJob) => (durable: Durable) => rehearseInstance(job, durable, deps);
  return {
    ...world,
    world,
    deps,
    clock,
    alerts,
    catalog,
    platform,
    scratch,
    scratchSecrets,
    execution,
    bodyOf,
    whilePaused: (work: Meanwhile) => {
      meanwhile = work;
    },
    async rehearse(job: RehearseInstanceJob = jobOf('snapshot')) {
      const ending = await execution().run(bodyOf(job));
      if (ending.died) throw new Error('nobody told it to die');
      return ending.result;
    },
    told: () =>
      alerts.taken
        .splice(0)
        .map(
          ({ topic, json }) =>
            `${topic}: ${json['occasion']} ${json['severity']} ${json['code']} ${json['subject']}`,
        ),
    point: async (id = SNAPSHOT_ID) => (await catalog.point('crm', id)) as SnapshotPoint | undefined,
    run: (job: RehearseInstanceJob = jobOf('snapshot')) => catalog.run(rehearsalRun(job)),
    open: async () => (await catalog.openFindings()).map(({ code, subject }) => `${code} ${subject}`).sort(),
    /** Whatever of a rehearsal is still there: things, secrets, records. */
    left: async () => [
      ...scratch.left(),
      ...scratchSecrets.left(),
      ...(await catalog.openScratches()).map(({ name }) => `record ${name}`),
    ],
    sweep: async () => {
      const { findings, failures } = await sweep(deps, clock.now());
      if (failures.length > 0) throw new Error(failures.join('; '));
      return findings;
    },
  };
}
export type RehearsalWorld = Awaited<ReturnType<typeof rehearsalWorld>>;

/** Every operation of this job's good execution, each death there is. */
export async function deathsIn(made: RehearsalWorld, job: RehearseInstanceJob): Promise<Death[]> {
  const execution = made.execution();
  await execution.run(made.bodyOf(job));
  return execution.history.flatMap(({ name }) =>
    (['before', 'done', 'kept'] as const).map((when) => ({ at: name, when })),
  );
}

export const instanceOf = (changes: Partial<Policy['rehearsal']['instance']>): Partial<Policy> => ({
  rehearsal: { ...policy().rehearsal, instance: { ...policy().rehearsal.instance, ...changes } },
});
export { HOUR };
