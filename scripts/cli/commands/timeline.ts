import type { TimelineEvent } from '../../../lib/domain/status/timeline.ts';
import { DONE } from '../exit.ts';
import { type Answer, bad, good } from '../say.ts';
import type { Session } from '../session.ts';
import { type Column, table } from '../table.ts';
import { firstLine } from '../text.ts';

const COLUMNS: readonly (Column | string)[] = [
  'when (UTC)',
  'from',
  'code',
  'about',
  { title: 'what happened', prose: true },
];

/** What happened to a target, newest first: runs, alerts, events, acknowledgements. */
export async function timeline(session: Session, target: string, last: number): Promise<Answer> {
  const found = await session.invoke<TimelineEvent[]>('operator', { ask: 'timeline', target, limit: last });
  const rows = found.map((event) => [
    event.at.replace('T', ' ').replace('Z', ''),
    event.from,
    formatCode(event),
    firstLine(event.subject, 40),
    firstLine(event.message),
  ]);
  const lines =
    found.length === 0 ? [`no run, alert or event of ${target} is on record`] : table(COLUMNS, rows);
  return { document: found, lines, exit: DONE };
}

function formatCode(event: TimelineEvent): string {
  const { from, code = '', message } = event;
  if (from === 'alert') return message.includes(' resolved: ') ? good(code) : bad(code);
  if (from === 'run') return message.startsWith('failed') ? bad(code) : code;
  const is = event.meaning?.is;
  if (is === 'bad') return bad(code);
  return is === 'good' ? good(code) : code;
}
