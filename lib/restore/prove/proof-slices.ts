import { codeOf, type ErrorInfo, reasonOf } from '../../domain/errors.ts';
import type { StoredObject } from '../../domain/points/recovery-point.ts';
import type { SourceSince } from '../../domain/proof/bounded.ts';
import type { Compared } from '../../domain/proof/evidence.ts';
import type { LeftOut } from '../../domain/proof/exceptions.ts';
import type { HeartbeatProof, HeartbeatRow } from '../../domain/proof/heartbeat-proof.ts';
import type { Difference } from '../../domain/proof/proof.ts';
import type { Answer } from './assertions.ts';

/** The scratch instance, and what it must be like. References and small facts: it travels through a checkpoint. */
export type ProveRequest = {
  target: string;
  /** Of the scratch instance and of its secret. */
  name: string;
  host: string;
  port: number;
  user: string;
  database: string;
  /** The moment of its data, as far as it is known. */
  moment: string;
  /** Was it restored to that moment, and not from a snapshot? */
  toMoment: boolean;
  manifest?: StoredObject | undefined;
  since?: SourceSince | undefined;
  heartbeat?: HeartbeatRow[] | undefined;
  /** The dump was loaded into it, which is otherwise no copy of a storage: what the load left out. */
  loaded?: LeftOut | undefined;
  /** The task to continue with: a large instance takes more than one function's time. */
  from: number;
};

export type ProveResult = {
  /** Where the next slice begins; undefined when there is none. */
  next?: number;
  differences: Difference[];
  differenceCount: number;
  compared: Compared;
  /** What amcheck found. */
  corrupt: { name: string; problem: string }[];
  /** What should have been checked and was not, and why. */
  unchecked: string[];
  notes: string[];
  assertions: Answer[];
  heartbeat?: HeartbeatProof;
  failure?: ErrorInfo;
};

export const NOTHING_PROVEN: ProveResult = {
  differences: [],
  differenceCount: 0,
  compared: {
    objects: 0,
    tables: 0,
    exact: 0,
    bounded: 0,
    unbounded: 0,
    unlogged: 0,
    rows: '0',
    checkable: 0,
    checked: 0,
  },
  corrupt: [],
  unchecked: [],
  notes: [],
  assertions: [],
};

/** The most differences that are listed, and the most of every other list: the results of slices travel through checkpoints. */
export const SHOWN = 100;
const LISTED = 100;

export function differ(result: ProveResult, found: readonly Difference[]): void {
  result.differenceCount += found.length;
  result.differences.push(...found.slice(0, SHOWN - Math.min(SHOWN, result.differences.length)));
}

/** A failed task is noted, and does not stop the others. Damage that the server reports is a result. */
export async function noting(result: ProveResult, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (codeOf(error) === 'storage-damaged') noteCorrupt(result, what, reasonOf(error));
    else note(result.unchecked, `${what}: ${reasonOf(error)}`);
  }
}

export function note(list: string[], what: string): void {
  if (list.length < LISTED) list.push(what.slice(0, 300));
}

/** Once for each name: amcheck also finds a table damaged that cannot be counted. */
export function noteCorrupt(result: ProveResult, name: string, problem: string): void {
  const known = result.corrupt.some((each) => each.name === name);
  if (!known && result.corrupt.length < LISTED) result.corrupt.push({ name, problem: problem.slice(0, 300) });
}

/** Merges two slices of one proof. */
export function mergeProofs(before: ProveResult | undefined, slice: ProveResult): ProveResult {
  if (!before) return slice;
  const { next: _next, ...rest } = before;
  return {
    ...rest,
    ...slice,
    differences: [...before.differences, ...slice.differences].slice(0, SHOWN),
    differenceCount: before.differenceCount + slice.differenceCount,
    compared: {
      objects: before.compared.objects + slice.compared.objects,
      tables: before.compared.tables + slice.compared.tables,
      exact: before.compared.exact + slice.compared.exact,
      bounded: before.compared.bounded + slice.compared.bounded,
      unbounded: before.compared.unbounded + slice.compared.unbounded,
      unlogged: before.compared.unlogged + slice.compared.unlogged,
      rows: String(BigInt(before.compared.rows) + BigInt(slice.compared.rows)),
      checkable: Math.max(before.compared.checkable, slice.compared.checkable),
      checked: before.compared.checked + slice.compared.checked,
    },
    corrupt: [...before.corrupt, ...slice.corrupt].slice(0, LISTED),
    unchecked: [...before.unchecked, ...slice.unchecked].slice(0, LISTED),
    notes: [...before.notes, ...slice.notes].slice(0, LISTED),
    assertions: [...before.assertions, ...slice.assertions],
    ...(before.heartbeat ? { heartbeat: before.heartbeat } : {}),
  };
}
