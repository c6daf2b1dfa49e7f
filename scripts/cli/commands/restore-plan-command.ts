import pc from 'picocolors';
import type { RestorePlan, Took, Way } from '../../../lib/domain/incidents/restore-plan.ts';
import { STRENGTH } from '../../../lib/domain/points/recommend.ts';
import { humanSeconds, shortMoment } from '../../../lib/domain/time.ts';
import { many } from '../../../lib/domain/words.ts';
import { DONE, FOUND_WRONG } from '../exit-codes.ts';
import { type Cell, formatTable } from '../format-table.ts';
import type { CommandResult } from '../print-result.ts';
import type { RestoreOptions } from '../restore-options.ts';
import { restorePointOf } from '../restore-point.ts';
import type { Session } from '../session.ts';

/** Shows the ways back with what each loses, takes and is worth. Changes nothing. */
export async function restorePlanCommand(
  session: Session,
  target: string,
  options: RestoreOptions,
): Promise<CommandResult> {
  const { at } = restorePointOf(options);
  const plan = await session.invoke<RestorePlan>('operator', {
    ask: 'plan',
    target,
    ...(at === undefined ? {} : { at }),
  });
  const { ways, noWays, recommended } = plan;
  const rows = ways.map((way, index) => [
    `${index === recommended?.way ? pc.green('→') : ' '} ${way.kind}`,
    `${shortMoment(way.asOf)} UTC`,
    way.kind === 'rows' ? pc.green('nothing') : humanSeconds(way.loses),
    way.takes ? tookCell(way.takes) : pc.yellow('unknown'),
    formatTested(way),
  ]);
  return {
    document: plan,
    exit: ways.length > 0 ? DONE : FOUND_WRONG,
    lines: [
      `${pc.bold(target)}: ways back${plan.wanted ? ` to ${shortMoment(plan.wanted)} UTC` : ''}. Nothing has been changed.`,
      '',
      ...(ways.length > 0
        ? formatTable(['WAY', 'BACK TO', 'LOSES', 'TAKES', 'TESTED'], rows)
        : [pc.red('there is no way back on record')]),
      ...noWays.map(({ kind, why }) => `no ${kind}: ${why}`),
      '',
      ...(recommended ? [`${pc.green('→')} ${ways[recommended.way]!.kind}: ${recommended.reason}`] : []),
      ...ways.flatMap((way, index) => formatHow(target, way, index === recommended?.way)),
    ],
  };
}

const tookCell = ({ least, middle, most, measurements }: Took): Cell => [
  humanSeconds(middle),
  ...(measurements > 1 ? [`${humanSeconds(least)} to ${humanSeconds(most)}`] : []),
  many(measurements, 'rehearsal'),
];

function formatTested({ point, tested, lastFailed }: Way): Cell {
  const failed = lastFailed
    ? [pc.red(`${lastFailed.at.slice(0, 10)} failed`), ...lastFailed.codes.map((code) => pc.red(code))]
    : [];
  if (!tested) return failed.length > 0 ? failed : pc.red('never');
  const what = tested.thisPoint || point === undefined ? [] : ['another point'];
  return [tested.at.slice(0, 10), STRENGTH[tested.strength], ...what, ...failed];
}

const HEADS: Record<Way['kind'], string> = {
  rows: 'Only some rows are gone or wrong: bring them back, and keep everything since',
  dump: 'A dump, into a new database',
  snapshot: 'A snapshot, onto a new instance',
  moment: 'A moment, onto a new instance',
};

function formatHow(
  target: string,
  { kind, point, place, asOf, confirm }: Way,
  isRecommended: boolean,
): string[] {
  const where = place === undefined || place === 'vault' ? '' : ` in ${place}`;
  const how: Record<Way['kind'], string> = {
    rows: `./understudy diff ${target} --point ${point}`,
    dump:
      place === 'vault'
        ? `./understudy restore ${target} --point ${point} --to postgres://USER@HOST/EMPTY_DATABASE`
        : 'docs/restore.md, "From a dump"',
    snapshot: confirm
      ? `./understudy restore ${target} --at ${asOf} --way snapshot --go`
      : `docs/emergency.md, 3c: ${point}`,
    moment: `./understudy restore ${target} --at ${asOf} --way moment --go`,
  };
  return [`${HEADS[kind]}${where}${isRecommended ? ' (recommended)' : ''}:`, `  ${how[kind]}`];
}
