import { comeUp } from './coming-up.ts';
import { refuse } from './errors.ts';
import { groupFor, valuesOf } from './groups.ts';
import { INSTANCE, type Input, type Kind } from './kinds.ts';
import { keyArn } from './names.ts';
import { start } from './postgres.ts';
import { find } from './regions.ts';
import { addResource, daysOfBackups, knownSubnetGroup, newResourceName } from './resources.ts';
import { latestOf } from './show.ts';
import { mustBeAvailable } from './snapshots.ts';
import {
  type Backup,
  baseBefore,
  earliestOf,
  restoredStore,
  type Store,
  startAt,
  wholeSecond,
} from './store.ts';
import type { Call, Origin, Resource, Snapshot } from './world.ts';

/** A restored cluster has its data and no instance: it takes no connections until one is made. */
export async function restoreFromSnapshot(call: Call, kind: Kind, input: Input): Promise<Resource> {
  const given =
    input[kind.restored] ?? refuse('InvalidParameterCombination', `${kind.restored} must be given.`);
  const snapshot: Snapshot = find(call, kind.snapshot, given);
  mustBeAvailable(snapshot);
  const plan = planOf(call, kind, input[`${kind.noun}Identifier`]!, input, snapshot);
  const restored = await make(call, kind, plan, input, snapshot.backup!);
  // The snapshot's tags go along where no others are given.
  if (!input.Tags) restored.tags = [...snapshot.tags];
  comeUp(call, restored, snapshot, (server) => start(server, { open: kind === INSTANCE }));
  return restored;
}

export async function restoreToPointInTime(call: Call, kind: Kind, input: Input): Promise<Resource> {
  const given = input[kind.source] ?? refuse('InvalidParameterCombination', `${kind.source} must be given.`);
  const source: Resource = find(call, kind.noun, given);
  const { BackupRetentionPeriod: retention } = source.shown;
  if (source.cluster)
    refuse('InvalidParameterValue', `${source.id} is a member of a cluster: restore the cluster.`);
  if (retention === 0) refuse('PointInTimeRestoreNotEnabled', `${source.id} has no backups to restore from.`);
  const plan = planOf(call, kind, input[kind.target]!, input, { source, origin: source.origin, retention });
  const { until, base } = await momentOf(call, source, input[kind.time], input.UseLatestRestorableTime);
  const restored = await make(call, kind, plan, input, base, source.store);
  comeUp(call, restored, source, (server) => startAt(server, until, kind === INSTANCE));
  return restored;
}

/** The ARN of a key that RDS may use in this Region. */
export function usableKey({ world, region }: Call, given: string): string {
  const arn = keyArn(region.name, given);
  const refused = [...world.settings.inaccessibleKeys].map((key) => keyArn(region.name, key));
  if (arn.split(':')[3] !== region.name || refused.includes(arn))
    refuse('KMSKeyNotAccessibleFault', `The key ${given} does not exist, is not enabled or may not be used.`);
  return arn;
}

/** What is restored has its source's engine. */
export function sameEngine(origin: Origin, input: Input): void {
  for (const name of ['Engine', 'EngineVersion'] as const) {
    const given = input[name] ?? origin[name];
    if (given !== origin[name])
      refuse(
        'InvalidParameterCombination',
        `The ${name} ${given} does not fit the source's ${origin[name]}.`,
      );
  }
}

/** Everything that can be refused is, before any data is copied. */
function planOf(
  call: Call,
  kind: Kind,
  name: string,
  input: Input,
  { source, origin, retention }: Pick<Snapshot, 'source' | 'origin' | 'retention'>,
) {
  const id = newResourceName(call, kind, name);
  const subnetGroup = knownSubnetGroup(call, input.DBSubnetGroupName);
  const group = groupFor(call, kind, origin, input[`${kind.group}Name`]);
  sameEngine(origin, input);
  if (origin.KmsKeyId) usableKey(call, origin.KmsKeyId);
  const days = daysOfBackups(kind, input.BackupRetentionPeriod ?? retention);
  const { database, class: sources } = source;
  return {
    id,
    subnetGroup,
    group,
    origin,
    database,
    class: input.DBInstanceClass ?? sources,
    retention: days,
  };
}

/** The name is taken at once; two requests for one name must not both succeed. */
async function make(
  call: Call,
  kind: Kind,
  plan: ReturnType<typeof planOf>,
  input: Input,
  backup: Backup,
  replayed?: Store,
): Promise<Resource> {
  const { store, filled } = await restoredStore(call.world.machine, backup, replayed, valuesOf(plan.group));
  const restored = addResource(call, kind, { ...plan, store }, input);
  // A deletion meanwhile waits for that.
  const filling = filled();
  restored.busy = filling.catch(() => undefined);
  await filling;
  return restored;
}

/** The moment that a request means, in whole seconds, and the base backup to replay from. */
async function momentOf(call: Call, source: Resource, time?: Date, wantsLatest = false) {
  if ((time !== undefined) === wantsLatest)
    refuse('InvalidParameterCombination', 'Give either a time to restore to or UseLatestRestorableTime.');
  const latest = await latestOf(call, source);
  const until = time ? wholeSecond(time.getTime()) : latest;
  const outside = (bound: string) =>
    refuse(
      'InvalidParameterValue',
      `${source.id} cannot be restored to a time ${bound}, which its backups do not reach.`,
    );
  if (!latest || !until) return outside('yet');
  if (until > latest) return outside(`later than ${latest.toISOString()}`);
  const base = baseBefore(source.store, until);
  return { until, base: base ?? outside(`earlier than ${earliestOf(source.store)?.toISOString()}`) };
}
