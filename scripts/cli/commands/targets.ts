import { humanSeconds } from '../../../lib/domain/time.ts';
import { DONE } from '../exit.ts';
import { sayRpo } from '../promises.ts';
import { type Answer, table } from '../say.ts';
import type { Session } from '../session.ts';

/** What is protected, and what was promised for it. */
export async function targets(session: Session): Promise<Answer> {
  const plan = session.plan();
  const rows = plan.targets.map((target) => [
    target.id,
    target.policy.name,
    target.priority,
    sayRpo(target.policy),
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
    lines: table(['target', 'policy', 'priority', 'RPO', 'RTO', 'secret', 'on AWS', 'owner', 'labels'], rows),
  };
}
