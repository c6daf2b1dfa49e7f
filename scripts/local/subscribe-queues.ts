import { type SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Template } from './read-template.ts';

/**
 * Makes the template's own subscriptions of topic `jobs`, with their filters. A function that SNS invokes directly
 * (the durable ones, the heartbeat, the one for unknown jobs) gets a queue here, which drainQueues empties into it.
 */
export async function subscribeQueues(
  sns: SNSClient,
  sqs: SQSClient,
  template: Template,
  ids: Map<string, string>,
  stage: string,
): Promise<void> {
  for (const [id, { Type, Properties }] of Object.entries(template.Resources)) {
    if (Type !== 'AWS::SNS::Subscription' || JSON.stringify(Properties['TopicArn']) !== '{"Ref":"JobsTopic"}')
      continue;
    let queue: string;
    if (Properties['Protocol'] === 'sqs')
      queue = ids.get((Properties['Endpoint'] as { 'Fn::GetAtt': [string] })['Fn::GetAtt'][0])!;
    else {
      const name = `${id.split('SnsSubscription')[0]}Local`;
      const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: `${name}-${stage}` }));
      ids.set(name, QueueUrl!);
      queue = QueueUrl!;
    }
    await sns.send(
      new SubscribeCommand({
        TopicArn: ids.get('JobsTopic')!,
        Protocol: 'sqs',
        Endpoint: await arnOf(sqs, queue),
        Attributes: {
          RawMessageDelivery: 'true',
          FilterPolicyScope: String(Properties['FilterPolicyScope']),
          FilterPolicy: JSON.stringify(Properties['FilterPolicy']),
        },
      }),
    );
  }
}

/** A queue that subscribes to a topic, where the demo and the tests read the alerts. */
export async function subscribeInbox(
  sns: SNSClient,
  sqs: SQSClient,
  TopicArn: string,
  name: string,
): Promise<string> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: await arnOf(sqs, QueueUrl!) }));
  return QueueUrl!;
}

async function arnOf(sqs: SQSClient, QueueUrl: string): Promise<string> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  return Attributes!['QueueArn']!;
}
