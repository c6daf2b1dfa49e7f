import type { Target } from '../domain/plan/policy.ts';
import type { Config } from './config-schema.ts';
import type { Contradiction } from './policy-contradictions.ts';
import { resolveTarget } from './resolve.ts';

/**
 * A drill closes the database of its target and sends its application elsewhere for a while: nothing of it may belong to
 * another target.
 */
export function drillContradictions(config: Config): Contradiction[] {
  const known = Object.entries(config.targets)
    .filter(([, { policy }]) => Object.hasOwn(config.policies, policy))
    .map(([id, target]) => resolveTarget(id, target, config));
  return known.flatMap((target) =>
    [...withoutSetting(target), ...(target.drill ? inDrill(target, known) : [])].map(({ path, message }) => ({
      path: ['targets', target.id, ...path],
      message,
    })),
  );
}

function withoutSetting({ policy, drill }: Target): Contradiction[] {
  return policy.schedules.drill && !drill
    ? [
        {
          path: [],
          message:
            'its policy schedules drills; add drill: {} if it is a staging target, else use a policy without',
        },
      ]
    : [];
}

function inDrill(target: Target, known: readonly Target[]): Contradiction[] {
  const { drill, platform, priority, policy, engine } = target;
  const found: Contradiction[] = [];
  const say = (path: string[], message: string) => found.push({ path, message });
  const of = known.find(({ id }) => id === drill!.of);
  if (!of) say(['drill', 'of'], `no target "${drill!.of}"`);
  if (!platform || platform.kind === 'elasticache') say(['drill'], 'a drill needs rds: or aurora:');
  else if (of && (of.platform?.kind !== platform.kind || of.engine !== engine))
    say(
      ['drill', 'of'],
      `${of.id} is ${of.platform?.kind ?? 'no rds'} with ${of.engine}, and this is ${platform.kind} with ${engine}`,
    );
  if (priority === 'P0')
    say(
      ['priority'],
      'a drill closes its database for a while: say priority: P1 or P2 if it is no production',
    );
  if (policy.restore.cutover === 'none')
    say(
      ['drill'],
      'its policy has restore.cutover: none, so a drill would switch nothing; use secret or rename',
    );
  if (of && of.id !== target.id && (policy.schedules.dump || policy.schedules.snapshot))
    say(
      ['drill', 'of'],
      `its policy backs it up, and would back up the data of ${of.id} during a drill; use a policy without dumps and snapshots, or drill: {}`,
    );
  const mine = belongings(target);
  for (const other of known.filter(({ id }) => id !== target.id)) {
    const shared = belongings(other).filter((each) => mine.includes(each));
    if (shared.length > 0)
      say(['drill'], `a drill would act on what ${other.id} has too: ${shared.join(', ')}`);
  }
  return found;
}

/** Everything that a restore of this target closes, switches or starts anew. */
function belongings({ platform, connection, policy }: Target): string[] {
  const { secrets, services, functions, hooks } = policy.restore;
  const named = new Set([...secrets, ...(connection ? [connection.secret] : [])]);
  return [
    ...(platform ? [`${platform.kind} ${platform.id}`] : []),
    ...[...named].map((secret) => `the secret ${secret}`),
    ...services.map(({ cluster, service }) => `the service ${cluster}/${service}`),
    ...functions.map((each) => `the function ${each.function}`),
    ...[hooks.freeze, hooks.application, ...hooks.cutover].flatMap((hook) =>
      hook ? [`the hook ${hook}`] : [],
    ),
  ];
}
