import type { Target } from '../../lib/domain/plan/policy.ts';
import type { Session } from './session.ts';

/** A target of the local understudy.yml, for a hint. A person who only looks at a stage may have no such file. */
export function knownTarget(session: Session, id: string): Target | undefined {
  try {
    return session.plan().targets.find((each) => each.id === id);
  } catch {
    return undefined;
  }
}
