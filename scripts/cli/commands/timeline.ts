import { knownEvent } from '../../../lib/domain/notice.ts';
import type { TimelineEvent } from '../../../lib/domain/timeline.ts';
import { DONE } from '../exit.ts';
import { type Answer, bad, good, table } from '../say.ts';
import type { Session } from '../session.ts';

/** What was said of a target, newest first, whoever said it. */
export async function timeline(session: Session, target: string, last: number): Promise<Answer> {
  const found = await session.invoke<TimelineEvent[]>('operator', { ask: 'timeline', target, limit: last });
  const rows = found.map((event) => [
    event.at.replace('T', ' ').replace('Z', ''),
    event.from,
    sayCode(event),
    event.subject,
    event.message,
  ]);
  const lines =
    found.length === 0
      ? [`nothing was heard of ${target} yet`]
      : table(['when (UTC)', 'from', 'code', 'about', 'what was said'], rows);
  return { document: found, lines, exit: DONE };
}

function sayCode(event: TimelineEvent): string {
  const { from, code = '' } = event;
  const is = from === 'rds' ? knownEvent(event)?.is : { ALARM: 'bad', OK: 'good' }[code];
  if (is === 'bad') return bad(code);
  return is === 'good' ? good(code) : code;
}
