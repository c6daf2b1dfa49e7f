import type { Target } from '../../lib/domain/plan/policy.ts';
import type { Session } from './session.ts';

/** A target as understudy.yml here has it, for a hint. Somebody who only looks at a stage need not have one. */
export function knownTarget(session: Session, id: string): Target | undefined {
  try {
    return session.plan().targets.find((each) => each.id === id);
  } catch {
    return undefined;
  }
}
