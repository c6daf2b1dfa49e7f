import { Refusal } from '../domain/errors.ts';
import { runName } from '../domain/names.ts';
import type { Target } from '../domain/plan/policy.ts';
import { type PlatformSnapshot, TAGS } from '../domain/points/platform-source.ts';
import type { SnapshotPoint } from '../domain/points/recovery-point.ts';

/** The tags of Understudy's snapshots, by which it recognizes them. */
export function tagsOf(
  point: SnapshotPoint,
  target: Target,
  deps: { stage: string },
  label: string | undefined,
): Record<string, string> {
  return {
    [TAGS.run]: runName({ job: 'snapshot', target: target.id, scheduledFor: point.scheduledFor }),
    [TAGS.target]: target.id,
    [TAGS.policy]: target.policy.name,
    [TAGS.stage]: deps.stage,
    ...(label ? { [TAGS.label]: tagValue(label) } : {}),
  };
}

/** RDS takes letters, digits, blanks and `_.:/=+-@` in a tag; the catalog keeps the label as it was given. */
const tagValue = (label: string) => label.replace(/[^\p{L}\p{N} _.:/=+\-@]/gu, '-').slice(0, 256);

export function bearsOurTags(found: PlatformSnapshot, tags: Record<string, string>): boolean {
  return found.tags[TAGS.run] === tags[TAGS.run] && found.tags[TAGS.stage] === tags[TAGS.stage];
}

/** Another snapshot has this name. It is not overwritten, and not counted as a recovery point. */
export function foreign(id: string, tags: Record<string, string>): Refusal {
  return new Refusal(
    'snapshot-foreign',
    `a snapshot ${id} exists already without the tag ${TAGS.run}=${tags[TAGS.run]}: Understudy did not make it`,
    { hint: 'if it is not needed, delete it; then run it again' },
  );
}
