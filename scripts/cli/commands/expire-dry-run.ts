import type { Decision } from '../../../lib/domain/points/retention.ts';
import { DONE } from '../exit.ts';
import type { Message } from '../message.ts';
import { type Answer, bad, faint, good } from '../say.ts';
import type { Session } from '../session.ts';

/** What `expire` would keep and delete now, and why. */
export async function expireDryRun(session: Session, message: Message): Promise<Answer> {
  const planned = await session.invoke<{
    decisions: Decision[];
    orphans: string[];
    unknown?: string[];
    frozen?: string;
  }>('expire', { ...message, dryRun: true });
  const lines = planned.decisions.map(
    ({ point, keep, why }) => `${keep ? good('keep  ') : bad('delete')} ${point.id}  ${why}`,
  );
  const orphans = planned.orphans.map((key) => `${bad('delete')} ${key}  belongs to no point`);
  const unknown = (planned.unknown ?? []).map((dump) => `${good('keep  ')} ${dump}  unknown to the catalog`);
  return {
    document: planned,
    exit: DONE,
    lines: [
      ...lines,
      ...orphans,
      ...unknown,
      ...(planned.frozen ? [`nothing is deleted, because ${planned.frozen}`] : []),
      faint('dry run: nothing was touched'),
    ],
  };
}
