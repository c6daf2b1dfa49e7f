import pc from 'picocolors';
import {
  isLate,
  type RestoreAllPlan,
  type StepInAll,
  type TargetInAll,
} from '../../lib/domain/incidents/restore-all.ts';
import { humanSeconds, shortMoment } from '../../lib/domain/time.ts';
import { many } from '../../lib/domain/words.ts';
import type { BroughtBack } from '../../lib/workflows/restore-all/bring-back.ts';
import type { RestoreAllResult } from '../../lib/workflows/restore-all/run-restore-all.ts';
import { type Cell, formatTable } from './format-table.ts';

/** The whole plan: each target in its order, when it is ready, and whether that keeps its RTO. */
export function formatRestoreAll({
  wanted,
  steps,
  atOnce,
  total,
  unmeasured,
  inNoStep,
}: RestoreAllPlan): string[] {
  const rows = steps.flatMap((step) => formatStep(step));
  const inAll =
    unmeasured.length > 0
      ? `At least ${humanSeconds(total)} in all: never measured: ${unmeasured.join(', ')}`
      : `In all about ${humanSeconds(total)}`;
  return [
    `${pc.bold('Restoring everything')}${wanted ? ` to ${shortMoment(wanted)} UTC` : ''}. Nothing has been changed.`,
    '',
    ...formatTable(['WHAT', 'STEP', 'WAY', 'BACK TO, UTC', 'READY AFTER', 'RTO'], rows),
    ...steps.flatMap(({ restores }) => restores.flatMap(formatWhy)),
    ...(inNoStep.length > 0
      ? [pc.yellow(`In no step of restoreAll, so not restored: ${inNoStep.join(', ')}`)]
      : []),
    '',
    `${inAll}; ${atOnce} at once; the time that people take is not in it.`,
  ];
}

function formatStep(step: StepInAll): Cell[][] {
  if ('function' in step)
    return [[step.function, step.name, 'function', '', `at most ${humanSeconds(step.within)}`, '']];
  if ('confirm' in step) return [[step.confirm, step.name, 'a person', '', '', '']];
  return step.restores.map((restore) => [
    `${restore.target} (${restore.priority})`,
    step.name,
    ...formatTarget(restore),
  ]);
}

function formatTarget(restore: TargetInAll): Cell[] {
  const { way, byHand, with: other } = restore;
  const promised = humanSeconds(restore.rto);
  if (other !== undefined) return [`with ${other}`, '', readyCell(restore), promised];
  if (byHand) return [pc.yellow('by hand'), momentCell(byHand), '–', promised];
  if (!way) return [pc.red('none'), '–', '–', promised];
  return [way.kind, momentCell(way), readyCell(restore), promised];
}

const momentCell = ({ asOf }: { asOf: string }): Cell => shortMoment(asOf).split(' ');

function readyCell(of: { rto: number; readyAfter?: number | undefined }): Cell {
  if (of.readyAfter === undefined) return pc.yellow('unknown');
  const text = humanSeconds(of.readyAfter);
  return isLate({ rto: of.rto, readyAfter: of.readyAfter }) ? pc.red(`${text}, too late`) : text;
}

function formatWhy({ target, byHand, why, way, takenUp, unswitched }: TargetInAll): string[] {
  if (byHand)
    return [
      `${target}: ./understudy restore ${target} --point ${byHand.point} --to postgres://USER@HOST/EMPTY_DATABASE`,
    ];
  return [
    ...(why === undefined ? [] : [pc.red(`${target} cannot be restored: ${why}`)]),
    ...(takenUp
      ? [
          pc.yellow(
            `${target} is not restored again: its restore of ${shortMoment(takenUp.startedAt)} UTC, back to ${shortMoment(takenUp.asOf)} UTC, is taken up. To restore it all the same: ./understudy restore ${target} --go`,
          ),
        ]
      : []),
    ...(unswitched
      ? [pc.yellow(`${target}: its secrets still lead to the old instance afterwards: switch them yourself`)]
      : []),
    ...(way?.concerns ?? [])
      .filter(({ stops }) => stops)
      .map(({ code, message }) => pc.red(`${target} would be stopped by ${code}: ${message}`)),
  ];
}

const OUTCOMES: Record<BroughtBack['outcome'], string> = {
  made: pc.green('waits for approval'),
  done: pc.green('done'),
  failed: pc.red('failed'),
  'by-hand': pc.yellow('by hand'),
  'not-begun': pc.red('not begun'),
};

/** The table at the end, with what to type next. */
export function formatRestoredAll(
  { targets, steps, stoppedAt, seconds }: RestoreAllResult,
  plan: RestoreAllPlan,
): string[] {
  const rtos = new Map(
    plan.steps.flatMap(({ restores }) => restores.map(({ target, rto }) => [target, rto])),
  );
  const rows = targets.map(({ target, outcome, readyAfter, takenUp, startedAt, why }) => [
    target,
    takenUp ? [OUTCOMES[outcome], `since ${shortMoment(startedAt!)} UTC`] : OUTCOMES[outcome],
    readyAfter === undefined ? '–' : readyCell({ rto: rtos.get(target)!, readyAfter }),
    humanSeconds(rtos.get(target)!),
    why ?? '',
  ]);
  const stopped = steps.find(({ name }) => name === stoppedAt);
  const waiting = targets.filter((each) => each.outcome === 'made' && each.with === undefined);
  return [
    ...formatTable(['TARGET', 'IS', 'READY AFTER', 'RTO', { title: '', prose: true }], rows),
    '',
    ...(stopped
      ? [pc.red(`It ended at the step "${stopped.name}": ${stopped.why}. What was begun goes on.`)]
      : []),
    `${many(steps.length, 'step')} took ${humanSeconds(seconds)}. Running it again begins nothing that is under way.`,
    ...(waiting.length > 0 ? ['', 'Approve each:'] : []),
    ...waiting.map(({ target }) => `  ./understudy approve ${target}`),
  ];
}
