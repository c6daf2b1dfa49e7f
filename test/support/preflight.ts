import type { Policy, Target } from '../../lib/domain/plan/policy.ts';
import type { PlatformSource } from '../../lib/domain/points/platform-source.ts';
import type { PreflightJob } from '../../lib/domain/runs/job.ts';
import type { KeyState } from '../../lib/points/check-snapshot.ts';
import type { PreflightDeps } from '../../lib/workflows/preflight/preflight.ts';
import { HOME, platformSnapshot, platformSource, policy, snapshotPoint, target } from './builders.ts';
import { memoryAlerts } from './doubles/alerts.ts';
import { memoryCatalog } from './doubles/catalog/catalog.ts';
import { manualClock } from './doubles/clock.ts';
import { memoryMessages } from './doubles/job-messages.ts';
import { recordingLog } from './doubles/log.ts';
import { recordingMetrics } from './doubles/metrics.ts';
import { memoryPlatform } from './doubles/platform.ts';
import { memoryConditions } from './doubles/restore-conditions.ts';

export const KEY = `arn:aws:kms:${HOME}:111122223333:key/home`;
export const NEWEST = `20261120T010000Z-automated@${HOME}`;

/** A target whose newest snapshot could be restored into the quarantine at once, and a source set up as promised. */
export async function preflightWorld(
  options: { source?: Partial<PlatformSource>; policy?: Partial<Policy>; target?: Partial<Target> } = {},
) {
  const clock = manualClock('2026-11-20T12:00:00Z');
  const source = platformSource(options.source);
  const platform = memoryPlatform({ clock, home: HOME, sources: [source] });
  const catalog = memoryCatalog(clock, HOME);
  const of = {
    of: source.kind,
    sourceId: source.id,
    engine: source.engine,
    engineVersion: source.engineVersion,
  };
  for (const [day, id] of [
    ['2026-11-19', 'rds:crm-db-19'],
    ['2026-11-20', 'rds:crm-db-20'],
  ] as const) {
    const at = `${day}T01:00:00Z`;
    platform.putSnapshot(platformSnapshot({ ...of, id, type: 'automated', takenAt: at }));
    await catalog.adoptPoint(snapshotPoint(at, { kind: 'automated', snapshot: { ...of, id, kmsKey: KEY } }));
  }
  const conditions = memoryConditions();
  const keys: Record<string, KeyState> = {};
  const promised = policy({
    objectives: { rpo: { snapshot: 93_600, pitr: 900 }, rto: 1800 },
    schedules: { preflight: { cron: '0 6 * * *', timezone: 'UTC' } },
    ...options.policy,
  });
  const crm = target({ platform: { kind: source.kind, id: source.id }, policy: promised, ...options.target });
  const alerts = memoryAlerts();
  const messages = memoryMessages(clock);
  const log = recordingLog();
  const deps = {
    catalog,
    platform,
    conditions,
    /** Of copies: which keys cannot be used. */
    keyState: async (key: string) => keys[key] ?? ('usable' as const),
    home: HOME,
    scratchNetwork: { subnetGroup: 'quarantine', securityGroup: 'sg-quarantine' },
    clock,
    plan: { schemaVersion: 1, policies: [promised], targets: [crm] },
    alerts,
    metrics: recordingMetrics(),
    log,
    messages,
    stage: 'test',
    secondsLeft: () => 900,
  } satisfies PreflightDeps;
  let hour = 6;
  /** A message for a moment of its own. */
  const job = (): PreflightJob => ({
    job: 'preflight',
    target: 'crm',
    scheduledFor: `2026-11-20T${String(hour++).padStart(2, '0')}:00:00Z`,
    requestedBy: 'schedule',
  });
  /** What is open, as `code subject`. */
  const open = async () =>
    (await catalog.openFindings()).map(({ code, subject }) => `${code} ${subject}`).sort();
  /** What people were told since they were last asked. */
  const told = () =>
    alerts.take('alerts').map(({ json }) => {
      const { occasion, code, subject } = json as { occasion: string; code: string; subject: string };
      return `${occasion} ${code} ${subject}`;
    });
  return { clock, platform, catalog, conditions, keys, alerts, messages, log, deps, job, open, told };
}
