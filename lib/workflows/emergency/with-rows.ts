import { refusalOf } from '../../domain/errors.ts';
import { connectionOf, type Plan, requireTarget, type Target } from '../../domain/plan/policy.ts';
import type { RestorePoint } from '../../domain/points/named-point.ts';
import type { Manifest } from '../../domain/proof/manifest.ts';
import { withinDeadline } from '../../execution/deadline.ts';
import { requireManifest } from '../../points/artifact.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RestoredRows } from '../../ports/comparison.ts';
import type { Scratch } from '../../ports/database.ts';
import type { Log } from '../../ports/messages.ts';
import type { Vault } from '../../ports/vault.ts';
import { chooseDump } from './choose-dump.ts';
import { chooseExtract } from './choose-extract.ts';

export type RowsDeps = {
  plan: Plan;
  catalog: Pick<Catalog, 'points' | 'run'>;
  vault: Vault;
  /** Where extracts of snapshots and moments lie. */
  files: Pick<Vault, 'read'>;
  scratch: Pick<Scratch, 'refusal' | 'withRows'>;
  clock: Clock;
  log: Log;
  secondsLeft: () => number;
};

/** A dump by its id, or by a moment; or what a run of `extract` brought out, by the moment it was scheduled for. */
export type RowsOf = RestorePoint & { extract?: string | undefined };

/** The rows of a dump or an extract, restored, with what is to be known of them. */
export type RowsAtHand = {
  target: Target;
  stored: Stored;
  rows: RestoredRows;
  notes: string[];
  /** Tables that it lacks, each with why. */
  lacks: string[];
  signal: AbortSignal;
};

/** The point's id, and the moment of its rows. */
type Stored = { id: string; target: string; snapshotAt: string };
type Source = Pick<RowsAtHand, 'stored' | 'notes' | 'lacks'> & {
  manifest: Manifest;
  from: Pick<Vault, 'read'>;
};

const RESERVE_SECONDS = 30;

/** Chooses a dump or an extract, restores its rows onto scratch, passes them to `use`, and deletes them. */
export async function withRows<T>(
  asked: RowsOf & { target: string; tables?: readonly string[] | undefined },
  deps: RowsDeps,
  use: (at: RowsAtHand) => Promise<T>,
): Promise<T> {
  const { log } = deps;
  const target = requireTarget(deps.plan, asked.target);
  connectionOf(target);
  const { stored, notes, lacks, manifest, from } = await sourceOf(asked, target, deps);
  const refusal = await deps.scratch.refusal(manifest);
  if (refusal) throw refusalOf(refusal);
  const limits = {
    what: 'the comparison',
    hint: 'choose fewer tables with --table',
    reserve: RESERVE_SECONDS,
  };
  return withinDeadline(deps, limits, async (signal) => {
    const request = {
      manifest,
      tables: asked.tables,
      dump: () => from.read(manifest.dump, signal),
      roles: () => from.read(manifest.roles, signal),
      phase: (phase: string) => log.info(`comparison: ${phase}`, { target: target.id, point: stored.id }),
      signal,
    };
    return deps.scratch.withRows(request, (rows) =>
      use({ target, stored, rows, lacks, notes: [...notes, ...rows.notes], signal }),
    );
  });
}

async function sourceOf(asked: RowsOf, target: Target, deps: RowsDeps): Promise<Source> {
  if (asked.extract !== undefined) {
    const { point, asOf, manifest, leftOut } = await chooseExtract(target, asked.extract, deps);
    const stored = { id: point, target: target.id, snapshotAt: asOf };
    const lacks = leftOut.map((name) => `${name}: it is unlogged, and no snapshot has its rows`);
    return { stored, notes: [], lacks, manifest, from: deps.files };
  }
  const { vault } = deps;
  const { stored, notes } = await chooseDump(target, asked, deps.clock.now(), deps.catalog);
  const manifest = await requireManifest({ target, point: stored, vault });
  const { id, snapshotAt } = stored;
  return {
    stored: { id, target: target.id, snapshotAt: snapshotAt! },
    notes,
    lacks: [],
    manifest,
    from: vault,
  };
}
