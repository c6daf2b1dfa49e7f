import type { Evidence } from '../../../lib/domain/proof/evidence.ts';
import type { RehearsalOutcome } from '../../../lib/workflows/rehearse/rehearse.ts';

/** What a rehearsal found; fails when it was not done. */
export function evidenceOf(outcome: RehearsalOutcome): Evidence {
  if (outcome.outcome !== 'rehearsed') throw new Error(JSON.stringify(outcome));
  return outcome.evidence;
}
