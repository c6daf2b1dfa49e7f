import { refuse } from './errors.ts';
import { latestOf } from './show.ts';
import { type Backup, baseBefore, earliestOf, wholeSecond } from './store.ts';
import type { Call, Resource } from './world.ts';

/** The moment that a request means, in whole seconds, and the base backup to replay from. */
export async function momentOf(
  call: Call,
  source: Resource,
  wanted: { time?: Date | undefined; latest?: boolean | undefined },
): Promise<{ until: Date; base: Backup }> {
  if ((wanted.time !== undefined) === (wanted.latest === true))
    refuse('InvalidParameterCombination', 'Give either a time to restore to or UseLatestRestorableTime.');
  const latest = await latestOf(call, source);
  const until = wanted.time ? wholeSecond(wanted.time.getTime()) : latest;
  if (!latest || !until)
    refuse('InvalidParameterValue', `${source.id} has no moment that it can be restored to yet.`);
  if (until > latest)
    refuse(
      'InvalidParameterValue',
      `The specified instance cannot be restored to a time later than ${latest.toISOString()} because its backups are only complete to that time.`,
    );
  const base = baseBefore(source.store, until);
  if (!base)
    refuse(
      'InvalidParameterValue',
      `The specified instance cannot be restored to a time earlier than ${earliestOf(source.store)?.toISOString()}.`,
    );
  return { until, base };
}
