import { refusalOf } from '../../domain/errors.ts';
import { connectionOf, type Plan, requireTarget, type Target } from '../../domain/plan/policy.ts';
import type { RestorePoint } from '../../domain/points/named-point.ts';
import type { DumpPoint } from '../../domain/points/recovery-point.ts';
import { deadline } from '../../execution/deadline.ts';
import { checkManifest } from '../../points/artifact.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RestoredRows } from '../../ports/comparison.ts';
import type { Scratch } from '../../ports/database.ts';
import type { Log } from '../../ports/messages.ts';
import type { Vault } from '../../ports/vault.ts';
import { chooseDump } from './choose-dump.ts';

export type RowsDeps = {
  plan: Plan;
  catalog: Pick<Catalog, 'points'>;
  vault: Vault;
  scratch: Pick<Scratch, 'refusal' | 'withRows'>;
  clock: Clock;
  log: Log;
  secondsLeft: () => number;
};

/** The rows of a dump, restored, with what is to be known of them. */
export type RowsAtHand = {
  target: Target;
  stored: DumpPoint;
  rows: RestoredRows;
  notes: string[];
  signal: AbortSignal;
};

const RESERVE_SECONDS = 30;

/** Chooses a dump, restores its rows onto scratch, passes them to `use`, and deletes them. */
export async function withRows<T>(
  asked: RestorePoint & { target: string; tables?: readonly string[] | undefined },
  deps: RowsDeps,
  use: (at: RowsAtHand) => Promise<T>,
): Promise<T> {
  const { vault, log } = deps;
  const target = requireTarget(deps.plan, asked.target);
  connectionOf(target);
  const { stored, notes } = await chooseDump(target, asked, deps.clock.now(), deps.catalog);
  const { manifest, findings } = await checkManifest({ target, point: stored, vault });
  if (!manifest)
    throw refusalOf({ code: findings[0]!.code, message: findings[0]!.message, hint: findings[0]!.next });
  const refusal = await deps.scratch.refusal(manifest);
  if (refusal) throw refusalOf(refusal);
  const limit = deadline(deps, {
    what: 'the comparison',
    hint: 'choose fewer tables with --table',
    reserve: RESERVE_SECONDS,
  });
  const { signal } = limit;
  const request = {
    manifest,
    tables: asked.tables,
    dump: () => vault.read(manifest.dump, signal),
    roles: () => vault.read(manifest.roles, signal),
    phase: (phase: string) => log.info(`comparison: ${phase}`, { target: target.id, point: stored.id }),
    signal,
  };
  try {
    return await deps.scratch.withRows(request, (rows) =>
      use({ target, stored, rows, notes: [...notes, ...rows.notes], signal }),
    );
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    limit.end();
  }
}
