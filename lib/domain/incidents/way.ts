import type { OpenFinding } from '../findings/finding-record.ts';
import { VAULT } from '../names.ts';
import { does } from '../plan/engines.ts';
import type { RestoreSettings, Target } from '../plan/policy.ts';
import type { RecoveryPoint } from '../points/recovery-point.ts';
import type { Evidence, RestoredSort } from '../proof/evidence.ts';
import type { TargetStatus } from '../status/target-status.ts';
import type { ServedBy } from './served-by.ts';

/** `rows`: rows of a dump, back into the living database; the others make a new database. */
export type WayKind = 'rows' | RestoredSort;

/** In seconds. */
export type Span = { least: number; most: number };

/** One phase of a restore as rehearsals measured it. */
export type TookPhase = Span & {
  name: string;
  middle: number;
  /** Was it scaled to the size of the point? */
  scaled: boolean;
  /** Does the database wait for it? Proof and assertions come after. */
  waitedFor: boolean;
};

/** How long a restore of this sort took in rehearsals of this target, its growing phases scaled to the point's size. */
export type Took = Span & { middle: number; measurements: number; phases: TookPhase[] };

/** An open finding about one way. `stops`: a restore this way would fail, or bring back what is wrong. */
export type Concern = Pick<OpenFinding, 'code' | 'subject' | 'severity' | 'message' | 'since'> & {
  stops: boolean;
};

/** In US dollars, where the policy has the price; `said` in any case. */
export type Cost = { perMonth?: number; said: string };

/** One way back. Moments are UTC, durations seconds. */
export type Way = {
  kind: WayKind;
  /** The point's id; none for a moment. */
  point?: string;
  place?: string;
  /** The moment of the data that it brings back. */
  asOf: string;
  /** Where only this is known: the data is of a moment between these. Absent: of the second `asOf`. */
  between?: { earliest: string; latest: string };
  /** What was written in so many seconds is lost. For `rows` nothing is. */
  loses: Span;
  takes?: Took;
  /** The last passed rehearsal: of this very point, else of its sort. */
  tested?: { at: string; strength: Evidence['strength']; thisPoint: boolean };
  /** The last rehearsal of its sort failed after that: its codes. */
  lastFailed?: { at: string; codes: string[] };
  /** Only a point that somebody named: why it does not count as good. */
  notGood?: string;
  /** Open findings about this way, the worst first. */
  concerns: Concern[];
  costs: Cost;
  /** A dump that goes into a new database on the server of the living one, and onto no instance of its own. */
  beside?: true;
  /** How large the dumped database was, where it is known. */
  bytes?: number;
  /** What `restore --go` confirms: this way, as it is known now, with what the policy does besides. */
  confirm?: string;
};

/** A way that there could be, and why there is none. */
export type NoWay = { kind: WayKind; why: string };

export type RestorePlan = {
  target: string;
  madeAt: string;
  /** The moment that somebody wants back; absent: as new as possible. */
  wanted?: string;
  /** When the last preflight ended; absent: none has. */
  preflightAt?: string;
  /** When the source took its last write, where it takes none any more. */
  lastWrite?: { earliest?: string; latest: string };
  ways: Way[];
  noWays: NoWay[];
  /** Index in `ways`, with the reason in a sentence. */
  recommended?: { way: number; reason: string };
  /** What a restore into service does besides, by the policy. */
  does: RestoreSettings;
  /** Of everything above: what is confirmed is what was shown. */
  digest: string;
  /** Another database than the plan names serves the target: these ways are those of the old one. */
  servedBy?: ServedBy;
};

/** What is on record of a target. */
export type KnownOfTarget = {
  points: readonly RecoveryPoint[];
  /** Newest first. */
  evidence: readonly Evidence[];
  status?: TargetStatus | undefined;
  /** Open findings of this target. */
  findings: readonly OpenFinding[];
};

export type PlanInput = KnownOfTarget & {
  target: Target;
  now: Date;
  /** The latest moment that may be brought back. */
  at?: string | undefined;
  /** Only this point. */
  point?: string | undefined;
  /** Dumps go beside the living database, also where an instance could be made for them. */
  beside?: boolean | undefined;
  /** The Region of the sources: only what lies there can become a new instance by `restore --go`. */
  home: string;
};

/** Is a new instance made of it where the sources are? Then `restore --go` can do it. */
export function isNewInstance({ kind, place }: Pick<Way, 'kind' | 'place'>, home: string): boolean {
  return kind === 'moment' || (kind === 'snapshot' && place === home);
}

/** Can a dump go into service? */
export function isLoadable({ kind, place }: Pick<Way, 'kind' | 'place'>, { engine }: Target): boolean {
  return kind === 'dump' && place === VAULT && does(engine, 'switching');
}

/** Does AWS make instances like the target's? Elsewhere a dump goes beside the living database. */
export function isOnInstance({ platform }: Target): boolean {
  return platform?.kind === 'rds' || platform?.kind === 'aurora';
}

/** Does `restore --go` make an instance for it, where the sources are? */
export function makesInstance(
  way: Pick<Way, 'kind' | 'place' | 'beside'>,
  { target, home }: { target: Target; home: string },
): boolean {
  return isNewInstance(way, home) || (isLoadable(way, target) && !way.beside);
}

/** Would an open finding stop it? */
export function isStopped({ concerns }: Pick<Way, 'concerns'>): boolean {
  return concerns.some(({ stops }) => stops);
}
