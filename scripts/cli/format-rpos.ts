import { MEANS } from '../../lib/domain/plan/objective.ts';
import type { Policy } from '../../lib/domain/plan/policy.ts';
import { humanSeconds } from '../../lib/domain/time.ts';

/** `26 h from dumps, 15 min from pitr`: tolerated data loss by means. */
export function formatRpos({ objectives }: Pick<Policy, 'objectives'>): string[] {
  return MEANS.flatMap((means) => {
    const promised = objectives.rpo[means];
    return promised === undefined ? [] : [`${humanSeconds(promised)} from ${SAID[means]}`];
  });
}

const SAID = { dump: 'dumps', snapshot: 'snapshots', pitr: 'a point in time' } as const;
