import pc from 'picocolors';
import { InputError, reasonOf, UnderstudyError } from '../../../lib/domain/errors.ts';
import { parsePointId, REPLICA, VAULT } from '../../../lib/domain/names.ts';
import { type Plan, requireTarget } from '../../../lib/domain/plan/policy.ts';
import { many } from '../../../lib/domain/words.ts';
import { ONLY_THE_TABLE } from '../../../lib/workflows/rebuild/only-the-table.ts';
import type { RebuildReport, RebuiltTarget } from '../../../lib/workflows/rebuild/report.ts';
import { BY_SIGNAL, DONE, type ExitCode, FAILED, FOUND_WRONG } from '../exit-codes.ts';
import { formatTable } from '../format-table.ts';
import type { CommandResult } from '../print-result.ts';
import type { ProgressLine } from '../renderer.ts';
import { openBucket, type Session, useLocalStack } from '../session.ts';
import { showProgress } from '../show-progress.ts';
import { useDeployment } from '../use-deployment.ts';

export type RebuildOptions = { target?: string; dryRun?: boolean; vault?: string; region?: string };

/**
 * Makes the catalog's points anew, in this process and with the person's own credentials: no function may both read the
 * vault and write points that no run has made.
 */
export async function catalogRebuildCommand(
  session: Session,
  options: RebuildOptions,
): Promise<CommandResult> {
  if (options.region !== undefined && options.vault === undefined)
    throw new InputError('--region is the Region of the bucket of --vault', [], 'add --vault BUCKET');
  if (options.target !== undefined) requireTarget(session.plan(), options.target);
  if (session.isLocal) useLocalStack(session.plan());
  else await useDeployment(session.options.stage);
  const report = await showProgress(
    'rebuilding the catalog',
    (shown) => rebuildHere(session.plan(), options, shown),
    (made) => exitOf(made) === DONE,
    // What was added stays, and the next rebuild goes on from there.
    { end: (by) => process.exit(BY_SIGNAL[by]) },
  );
  return {
    document: { ...report, onlyTheTableKnew: ONLY_THE_TABLE.map(({ what, todo }) => ({ what, todo })) },
    lines: formatRebuild(report),
    exit: exitOf(report),
  };
}

async function rebuildHere(
  plan: Plan,
  { target, dryRun = false, vault: bucket, region }: RebuildOptions,
  { live }: ProgressLine,
): Promise<RebuildReport> {
  const parts = await import('../../../lib/runtime/compose.ts');
  const { rebuild } = await import('../../../lib/workflows/rebuild/rebuild.ts');
  await requireTable(() => parts.catalog().statuses(plan.targets.slice(0, 1).map(({ id }) => id)));
  const isReplica = bucket !== undefined && bucket !== process.env['UNDERSTUDY_VAULT'];
  const dumps = isReplica
    ? ({ vault: await openBucket(bucket, region), place: REPLICA } as const)
    : ({ vault: parts.vault(), place: VAULT } as const);
  let read = 0;
  return rebuild(
    { target, dryRun },
    {
      plan,
      catalog: parts.catalog(),
      dumps,
      platform: parts.platform(),
      clock: parts.clock,
      stage: parts.stage(),
      home: parts.home(),
      onRead: () => live(`${many(++read, 'dump')} read`),
    },
  );
}

/** Without the table every dump would fail by itself, thousands of times. */
async function requireTable(read: () => Promise<unknown>): Promise<void> {
  await read().catch((cause) => {
    throw new UnderstudyError(
      'catalog-unreachable',
      `the table ${process.env['UNDERSTUDY_TABLE']} cannot be read: ${reasonOf(cause)}`,
      { hint: 'if it no longer exists: docs/reference/region-lost.md, "The table alone"', cause },
    );
  });
}

function exitOf({ failures, findings }: RebuildReport): ExitCode {
  if (failures.length > 0) return FAILED;
  return findings.length > 0 ? FOUND_WRONG : DONE;
}

/** How many findings are shown; --json has all. */
const SHOWN = 30;

function formatRebuild({ dryRun, targets, findings, failures }: RebuildReport): string[] {
  const rows = targets.map(({ target, added, known, beingMade }) => [
    target,
    added.length === 0 ? '0' : pc.green(String(added.length)),
    String(known),
    beingMade === 0 ? '' : `${many(beingMade, 'dump')} may be being made`,
  ]);
  const shown = findings.slice(0, SHOWN);
  const next = targets.flatMap(newestDump);
  return [
    dryRun ? 'Nothing was written. A rebuild would add:' : 'Points that the catalog has again:',
    '',
    ...formatTable(['TARGET', dryRun ? 'WOULD ADD' : 'ADDED', 'KNOWN', ''], rows),
    ...(findings.length > 0 ? ['', pc.red(`Not taken as points: ${findings.length}`)] : []),
    ...shown.map(({ target, code, message }) => `  ${target}: ${code}: ${message}`),
    ...(findings.length > SHOWN ? [`  … and ${findings.length - SHOWN} more: --json`] : []),
    ...(failures.length > 0 ? ['', pc.red('Could not be looked at; run it again:')] : []),
    ...failures.map((failure) => `  ${failure}`),
    '',
    'Only the table knew, and does not come back:',
    ...ONLY_THE_TABLE.map(({ what, todo }) => `  ${what}. ${todo[0]!.toUpperCase()}${todo.slice(1)}.`),
    ...(next.length > 0 && !dryRun
      ? ['', 'A point counts again when it is verified. The newest dumps first:', ...next]
      : []),
  ];
}

function newestDump({ target, added }: RebuiltTarget): string[] {
  const newest = added.findLast((id) => parsePointId(id)?.kind === 'dump');
  return newest ? [`  ./understudy run verify ${target} --point ${newest}`] : [];
}
