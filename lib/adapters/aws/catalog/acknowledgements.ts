import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { type Acknowledgement, isInForce } from '../../../domain/findings/acknowledgement.ts';
import { utc } from '../../../domain/time.ts';
import type { Catalog } from '../../../ports/catalog.ts';
import { contentOf, itemsOf, open, openKeys, SCHEMA_VERSION, type Table } from './table.ts';

type Acknowledgements = Pick<Catalog, 'acknowledge' | 'endAcknowledgement' | 'acknowledgements'>;

/** Partitions of their own: the function `operator` may write to these, and to nothing else in the catalog. */
const partition = (target: string) => `ACK#${target}`;

export function acknowledgements(table: Table): Acknowledgements {
  const put = async (made: Acknowledgement) => {
    const sk = `${made.at}#${made.code}#${made.subject ?? ''}`;
    const Item = {
      PK: partition(made.target),
      SK: sk,
      schemaVersion: SCHEMA_VERSION,
      ...made,
      ...(made.endedAt === undefined ? openKeys('ack', made.target, sk) : {}),
    };
    await table.client.send(new PutCommand({ TableName: table.name, Item }));
  };
  const ofTarget = async (target: string) => {
    const found: Acknowledgement[] = [];
    for await (const item of itemsOf(table, partition(target))) found.push(contentOf<Acknowledgement>(item));
    return found;
  };
  return {
    acknowledge: put,
    async endAcknowledgement({ target, code, subject }, by, now) {
      const ended = (await ofTarget(target)).filter(
        (each) =>
          each.code === code && isInForce(each, now) && (subject === undefined || each.subject === subject),
      );
      for (const each of ended) await put({ ...each, endedAt: utc(now), endedBy: by });
      return ended;
    },
    async acknowledgements(target) {
      if (target !== undefined) return ofTarget(target);
      return (await open(table, 'ack')).map((item) => contentOf<Acknowledgement>(item));
    },
  };
}
