import { humanSeconds } from '../../../lib/domain/time.ts';
import { DONE } from '../exit-codes.ts';
import { formatRpos } from '../format-rpos.ts';
import { formatTable, type TableColumn } from '../format-table.ts';
import type { CommandResult } from '../print-result.ts';
import type { Session } from '../session.ts';

const COLUMNS: readonly (TableColumn | string)[] = [
  'target',
  'policy',
  { title: 'priority', optional: 1 },
  'RPO',
  'RTO',
  { title: 'secret', optional: 3 },
  { title: 'on AWS', optional: 2 },
  { title: 'owner', optional: 4 },
  { title: 'labels', optional: 5 },
];

/** Targets and their objectives. */
export async function targetsCommand(session: Session): Promise<CommandResult> {
  const plan = session.plan();
  const rows = plan.targets.map((target) => [
    target.id,
    target.policy.name,
    target.priority,
    formatRpos(target.policy),
    humanSeconds(target.policy.objectives.rto),
    target.connection?.secret ?? '–',
    target.platform ? `${target.platform.kind} ${target.platform.id}` : '–',
    target.owner ?? '–',
    Object.entries(target.labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(' '),
  ]);
  return {
    document: plan.targets,
    exit: DONE,
    lines: formatTable(COLUMNS, rows),
  };
}
