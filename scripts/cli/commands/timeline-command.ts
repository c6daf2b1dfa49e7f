import pc from 'picocolors';
import type { TimelineEvent } from '../../../lib/domain/status/timeline-event.ts';
import { DONE } from '../exit-codes.ts';
import { firstLine } from '../fit-lines.ts';
import { formatTable, type TableColumn } from '../format-table.ts';
import type { CommandResult } from '../print-result.ts';
import type { Session } from '../session.ts';

const COLUMNS: readonly (TableColumn | string)[] = [
  'when (UTC)',
  'from',
  'code',
  'about',
  { title: 'what happened', prose: true },
];

/** Events of a target, newest first: runs, alerts, events, acknowledgements. */
export async function timelineCommand(
  session: Session,
  target: string,
  last: number,
): Promise<CommandResult> {
  const found = await session.invoke<TimelineEvent[]>('operator', { ask: 'timeline', target, limit: last });
  const rows = found.map((event) => [
    event.at.replace('T', ' ').replace('Z', ''),
    event.from,
    formatCode(event),
    firstLine(event.subject, 40),
    firstLine(event.message),
  ]);
  const lines =
    found.length === 0 ? [`no run, alert or event of ${target} is on record`] : formatTable(COLUMNS, rows);
  return { document: found, lines, exit: DONE };
}

function formatCode(event: TimelineEvent): string {
  const { from, code = '', message } = event;
  if (from === 'alert') return message.includes(' resolved: ') ? pc.green(code) : pc.red(code);
  if (from === 'run') return message.startsWith('failed') ? pc.red(code) : code;
  const is = event.meaning?.is;
  if (is === 'bad') return pc.red(code);
  return is === 'good' ? pc.green(code) : code;
}
