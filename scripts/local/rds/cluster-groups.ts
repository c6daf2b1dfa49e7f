import type {
  CopyDBClusterParameterGroupMessage,
  CreateDBClusterParameterGroupMessage,
  DBClusterParameterGroup,
  DBClusterParameterGroupDetails,
  DBClusterParameterGroupsMessage,
  DeleteDBClusterParameterGroupMessage,
  DescribeDBClusterParameterGroupsMessage,
  DescribeDBClusterParametersMessage,
  ModifyDBClusterParameterGroupMessage,
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

export function createDBClusterParameterGroup(call: Call, input: CreateDBClusterParameterGroupMessage) {
  const group = createGroup(call, 'cluster', {
    name: input.DBClusterParameterGroupName!,
    family: input.DBParameterGroupFamily!,
    description: input.Description!,
    tags: input.Tags,
  });
  return { DBClusterParameterGroup: show(group) };
}

export function copyDBClusterParameterGroup(call: Call, input: CopyDBClusterParameterGroupMessage) {
  const group = copyGroup(call, 'cluster', {
    source: input.SourceDBClusterParameterGroupIdentifier!,
    target: input.TargetDBClusterParameterGroupIdentifier!,
    description: input.TargetDBClusterParameterGroupDescription!,
    tags: input.Tags,
  });
  return { DBClusterParameterGroup: show(group) };
}

export function modifyDBClusterParameterGroup(call: Call, input: ModifyDBClusterParameterGroupMessage) {
  return {
    DBClusterParameterGroupName: modifyGroup(
      call,
      'cluster',
      input.DBClusterParameterGroupName!,
      input.Parameters!,
    ),
  };
}

export function describeDBClusterParameterGroups(
  call: Call,
  input: DescribeDBClusterParameterGroupsMessage,
): DBClusterParameterGroupsMessage {
  const { items, Marker } = describeGroups(call, 'cluster', input.DBClusterParameterGroupName, input);
  return { DBClusterParameterGroups: items.map(show), Marker };
}

export function describeDBClusterParameters(
  call: Call,
  input: DescribeDBClusterParametersMessage,
): DBClusterParameterGroupDetails {
  return describeParameters(call, 'cluster', input.DBClusterParameterGroupName!, input);
}

export function deleteDBClusterParameterGroup(call: Call, input: DeleteDBClusterParameterGroupMessage): void {
  deleteGroup(call, 'cluster', input.DBClusterParameterGroupName!);
}

const show = (group: ParameterGroup): DBClusterParameterGroup => ({
  DBClusterParameterGroupName: group.name,
  DBParameterGroupFamily: group.family,
  Description: group.description,
  DBClusterParameterGroupArn: group.arn,
});
