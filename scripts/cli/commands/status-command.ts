import pc from 'picocolors';
import { type Acknowledgement, isSettled } from '../../../lib/domain/findings/acknowledgement.ts';
import { formatServedBy } from '../../../lib/domain/incidents/served-by.ts';
import { STRENGTH } from '../../../lib/domain/points/recommend.ts';
import { humanSeconds } from '../../../lib/domain/time.ts';
import type { ShownFinding, StatusReport, TargetReport } from '../../../lib/workflows/operator/status.ts';
import { DONE, FOUND_WRONG } from '../exit-codes.ts';
import { type Cell, formatTable, type TableColumn } from '../format-table.ts';
import { type CommandResult, shortUtc } from '../print-result.ts';
import type { Session } from '../session.ts';

type Report = StatusReport & {
  notShown?: { good: number; unwell: number };
};

/** The overview. Exit code 3 unless every target is good; unknown is not good. */
export async function statusCommand(session: Session, target?: string): Promise<CommandResult> {
  const report = await session.invoke<Report>('operator', { ask: 'status', ...(target ? { target } : {}) });
  const allGood =
    report.targets.every((each) => each.state === 'good') &&
    report.deployment.every(isSettled) &&
    !report.notShown?.unwell;
  return {
    document: report,
    exit: allGood ? DONE : FOUND_WRONG,
    lines: [
      ...report.targets.flatMap((each) =>
        each.servedBy ? [pc.red(formatServedBy(each.target, each.servedBy))] : [],
      ),
      ...formatTargets(report),
      ...report.targets.flatMap(formatPlatform),
      ...formatNotShown(report),
      '',
      ...formatOpen(report),
    ],
  };
}

const COLUMNS: readonly (TableColumn | string)[] = [
  'target',
  'state',
  'RPO / promised',
  'RTO / promised',
  'last rehearsal',
  { title: 'newest verified', optional: 2 },
  { title: 'next point', optional: 1 },
];

function formatTargets(report: Report): string[] {
  return formatTable(
    COLUMNS,
    report.targets.map((each) => [
      each.target,
      formatState(each),
      formatRpos(each),
      `${each.rto.achieved === undefined ? '–' : humanSeconds(each.rto.achieved)} / ${humanSeconds(each.rto.promised)}`,
      formatRehearsal(each),
      (each.newestVerified ?? each.newestSnapshot)?.id ?? '–',
      shortUtc(each.next['dump'] ?? each.next['snapshot']),
    ]),
  );
}

/** One means after the other: `dump 3 h / 26 h, pitr 5 min / 15 min`. */
function formatRpos({ rpo }: TargetReport): Cell {
  const means = Object.entries(rpo);
  return means.map(([name, { achieved, promised }]) => {
    const figures = `${achieved === undefined ? '–' : humanSeconds(achieved)} / ${humanSeconds(promised)}`;
    return means.length > 1 || name !== 'dump' ? `${name} ${figures}` : figures;
  });
}

/** AWS's backups of a target: how far back it can be restored now, how far the policy wants, and where copies are. */
export function formatPlatform({ target, platform, pitrWindow, copies }: TargetReport): string[] {
  if (!platform) return [];
  const { status, earliest, latest, retention, replicatedTo } = platform;
  const window = latest
    ? `can be restored to any second from ${earliest ? shortUtc(earliest) : `${humanSeconds(retention)} back`} to ${shortUtc(latest)}`
    : 'cannot be restored to a point in time';
  const wanted = pitrWindow === undefined ? '' : `, ${humanSeconds(pitrWindow)} back are wanted`;
  const also = replicatedTo?.length
    ? `; automated backups are replicated to ${replicatedTo.map(regionOf).join(', ')}`
    : '';
  const places = Object.entries(copies ?? {}).map(
    ([place, point]) => `${place} ${shortUtc(point.snapshotAt)}`,
  );
  return [
    pc.dim(`${target} on AWS is ${status} and ${window}${wanted}${also}`),
    ...(places.length > 0 ? [pc.dim(`${target} has copies: ${places.join(', ')}`)] : []),
  ];
}

/** The Region in an ARN. */
const regionOf = (arn: string) => arn.split(':')[3] ?? arn;

function formatNotShown({ notShown }: Report): string[] {
  if (!notShown) return [];
  return [
    `${notShown.good} more are good${notShown.unwell > 0 ? `, ${notShown.unwell} more are not` : ''}; ./understudy status T shows any of them`,
  ];
}

function formatRehearsal({ lastRehearsal }: TargetReport): Cell {
  if (!lastRehearsal) return pc.red('never');
  const { at, outcome, strength, exceptions } = lastRehearsal;
  const day = at.slice(0, 10);
  if (outcome === 'failed') return `${day} ${pc.red('failed')}`;
  const parts = exceptions && strength === 'exact' ? [pc.green('but for what was left out')] : [];
  return [`${day} ${pc.green('passed')}`, pc.green(STRENGTH[strength]), ...parts];
}

function formatState({ state, open }: TargetReport): Cell {
  const known = open.filter(isSettled).length;
  if (state !== 'good') return pc.red(state);
  return [pc.green('good'), ...(known > 0 ? [`${known} acknowledged`] : [])];
}

/** Open findings, worst first, then acknowledged and expected ones. */
export function formatOpen(report: Report): string[] {
  const all = [...report.deployment, ...report.targets.flatMap((each) => each.open)].sort((a, b) =>
    a.severity.localeCompare(b.severity),
  );
  const open = all.filter((found) => !isSettled(found));
  return [
    ...(open.length === 0 ? ['No open problems'] : open.flatMap(formatFound)),
    ...all.filter(isSettled).map(formatAcknowledged),
    ...formatExpected(report, all),
    // Lost rows are no finding: nobody knows of them but the person who looks here.
    pc.dim('data lost? docs/emergency.md'),
  ];
}

function formatFound(found: ShownFinding): string[] {
  const since = 'since' in found ? pc.dim(`  since ${shortUtc(String(found.since))}`) : '';
  return [
    `${pc.red(found.severity)} ${found.code}  ${found.message}${since}`,
    `   ${pc.dim('next:')} ${found.next}`,
    ...(found.acknowledged ? [`   ${pc.dim(`no reminders until ${formatEnd(found.acknowledged)}`)}`] : []),
  ];
}

function formatAcknowledged({ severity, code, message, acknowledged }: ShownFinding): string {
  return `${severity} ${code}  ${message}  ${pc.dim(`acknowledged until ${formatEnd(acknowledged!)}`)}`;
}

/** Announced, and not open. */
function formatExpected(report: Report, open: readonly ShownFinding[]): string[] {
  const isOpen = ({ target, code, subject }: Acknowledgement) =>
    open.some(
      (each) =>
        each.target === target && each.code === code && (subject === undefined || each.subject === subject),
    );
  return [...report.acknowledged, ...report.targets.flatMap((each) => each.acknowledged)]
    .filter((each) => !isOpen(each))
    .map((each) => pc.dim(`expected of ${each.target}: ${each.code}, not alerted until ${formatEnd(each)}`));
}

const formatEnd = ({ until, by, reason }: Pick<Acknowledgement, 'until' | 'by' | 'reason'>) =>
  `${shortUtc(until)} UTC by ${by}: ${reason}`;
