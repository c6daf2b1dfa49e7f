import type {
  AddTagsToResourceMessage,
  ListTagsForResourceMessage,
  Tag,
  TagListMessage,
} from '@aws-sdk/client-rds';
import { refuse } from './errors.ts';
import { parseArn } from './names.ts';
import { regionOf } from './regions.ts';
import type { Call } from './world.ts';

export const toTags = (tags: Map<string, string>): Tag[] => [...tags].map(([Key, Value]) => ({ Key, Value }));

export function fromTags(tags: Tag[] | undefined): Map<string, string> {
  for (const { Key } of tags ?? [])
    if (!Key || Key.startsWith('aws:'))
      refuse(
        'InvalidParameterValue',
        `The tag key '${Key}' is not valid: it may not be empty or begin with aws:`,
      );
  return new Map((tags ?? []).map(({ Key, Value }) => [Key!, Value ?? '']));
}

export function addTags(call: Call, input: AddTagsToResourceMessage): void {
  const tags = tagsOf(call, input.ResourceName!);
  for (const [key, value] of fromTags(input.Tags)) tags.set(key, value);
}

export function listTags(call: Call, input: ListTagsForResourceMessage): TagListMessage {
  return { TagList: toTags(tagsOf(call, input.ResourceName!)) };
}

function tagsOf(call: Call, given: string): Map<string, string> {
  const arn = parseArn(given);
  if (!arn)
    refuse('InvalidParameterValue', `The specified resource name does not match an RDS resource: ${given}`);
  const region = regionOf(call.world, arn.region);
  const found = {
    db: region.instances,
    cluster: region.clusters,
    snapshot: region.snapshots,
    'cluster-snapshot': region.clusterSnapshots,
    pg: region.groups,
    'cluster-pg': region.clusterGroups,
  }[arn.kind]?.get(arn.id.toLowerCase());
  return found && arn.region === call.region.name
    ? found.tags
    : refuse(NOT_FOUND[arn.kind] ?? 'InvalidParameterValue', `${given} not found.`);
}

const NOT_FOUND: Record<string, string> = {
  db: 'DBInstanceNotFound',
  cluster: 'DBClusterNotFoundFault',
  snapshot: 'DBSnapshotNotFound',
};
