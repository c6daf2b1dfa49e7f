import pc from 'picocolors';
import { InputError } from '../../../lib/domain/errors.ts';
import type { SentAlert } from '../../../lib/workflows/operator/alert-history.ts';
import type { TopicTrial } from '../../../lib/workflows/operator/test-alerts.ts';
import { DONE, FAILED, FOUND_WRONG } from '../exit-codes.ts';
import { firstLine } from '../fit-lines.ts';
import { type Cell, formatTable, type TableColumn } from '../format-table.ts';
import type { CommandResult } from '../print-result.ts';
import type { Session } from '../session.ts';

const COLUMNS: readonly (TableColumn | string)[] = [
  'when (UTC)',
  'why',
  'finding',
  { title: 'about', optional: 1 },
  'topics',
  { title: 'what it said', prose: true },
];

/** Alerts sent about a target, newest first: when, to which topic, and whether the topic took it. */
export async function alertsListCommand(
  session: Session,
  target: string | undefined,
  limit: number,
): Promise<CommandResult> {
  if (target === undefined)
    throw new InputError('alerts list needs a target', [], './understudy alerts list TARGET');
  const sent = await session.invoke<SentAlert[]>('operator', { ask: 'alerts', target, limit });
  const rows = sent.map(
    ({ at, code = '', subject, message, sent: { occasion, severity, taken, failed } }) =>
      [
        at.replace('T', ' ').replace('Z', ''),
        occasion,
        `${severity} ${code}`,
        firstLine(subject, 30),
        [
          ...taken.map((topic) => `${topic} ${pc.green('taken')}`),
          ...failed.map(({ topic }) => `${topic} ${pc.red('failed')}`),
        ],
        firstLine([message, ...failed.map(({ topic, reason }) => `${topic}: ${reason}`)].join('; ')),
      ] satisfies Cell[],
  );
  return {
    document: sent,
    exit: DONE,
    lines: sent.length === 0 ? [`no alert about ${target} is on record`] : formatTable(COLUMNS, rows),
  };
}

/** Sends a trial to each topic and lists its subscribers. */
export async function alertsTestCommand(session: Session): Promise<CommandResult> {
  const trials = await session.invoke<TopicTrial[]>('operator', { ask: 'test-alerts', by: session.caller });
  const lines = trials.flatMap(({ topic, sent, problems, subscribers }) => [
    sent ? `${pc.green('✔ sent to')} ${topic}` : `${pc.red('✖ could not be sent to')} ${topic}`,
    ...problems.map((problem) => `    ${pc.red(problem)}`),
    ...(subscribers?.length === 0 ? [`    ${pc.red('no subscriber')}`] : []),
    ...(subscribers ?? []).map(
      ({ endpoint, confirmed }) => `    ${endpoint}${confirmed ? '' : pc.red(' (never confirmed)')}`,
    ),
  ]);
  const heard = trials.every(({ subscribers }) => subscribers?.some((subscriber) => subscriber.confirmed));
  const exit = trials.some((trial) => trial.problems.length > 0) ? FAILED : heard ? DONE : FOUND_WRONG;
  return { document: trials, exit, lines: [...lines, pc.dim('ask the subscribers whether it arrived')] };
}
