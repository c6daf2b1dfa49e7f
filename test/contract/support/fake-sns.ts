import type { Fault, Rule, Wire } from './proxy.ts';

const answer = (action: string, result: string): Fault => ({
  status: 200,
  body: `<${action}Response xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><${action}Result>${result}</${action}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></${action}Response>`,
});
const member = (fields: Record<string, string | boolean>) =>
  `<member>${Object.entries(fields)
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join('')}</member>`;

/** The fields of a request to SNS or SQS. */
export const form = (wire: Wire) => new URLSearchParams(wire.body.toString());

export type Entry = { id: string; message: { job: string; target: string } & Record<string, unknown> };

/** The messages of one PublishBatch. */
export function entriesOf(wire: Wire): Entry[] {
  const fields = form(wire);
  const found: Entry[] = [];
  for (let number = 1; fields.has(`PublishBatchRequestEntries.member.${number}.Id`); number++) {
    const field = (name: string) => fields.get(`PublishBatchRequestEntries.member.${number}.${name}`) ?? '';
    found.push({ id: field('Id'), message: JSON.parse(field('Message')) });
  }
  return found;
}

/** A topic that answers every batch itself, and refuses some entries of it. It calls `taken` with those that it takes. */
export function pickyTopic(
  refuses: (entry: Entry) => boolean = () => false,
  taken: (entry: Entry) => void = () => undefined,
): Rule {
  return (wire) => {
    if (wire.operation !== 'PublishBatch') return undefined;
    const entries = entriesOf(wire);
    const failed = entries.filter(refuses);
    const good = entries.filter((entry) => !failed.includes(entry));
    good.forEach(taken);
    const successes = good.map(({ id }) => member({ Id: id, MessageId: `m${id}` })).join('');
    const failures = failed
      .map(({ id }) => member({ Id: id, Code: 'InternalError', Message: 'not this one', SenderFault: false }))
      .join('');
    return answer('PublishBatch', `<Successful>${successes}</Successful><Failed>${failures}</Failed>`);
  };
}

/** The list of a topic's subscriptions in pages, as SNS would answer. */
export function subscribers(pages: { protocol: string; endpoint: string; arn: string }[][]): Rule {
  const left = [...pages];
  return ({ operation }) => {
    const page = operation === 'ListSubscriptionsByTopic' ? left.shift() : undefined;
    if (!page) return undefined;
    const members = page.map(({ protocol, endpoint, arn }) =>
      member({ Protocol: protocol, Endpoint: endpoint, SubscriptionArn: arn, Owner: '1', TopicArn: 't' }),
    );
    const next = left.length > 0 ? `<NextToken>page-${left.length}</NextToken>` : '';
    return answer('ListSubscriptionsByTopic', `<Subscriptions>${members.join('')}</Subscriptions>${next}`);
  };
}
