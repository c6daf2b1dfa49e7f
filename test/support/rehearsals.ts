import { scratchName } from '../../lib/domain/names.ts';
import type { Policy, Target } from '../../lib/domain/plan/policy.ts';
import type { PlatformSource } from '../../lib/domain/points/platform-source.ts';
import type { SnapshotPoint } from '../../lib/domain/points/recovery-point.ts';
import type { Compared } from '../../lib/domain/proof/evidence.ts';
import type { RehearseInstanceJob } from '../../lib/domain/runs/job.ts';
import { rehearsalRun } from '../../lib/domain/runs/job.ts';
import { httpSteps } from '../../lib/domain/smoke/smoke-step.ts';
import type { Secrets } from '../../lib/ports/database.ts';
import type { Durable } from '../../lib/ports/durable.ts';
import {
  readSourceHosts,
  type SourceChanges,
  type SourceChangesRequest,
  type SourceHostsRequest,
} from '../../lib/restore/instance/source-changes.ts';
import type { ProveRequest, ProveResult } from '../../lib/restore/prove/proof-slices.ts';
import type { ExtractInstanceDeps } from '../../lib/workflows/emergency/extract.ts';
import type { ExtractInsideRequest, ExtractResult } from '../../lib/workflows/emergency/extract-inside.ts';
import { rehearseInstance } from '../../lib/workflows/rehearse/rehearse-instance.ts';
import type { SmokeAsked } from '../../lib/workflows/smoke/run-smoke.ts';
import { sweep } from '../../lib/workflows/watch/sweep.ts';
import {
  credentials,
  HOME,
  platformSnapshot,
  platformSource,
  point,
  policy,
  snapshotPoint,
} from './builders.ts';
import { manualClock } from './doubles/clock.ts';
import { memoryDeps } from './doubles/deps.ts';
import { COPY, memoryHooks } from './doubles/hooks.ts';
import { memoryPlatform } from './doubles/platform.ts';
import { memoryScratchInstances, memoryScratchSecrets } from './doubles/scratch-instances.ts';
import { executions } from './executions.ts';
import { openIn } from './records.ts';
import { planOf } from './snapshots.ts';

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

/** A proof that found seven differences, and names one. */
export const DIFFERENT: Partial<ProveResult> = {
  differenceCount: 7,
  differences: [
    { kind: 'rows', name: 'public.leads', what: 'changed', detail: '3 rows in the dump; 2 in the copy' },
  ],
};

type Options = {
  kind?: 'rds' | 'aurora';
  policy?: Partial<Policy>;
  target?: Partial<Target>;
  source?: Partial<PlatformSource>;
  looks?: number;
  steps?: number;
};

/** A source with a verified snapshot and a verified dump before it, and scratch instances that come and go. */
export async function rehearsalWorld(options: Options = {}) {
  const { kind = 'rds' } = options;
  const clock = manualClock(NOW);
  const base = memoryDeps(clock);
  const { alerts, catalog } = base;
  const engine = kind === 'aurora' ? 'aurora-postgresql' : 'postgres';
  const sources = [platformSource({ kind, engine, ...options.source })];
  const platform = memoryPlatform({ clock, home: HOME, sources });
  const scratch = memoryScratchInstances({ looks: options.looks ?? 2, steps: options.steps ?? 2 });
  const scratchSecrets = memoryScratchSecrets();
  const hooks = memoryHooks();
  const deps = {
    ...base,
    platform,
    scratch,
    scratchSecrets,
    pace: { first: 30, most: 300 },
    network: { subnetGroup: 'quarantine', securityGroup: 'sg-quarantine' },
    proveFunction: 'prove',
    extractFunction: 'extract',
    changesFunction: 'look',
    smokeFunction: 'smoke',
    hooks: hooks.port,
    pick: (_count: number) => 0,
    plan: planOf({
      policy: options.policy ?? {},
      target: { platform: { kind, id: 'crm-db' }, ...options.target },
    }),
    secrets: { credentials: async () => credentials() } as Secrets,
  } satisfies ExtractInstanceDeps & { secrets: Secrets };
  platform.putSnapshot(platformSnapshot({ of: kind, id: 'snap-02' }));
  await catalog.adoptPoint(snapshotPoint(SNAPSHOT_AT, { snapshot: { of: kind, id: 'snap-02' } }));
  await catalog.adoptPoint(point('2026-11-20T01:00:00Z', { manifest: MANIFEST, database: 'crm' }));

  /** What the functions that prove and look at the source answer, and what they were asked. */
  const world = {
    prove: (() => proofOf()) as (request: ProveRequest) => Promise<ProveResult> | ProveResult,
    look: async (): Promise<SourceChanges> => ({
      since: { definitions: 'untouched', changed: {}, written: [] },
    }),
    smoke: async (request: SmokeAsked): Promise<unknown> => ({
      results: httpSteps(deps.plan.targets[0]!.smoke).map(({ name, priority }) => ({
        ...{ step: name, priority },
        ...(request.url === COPY ? { ok: true } : { ok: false, why: 'asked elsewhere' }),
      })),
    }),
    extract: (): ExtractResult => ({ manifest: MANIFEST, tables: 2, rows: 30, bytes: 999 }),
    asked: { prove: [] as ProveRequest[], look: [] as unknown[], extract: [] as ExtractInsideRequest[] },
  };
  const { execution, whilePaused, whole } = executions(clock, {
    prove: async (request: ProveRequest) => {
      world.asked.prove.push(request);
      return world.prove(request);
    },
    ...hooks.functions,
    smoke: (request: SmokeAsked) => world.smoke(request),
    extract: async (request: ExtractInsideRequest) => {
      world.asked.extract.push(request);
      return world.extract();
    },
    look: async (request: SourceChangesRequest | SourceHostsRequest) => {
      if (request.ask === 'hosts') return readSourceHosts(request, deps);
      world.asked.look.push(request);
      return world.look();
    },
  });
  const bodyOf = (job: RehearseInstanceJob) => (durable: Durable) => rehearseInstance(job, durable, deps);
  return {
    world,
    hooks,
    deps,
    clock,
    alerts,
    catalog,
    platform,
    scratch,
    scratchSecrets,
    execution,
    whilePaused,
    bodyOf,
    told: alerts.told,
    rehearse: (job = jobOf('snapshot')) => whole(bodyOf(job)),
    /** The evidence of a rehearsal that came so far. */
    async evidence(job = jobOf('snapshot')) {
      const outcome = await whole(bodyOf(job));
      if (outcome.outcome !== 'rehearsed') throw new Error(outcome.summary);
      return outcome.evidence;
    },
    point: async (id = SNAPSHOT_ID) => (await catalog.point('crm', id)) as SnapshotPoint | undefined,
    run: (job = jobOf('snapshot')) => catalog.run(rehearsalRun(job)),
    open: () => openIn(catalog),
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

export const instanceOf = (changes: Partial<Policy['rehearsal']['instance']>): Partial<Policy> => ({
  rehearsal: { ...policy().rehearsal, instance: { ...policy().rehearsal.instance, ...changes } },
});
