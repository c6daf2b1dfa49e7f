import { RDSClient } from '@aws-sdk/client-rds';

export type Sent = { command: string; input: Record<string, unknown> };

/** A client that answers by the command's name, and an account of what it was sent. */
export function answering(answers: Record<string, unknown>) {
  const sent: Sent[] = [];
  const client = new RDSClient({ region: 'eu-central-1' });
  client.send = (async (command: { constructor: { name: string }; input: Record<string, unknown> }) => {
    const { name } = command.constructor;
    sent.push({ command: name, input: command.input });
    return answers[name] ?? {};
  }) as RDSClient['send'];
  return { client, sent };
}
