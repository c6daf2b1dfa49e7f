import type { AlertDeps } from '../../alerting/alerts.ts';
import { snapshotPointId } from '../../domain/names.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { PlatformSource } from '../../domain/points/platform-source.ts';
import type { SnapshotPoint } from '../../domain/points/recovery-point.ts';
import type { SnapshotDeps } from '../../points/conclude-snapshot.ts';
import type { JobMessages } from '../../ports/messages.ts';
import type { Place, Platform } from '../../ports/platform.ts';

export type InventoryDeps = AlertDeps & {
  platform: Platform;
  messages: JobMessages;
  keyState: SnapshotDeps['keyState'];
  home: string;
};

/** A target's snapshots in one place, as in the catalog while the platform is looked at. */
export type PlaceInventory = {
  target: Target;
  place: Place;
  source: PlatformSource | undefined;
  points: readonly SnapshotPoint[];
  /** Points whose runs live. */
  running: ReadonlySet<string>;
  now: Date;
};

/** Points whose runs live, which report on them themselves. */
export async function runningSnapshots(
  target: Target,
  deps: InventoryDeps,
  now: Date,
): Promise<ReadonlySet<string>> {
  const open = (await deps.catalog.openRuns()).filter(
    (run) => run.target === target.id && new Date(run.leaseUntil) >= now,
  );
  return new Set(
    open.flatMap((run) => {
      if (run.job === 'snapshot') return [snapshotPointId(run.scheduledFor, 'snapshot', deps.home)];
      return run.job === 'copy' ? [run.scheduledFor] : [];
    }),
  );
}
