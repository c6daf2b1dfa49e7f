import { DeleteMessageCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { FUNCTIONS, type FunctionName, invokeLocally } from './invoke-locally.ts';

export type Delivery = { function: FunctionName; message: unknown; result?: unknown; error?: Error };

/**
 * Passes every waiting message of a local queue (UNDERSTUDY_QUEUE_DUMP …) to its function, one at a time, until all queues are empty. A message whose function
 * fails stays in its queue, as on AWS, and this call does not pass it on again.
 */
export async function drainQueues(onDelivery?: (delivery: Delivery) => void): Promise<Delivery[]> {
  const sqs = new SQSClient({});
  const deliveries: Delivery[] = [];
  for (;;) {
    let quiet = true;
    for (const name of FUNCTIONS) {
      const QueueUrl = process.env[`UNDERSTUDY_QUEUE_${name.toUpperCase().replaceAll('-', '_')}`];
      if (!QueueUrl) continue;
      const { Messages } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 1, WaitTimeSeconds: 0 }),
      );
      for (const message of Messages ?? []) {
        quiet = false;
        const delivery = await deliver(name, message);
        if (!delivery.error)
          await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle! }));
        deliveries.push(delivery);
        onDelivery?.(delivery);
      }
    }
    if (quiet) return deliveries;
  }
}

/** Passes one message to its function, as its queue would. */
export async function deliver(name: FunctionName, message: Message): Promise<Delivery> {
  const body = message.Body ?? '';
  try {
    const result = await invokeLocally(name, { Records: [{ messageId: message.MessageId, body }] });
    return { function: name, message: JSON.parse(body), result };
  } catch (error) {
    return { function: name, message: JSON.parse(body), error: error as Error };
  }
}

export type ReceivedAlert = { subject: string; text: string; finding: Record<string, unknown> };

/** Takes the messages that a topic's subscribers would have got. */
export async function readInbox(QueueUrl: string): Promise<ReceivedAlert[]> {
  const sqs = new SQSClient({});
  const told: ReceivedAlert[] = [];
  for (;;) {
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 }),
    );
    if (!Messages?.length) return told;
    for (const message of Messages) {
      const envelope = JSON.parse(message.Body ?? '{}') as { Subject?: string; Message?: string };
      const inner = parse(envelope.Message ?? '');
      told.push({
        subject: envelope.Subject ?? '',
        text: typeof inner === 'string' ? inner : JSON.stringify(inner),
        finding: typeof inner === 'object' && inner ? (inner as Record<string, unknown>) : {},
      });
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle! }));
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
