import { InputError, reasonOf, UnderstudyError } from '../../lib/domain/errors.ts';

/** Points this process at the table and the vault of a deployed stage, with the caller's own credentials. */
export async function useDeployment(stage: string | undefined): Promise<void> {
  if (!stage)
    throw new InputError('Which deployment?', [], 'add --stage NAME, or --local for the local cloud');
  const { CloudFormationClient, DescribeStackResourceCommand } = await import(
    '@aws-sdk/client-cloudformation'
  );
  const client = new CloudFormationClient({});
  const StackName = `understudy-${stage}`;
  const idOf = async (LogicalResourceId: string) => {
    const { StackResourceDetail } = await client.send(
      new DescribeStackResourceCommand({ StackName, LogicalResourceId }),
    );
    return StackResourceDetail!.PhysicalResourceId!;
  };
  try {
    const AWS_REGION = await client.config.region();
    const [UNDERSTUDY_TABLE, UNDERSTUDY_VAULT] = await Promise.all([idOf('Catalog'), idOf('Vault')]);
    const found = { AWS_REGION, UNDERSTUDY_TABLE, UNDERSTUDY_VAULT, UNDERSTUDY_STAGE: stage };
    Object.assign(process.env, found);
  } catch (cause) {
    throw new UnderstudyError(
      'deployment-unknown',
      `the stack ${StackName} cannot be looked at: ${reasonOf(cause)}`,
      { hint: 'check AWS_PROFILE, AWS_REGION and that the stage is deployed there', cause },
    );
  }
}
