import pc from 'picocolors';
import type { Decision } from '../../../lib/domain/points/retention.ts';
import type { AskedMessage } from '../asked-message.ts';
import { DONE } from '../exit-codes.ts';
import type { CommandResult } from '../print-result.ts';
import type { Session } from '../session.ts';

/** What `expire` would keep and delete now, and why. */
export async function expireDryRun(session: Session, message: AskedMessage): Promise<CommandResult> {
  const planned = await session.invoke<{
    decisions: Decision[];
    orphans: string[];
    unknown?: string[];
    frozen?: string;
  }>('expire', { ...message, dryRun: true });
  const lines = planned.decisions.map(
    ({ point, keep, why }) => `${keep ? pc.green('keep  ') : pc.red('delete')} ${point.id}  ${why}`,
  );
  const orphans = planned.orphans.map((key) => `${pc.red('delete')} ${key}  belongs to no point`);
  const unknown = (planned.unknown ?? []).map(
    (dump) => `${pc.green('keep  ')} ${dump}  unknown to the catalog`,
  );
  return {
    document: planned,
    exit: DONE,
    lines: [
      ...lines,
      ...orphans,
      ...unknown,
      ...(planned.frozen ? [`nothing is deleted, because ${planned.frozen}`] : []),
      pc.dim('dry run: nothing was touched'),
    ],
  };
}
