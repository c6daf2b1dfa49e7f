import type { Tag } from '@aws-sdk/client-rds';
import { refuse } from './errors.ts';
import type { Input } from './kinds.ts';
import { codeOf, parseArn } from './names.ts';
import type { Call } from './world.ts';

export function listTagsForResource({ region }: Call, { ResourceName: given }: Input) {
  const arn = parseArn(given!);
  if (!arn?.noun)
    refuse('InvalidParameterValue', `The resource name does not match an RDS resource: ${given}`);
  const found = arn.region === region.name ? region[arn.noun].get(arn.id.toLowerCase()) : undefined;
  // The model has no code for a parameter group that is not there.
  const code = /Group|ClusterSnapshot/.test(arn.noun)
    ? 'InvalidParameterValue'
    : codeOf(arn.noun, 'NotFound');
  return { TagList: found?.tags ?? refuse(code, `${given} not found.`) };
}

/** Tags as RDS takes them; none unless given. */
export function newTags(tags: Tag[] = []): Tag[] {
  const wrong = tags.find(({ Key }) => !Key || Key.startsWith('aws:'));
  if (wrong)
    refuse('InvalidParameterValue', `The tag key '${wrong.Key}' may not be empty or begin with aws:`);
  return tags.map(({ Key, Value = '' }) => ({ Key, Value }));
}
