import { type RunName, runName } from '../../domain/names.ts';
import type { Target } from '../../domain/plan/policy.ts';
import { TAGS } from '../../domain/points/platform-source.ts';

/** The network of scratch instances, separate from everything else: only the proof gets in, and nothing gets out. */
export type Network = { subnetGroup: string; securityGroups: string[] };

/** The quarantine of a rehearsal in this place: the policy's network if it has one there, else the deployment's own. */
export function networkIn(
  place: string,
  target: Target,
  own: { subnetGroup: string; securityGroup: string },
): Network {
  const { place: named = place, subnetGroup, securityGroups } = target.policy.rehearsal.instance;
  // The policy's network is in its place; moments are rehearsed at home all the same.
  const policys = named === place ? { subnetGroup, securityGroups } : {};
  return {
    subnetGroup: policys.subnetGroup ?? own.subnetGroup,
    securityGroups: policys.securityGroups ?? (own.securityGroup ? [own.securityGroup] : []),
  };
}

/** The tags of everything that a rehearsal makes. Roles may delete nothing else, and the sweeper recognizes it by them. */
export function scratchTags(
  target: Target,
  run: RunName,
  stage: string,
  expires: string,
): Record<string, string> {
  return {
    [TAGS.run]: runName(run),
    [TAGS.target]: target.id,
    [TAGS.policy]: target.policy.name,
    [TAGS.stage]: stage,
    [TAGS.expires]: expires,
  };
}
