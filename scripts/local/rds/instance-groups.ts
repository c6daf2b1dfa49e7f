import type {
  CopyDBParameterGroupMessage,
  CreateDBParameterGroupMessage,
  DBParameterGroup,
  DBParameterGroupDetails,
  DBParameterGroupsMessage,
  DeleteDBParameterGroupMessage,
  DescribeDBParameterGroupsMessage,
  DescribeDBParametersMessage,
  ModifyDBParameterGroupMessage,
} from '@aws-sdk/client-rds';
import {
  copyGroup,
  createGroup,
  deleteGroup,
  describeGroups,
  describeParameters,
  modifyGroup,
} from './parameter-groups.ts';
import type { Call, ParameterGroup } from './world.ts';

export function createDBParameterGroup(call: Call, input: CreateDBParameterGroupMessage) {
  const group = createGroup(call, 'db', {
    name: input.DBParameterGroupName!,
    family: input.DBParameterGroupFamily!,
    description: input.Description!,
    tags: input.Tags,
  });
  return { DBParameterGroup: show(group) };
}

export function copyDBParameterGroup(call: Call, input: CopyDBParameterGroupMessage) {
  const group = copyGroup(call, 'db', {
    source: input.SourceDBParameterGroupIdentifier!,
    target: input.TargetDBParameterGroupIdentifier!,
    description: input.TargetDBParameterGroupDescription!,
    tags: input.Tags,
  });
  return { DBParameterGroup: show(group) };
}

export function modifyDBParameterGroup(call: Call, input: ModifyDBParameterGroupMessage) {
  return { DBParameterGroupName: modifyGroup(call, 'db', input.DBParameterGroupName!, input.Parameters!) };
}

export function describeDBParameterGroups(
  call: Call,
  input: DescribeDBParameterGroupsMessage,
): DBParameterGroupsMessage {
  const { items, Marker } = describeGroups(call, 'db', input.DBParameterGroupName, input);
  return { DBParameterGroups: items.map(show), Marker };
}

export function describeDBParameters(
  call: Call,
  input: DescribeDBParametersMessage,
): DBParameterGroupDetails {
  return describeParameters(call, 'db', input.DBParameterGroupName!, input);
}

export function deleteDBParameterGroup(call: Call, input: DeleteDBParameterGroupMessage): void {
  deleteGroup(call, 'db', input.DBParameterGroupName!);
}

const show = (group: ParameterGroup): DBParameterGroup => ({
  DBParameterGroupName: group.name,
  DBParameterGroupFamily: group.family,
  Description: group.description,
  DBParameterGroupArn: group.arn,
});
