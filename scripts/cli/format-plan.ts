import pc from 'picocolors';
import { formatSpan } from '../../lib/domain/incidents/recommend-way.ts';
import { formatServedBy } from '../../lib/domain/incidents/served-by.ts';
import {
  type Concern,
  isStopped,
  type RestorePlan,
  type Took,
  type Way,
} from '../../lib/domain/incidents/way.ts';
import { STRENGTH } from '../../lib/domain/points/recommend.ts';
import { humanSeconds, secondsBetween, shortMoment } from '../../lib/domain/time.ts';
import { many } from '../../lib/domain/words.ts';
import { type Cell, formatTable } from './format-table.ts';

/** The ways back on one screen, the recommendation, and the command of each with what is to be known of it. */
export function formatPlan(plan: RestorePlan): string[] {
  const { target, wanted, ways, noWays, recommended } = plan;
  const isBest = (index: number) => index === recommended?.way;
  return [
    ...(plan.servedBy ? [pc.red(formatServedBy(target, plan.servedBy)), ''] : []),
    `${pc.bold(target)}: ways back${wanted ? ` to ${shortMoment(wanted)} UTC` : ''}. Nothing has been changed.`,
    ...formatKnown(plan),
    '',
    ...(ways.length > 0
      ? formatTable(
          ['WAY', 'BACK TO, UTC', 'LOSES', 'TAKES', 'TESTED'],
          ways.map((way, index) => rowOf(way, isBest(index))),
        )
      : [pc.red('there is no way back on record')]),
    ...noWays.map(({ kind, why }) => `no ${kind}: ${why}`),
    ...(recommended ? ['', `${pc.green('→')} ${ways[recommended.way]!.kind}: ${recommended.reason}`] : []),
    ...ways.flatMap((way, index) => ['', ...formatWay(plan, way, isBest(index))]),
  ];
}

/** When the preflight was asked, and since when the source takes no writes. */
function formatKnown({ ways, preflightAt, lastWrite }: RestorePlan): string[] {
  const hasInstance = ways.some(({ confirm, beside }) => confirm !== undefined && !beside);
  const preflight = preflightAt
    ? `The last preflight was at ${shortMoment(preflightAt)} UTC.`
    : pc.yellow('No preflight is on record: nobody asked AWS whether these would work.');
  return [
    ...(lastWrite
      ? [
          lastWrite.earliest
            ? `The source took its last write between ${shortMoment(lastWrite.earliest)} and ${shortMoment(lastWrite.latest)} UTC.`
            : `The source took its last write before ${shortMoment(lastWrite.latest)} UTC.`,
        ]
      : []),
    ...(hasInstance ? [preflight] : []),
  ];
}

function rowOf(way: Way, isBest: boolean): Cell[] {
  const { kind, asOf, between, loses, takes } = way;
  const where = placeOf(way);
  const off = between
    ? Math.max(secondsBetween(between.earliest, asOf), secondsBetween(asOf, between.latest))
    : 0;
  return [
    [`${markOf(way, isBest)} ${kind}`, ...(where ? [`  ${where}`] : [])],
    [shortMoment(asOf), ...(off > 0 ? [`± ${humanSeconds(off)}`] : [])],
    kind === 'rows' ? pc.green('nothing') : formatSpan(loses).split(/ (?=to )/),
    takes ? tookCell(takes) : pc.yellow('unknown'),
    formatTested(way),
  ];
}

function markOf(way: Way, isBest: boolean): string {
  if (isBest) return pc.green('→');
  return isStopped(way) ? pc.red('✖') : ' ';
}

/** Where it lies, unless it is where a restore begins. */
function placeOf({ kind, place, confirm, notGood }: Way): string | undefined {
  const isUsual = place === 'vault' || (kind === 'snapshot' && (confirm ?? notGood) !== undefined);
  return isUsual ? undefined : place;
}

const tookCell = ({ least, middle, most, measurements }: Took): Cell => [
  humanSeconds(middle),
  ...(measurements > 1 ? [`least ${humanSeconds(least)}`, `most ${humanSeconds(most)}`] : []),
  many(measurements, 'rehearsal'),
];

function formatTested({ point, tested, lastFailed }: Way): Cell {
  const failed = lastFailed
    ? [pc.red(`${lastFailed.at.slice(0, 10)} failed`), ...lastFailed.codes.map((code) => pc.red(code))]
    : [];
  if (!tested) return failed.length > 0 ? failed : pc.red('never');
  const what = tested.thisPoint || point === undefined ? [] : ['another point'];
  return [
    tested.at.slice(0, 10),
    tested.strength === 'exact' ? 'equal' : STRENGTH[tested.strength],
    ...what,
    ...failed,
  ];
}

const HEADS: Record<Way['kind'], string> = {
  rows: 'Only some rows are gone or wrong: bring them back, and keep everything since',
  dump: 'A dump, into a new database',
  snapshot: 'A snapshot, onto a new instance',
  moment: 'A moment, onto a new instance',
};

function formatWay({ target, wanted }: RestorePlan, way: Way, isBest: boolean): string[] {
  const { kind, between, notGood, costs, concerns, beside } = way;
  const where = placeOf(way);
  const isLater = wanted !== undefined && between !== undefined && between.latest > wanted;
  return [
    `${HEADS[kind]}${beside ? ' on the server of the living one' : ''}${where ? ` in ${where}` : ''}${isBest ? ' (recommended)' : ''}:`,
    `  ${commandOf(target, way)}`,
    ...(kind === 'dump' && way.confirm
      ? [`  ./understudy restore ${target} --at ${way.asOf} --way dump${beside ? ' --beside' : ''} --go`]
      : []),
    ...(notGood === undefined ? [] : [pc.red(`  not known to be good: ${notGood}`)]),
    ...(isLater
      ? [
          pc.yellow(
            `  it may have data of up to ${shortMoment(between.latest)} UTC, which is after what you want`,
          ),
        ]
      : []),
    ...concerns.map(formatConcern),
    pc.dim(`  costs: ${costs.said}`),
  ];
}

function formatConcern({ severity, code, message, stops }: Concern): string {
  const text = `  ${severity} ${code}${stops ? ', which would stop it' : ''}: ${message}`;
  return stops ? pc.red(text) : pc.yellow(text);
}

function commandOf(target: string, { kind, point, place, asOf, confirm }: Way): string {
  switch (kind) {
    case 'rows':
      return `./understudy diff ${target} --point ${point}`;
    case 'dump':
      return place === 'vault'
        ? `./understudy restore ${target} --point ${point} --to postgres://USER@HOST/EMPTY_DATABASE`
        : 'docs/restore.md, "From a dump"';
    case 'snapshot':
      return confirm
        ? `./understudy restore ${target} --at ${asOf} --way snapshot --go`
        : `docs/restore.md, "From a snapshot or to a moment": ${point}`;
    case 'moment':
      return `./understudy restore ${target} --at ${asOf} --way moment --go`;
  }
}
