import type { Schedule } from '../plan/schedule.ts';
import type { PlatformSource } from '../points/platform-source.ts';
import type { Evidence } from '../proof/evidence.ts';
import type { ScheduledJob } from '../runs/job.ts';
import type { Run } from '../runs/run.ts';

/**
 * The status of a target, stored with it so that the watch reads one item for each target. It is derived from runs,
 * points and evidence and can be derived again at any time.
 */
export type TargetStatus = {
  target: string;
  /** When Understudy first knew of the target: nothing was owed before. */
  firstSeenAt: string;
  /** Of dumps in the vault. */
  newestPoint?: PointSummary;
  newestVerified?: PointSummary;
  newestRehearsed?: PointSummary;
  /** The dump that has waited longest for its verification, of those whose run owes it. */
  waiting?: PointSummary;
  /** The same for snapshots in the source's own Region, by any creator. */
  snapshots?: PointsSummary;
  /** The newest verified point of every other place: `dump@replica`, `snapshot@eu-west-1`. */
  copies?: Record<string, PointSummary>;
  /** What the platform reported when the watch last asked. */
  platform?: PlatformStatus;
  /** The last row known to be in the source's heartbeat. */
  heartbeatAt?: string;
  /** Since when each schedule has been as it is: nothing that it would have asked for before is owed. */
  owed?: Partial<Record<Owing, Owed>>;
  lastRun: Partial<Record<ScheduledJob, RunSummary>>;
  lastSuccess: Partial<Record<ScheduledJob, RunSummary>>;
  /** The moment of each job's last scheduled run: labelled snapshots do not count. */
  lastFired?: Partial<Record<ScheduledJob, string>>;
  lastRehearsal?: Pick<
    Evidence,
    'at' | 'point' | 'outcome' | 'strength' | 'exceptions' | 'rto' | 'rpo' | 'simulation'
  >;
  lastPassedRehearsal?: Pick<Evidence, 'at' | 'point' | 'strength' | 'rto'>;
  /** When each sort of rehearsal last passed: one sort must not hide that another is missing. */
  lastPassed?: Partial<Record<Rehearsing, string>>;
  /** Medians of the measurements, in seconds and bytes. */
  usual: { dump?: number; verify?: number; bytes?: number; snapshot?: number };
};

/** What is owed: a job by its own schedule, a copy in a place by the schedule of what is copied. */
export type Owing = ScheduledJob | `copy to ${string}`;
export type Owed = { cron: string; timezone: string; since: string };
/** Is it owed since the same time? A job only while its schedule is the same; a copy always, by its place. */
export function isOwedStill(what: string, was: Owed | undefined, { cron, timezone }: Schedule): was is Owed {
  if (!was) return false;
  return what.startsWith('copy to ') || (was.cron === cron && was.timezone === timezone);
}

/** The sorts of rehearsal; a simulation is one of a dump. */
export const REHEARSING = ['rehearse', 'rehearse-snapshot', 'rehearse-moment'] as const;
export type Rehearsing = (typeof REHEARSING)[number];

export type PointsSummary = {
  newestPoint?: PointSummary;
  newestVerified?: PointSummary;
  newestRehearsed?: PointSummary;
};

/** `latest` is the RPO that restoring to a point in time gives now. */
export type PlatformStatus = {
  readAt: string;
  /** The platform's own word, or `missing`. */
  status: string;
  /** The source, and its resource id, which is never reused: it tells another one of the same name apart. */
  id?: string;
  resourceId?: string;
  /** The instances of a cluster. */
  members?: string[];
  /** What a restore of it depends on; absent where it is missing, or was last read by an older version. */
  source?: ReadSource;
  retention: number;
  earliest?: string;
  latest?: string;
  /** Where automated backups are replicated to: ARNs in other Regions. */
  replicatedTo?: string[];
};
export type ReadSource = Pick<PlatformSource, 'state' | 'instanceClass' | 'multiAz'> & {
  kmsKey?: string | undefined;
  subnetGroup?: string | undefined;
};

/** `bad`: what a rehearsal found wrong with it. */
export type PointSummary = {
  id: string;
  snapshotAt: string;
  availableAt: string;
  state: string;
  bad?: string;
};
export type RunSummary = Pick<Run, 'scheduledFor' | 'state' | 'attempt' | 'endedAt' | 'summary'>;
