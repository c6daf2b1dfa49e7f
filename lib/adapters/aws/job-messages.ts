import { PublishBatchCommand, PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { reasonOf, UnderstudyError } from '../../domain/errors.ts';
import type { JobMessage } from '../../domain/runs/job.ts';
import type { JobMessages, Unpublished } from '../../ports/messages.ts';

/** SNS takes ten messages a batch. */
const BATCH = 10;
const LANES = 20;
const ATTEMPTS = 4;

export type JobQueues = Partial<Record<string, string>>;

/** Topic `jobs`, and one queue for each job. */
export function jobMessages(sns: SNSClient, sqs: SQSClient, topic: string, queues: JobQueues): JobMessages {
  return {
    async publish(message) {
      await sns.send(new PublishCommand({ TopicArn: topic, Message: JSON.stringify(message) }));
    },

    async publishAll(messages) {
      let left: Unpublished[] = messages.map((message) => ({ message, reason: 'not tried' }));
      for (let attempt = 1; left.length > 0 && attempt <= ATTEMPTS; attempt++) {
        if (attempt > 1) await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** attempt));
        const again = left.map(({ message }) => message);
        left = await publishBatches(sns, topic, again);
      }
      return left;
    },

    async postpone(message, delaySeconds) {
      const QueueUrl = queues[message.job];
      if (!QueueUrl)
        throw new UnderstudyError(
          'no-queue',
          `there is no queue for ${message.job}, so its message cannot be put back`,
        );
      await sqs.send(
        new SendMessageCommand({
          QueueUrl,
          MessageBody: JSON.stringify(message),
          DelaySeconds: Math.min(900, Math.max(1, Math.ceil(delaySeconds))),
        }),
      );
    },
  };
}

/** Publishes in batches, a few at once; resolves with the messages that SNS did not take. */
async function publishBatches(
  sns: SNSClient,
  topic: string,
  messages: readonly JobMessage[],
): Promise<Unpublished[]> {
  const batches = Array.from({ length: Math.ceil(messages.length / BATCH) }, (_, index) =>
    messages.slice(index * BATCH, (index + 1) * BATCH),
  );
  const failed: Unpublished[] = [];
  const lane = async () => {
    for (let batch = batches.shift(); batch; batch = batches.shift()) {
      const entries = batch.map((message, index) => ({
        Id: String(index),
        Message: JSON.stringify(message),
      }));
      try {
        const answer = await sns.send(
          new PublishBatchCommand({ TopicArn: topic, PublishBatchRequestEntries: entries }),
        );
        for (const { Id, Code, Message } of answer.Failed ?? [])
          failed.push({ message: batch[Number(Id)]!, reason: Message ?? Code ?? 'refused' });
      } catch (error) {
        failed.push(...batch.map((message) => ({ message, reason: reasonOf(error) })));
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(LANES, batches.length) }, lane));
  return failed;
}
