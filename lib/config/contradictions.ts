import { didYouMean } from '../domain/nearest.ts';
import { does } from '../domain/plan/engines.ts';
import { seconds } from '../domain/time.ts';
import type { Config, ConfigPolicy, ConfigTarget } from './config-schema.ts';
import { deploymentContradictions } from './deployment.ts';
import { drillContradictions } from './drill-contradictions.ts';
import { type Contradiction, policyContradictions } from './policy-contradictions.ts';
import { PLATFORMS, resolvePolicy, resolveTarget, withOverrides } from './resolve.ts';
import { smokeContradictions } from './smoke-contradictions.ts';

/**
 * Values that are formally right and contradict each other: promises that the schedules cannot keep, retention that
 * keeps nothing, a schedule that never fires, names that do not exist.
 */
export function contradictions(config: Config, now: Date): Contradiction[] {
  const judged = (policy: ConfigPolicy, path: string[]) =>
    policyContradictions(resolvePolicy(path[1]!, policy), path, now);
  const ofPolicies = Object.entries(config.policies).map(([name, policy]) =>
    judged(policy, ['policies', name]),
  );
  const ofTargets = Object.entries(config.targets).map(([id, target]) => {
    const policy = Object.hasOwn(config.policies, target.policy) ? config.policies[target.policy] : undefined;
    if (!policy) {
      const message = unknownPolicy(target.policy, Object.keys(config.policies));
      return [{ path: ['targets', id, 'policy'], message }];
    }
    return [...unmetNeeds(id, target, config), ...overrideContradictions(id, target, policy, judged)];
  });
  const none = ofTargets.length === 0 ? [{ path: ['targets'], message: 'no targets; add at least one' }] : [];
  return [
    ...ofPolicies.flat(),
    ...ofTargets.flat(),
    ...none,
    ...stepContradictions(config),
    ...drillContradictions(config),
    ...deploymentContradictions(config.deployment),
  ];
}

/** Contradictions in a target's own overrides. */
function overrideContradictions(
  id: string,
  target: ConfigTarget,
  policy: ConfigPolicy,
  judged: (policy: ConfigPolicy, path: string[]) => Contradiction[],
): Contradiction[] {
  if (!target.overrides) return [];
  const path = ['targets', id, 'overrides'];
  const known = judged(policy, path).map(({ message }) => message);
  return judged(withOverrides(policy, target), path).filter(
    (found) => found.path[3] !== 'schedules' && !known.includes(found.message),
  );
}

/** What a target's policy needs and the target lacks. */
function unmetNeeds(id: string, written: ConfigTarget, config: Config): Contradiction[] {
  const target = resolveTarget(id, written, config);
  const { schedules, objectives, snapshot } = target.policy;
  const found: Contradiction[] = [];
  const say = (where: string[], message: string) => found.push({ path: ['targets', id, ...where], message });
  const platforms = PLATFORMS.filter((kind) => written[kind] !== undefined);
  const isCache = target.engine === 'cache';

  if (platforms.length > 1)
    say([platforms[1]!], `a target has only one of ${platforms.join(' and ')}; make two targets`);
  if (schedules.dump && !target.connection)
    say([], 'its policy schedules dumps; add connection: { secret: … }');
  if (schedules.dump && !does(target.engine, 'dump'))
    say(['engine'], 'its policy schedules dumps, which need PostgreSQL; use a policy without dumps');
  for (const job of ['snapshot', 'rehearse-snapshot', 'rehearse-moment', 'preflight'] as const) {
    if (schedules[job] && platforms.length === 0)
      say([], `its policy schedules ${job}; add rds:, aurora: or elasticache:`);
    else if (schedules[job] && isCache && job !== 'snapshot')
      say(['elasticache'], `its policy schedules ${job}, which caches do not have; use a policy without it`);
  }
  if (platforms.length > 0 && !isCache && !schedules.preflight)
    say(
      [],
      'its policy schedules no preflight, which checks daily whether it would restore; add preflight: "0 6 * * *"',
    );
  if (objectives.rpo.pitr !== undefined && (platforms.length === 0 || isCache))
    say([], 'its policy promises an RPO for pitr, which needs rds: or aurora:');
  if (isCache && snapshot.copies.length > 0)
    say(
      ['elasticache'],
      'its policy copies snapshots, but ElastiCache cannot copy between Regions; use a policy without copies',
    );
  if (target.heartbeat && (!does(target.engine, 'heartbeat') || !target.connection))
    say(['heartbeat'], 'a heartbeat needs PostgreSQL and a connection');
  return [...found, ...smokeContradictions(target)];
}

/** Steps of `restore-all` that name what does not exist, and two of one name. */
function stepContradictions({ restoreAll, targets }: Config): Contradiction[] {
  const known = Object.keys(targets);
  const names = new Set<string>();
  return (restoreAll?.steps ?? []).flatMap((step, index) => {
    const path = ['restoreAll', 'steps', String(index)];
    const twice = names.has(step.name) ? [{ path, message: `a second step is called "${step.name}"` }] : [];
    names.add(step.name);
    const ids = typeof step.targets === 'object' ? step.targets : [];
    const unknown = ids
      .filter((id) => !known.includes(id))
      .map((id) => ({
        path: [...path, 'targets'],
        message: `no target "${id}"; ${didYouMean(id, known) ?? 'add it under targets'}`,
      }));
    const long = step.within !== undefined && seconds(step.within) > LONGEST_INVOCATION;
    const late = long ? [{ path: [...path, 'within'], message: 'a Lambda function answers within 15m' }] : [];
    return [...twice, ...unknown, ...late];
  });
}

/** In seconds. */
const LONGEST_INVOCATION = 900;

function unknownPolicy(name: string, known: string[]): string {
  const some = known.length > 0 ? `known policies: ${known.join(', ')}` : 'add it under policies';
  return `no policy "${name}"; ${didYouMean(name, known) ?? some}`;
}
