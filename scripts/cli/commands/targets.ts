import { humanSeconds } from '../../../lib/domain/time.ts';
import { DONE } from '../exit.ts';
import { rposOf } from '../promises.ts';
import type { Answer } from '../say.ts';
import type { Session } from '../session.ts';
import { type Column, table } from '../table.ts';

const COLUMNS: readonly (Column | string)[] = [
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

/** What is protected, and what was promised for it. */
export async function targets(session: Session): Promise<Answer> {
  const plan = session.plan();
  const rows = plan.targets.map((target) => [
    target.id,
    target.policy.name,
    target.priority,
    rposOf(target.policy),
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
    lines: table(COLUMNS, rows),
  };
}
