import { randomUUID } from 'node:crypto';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { acknowledged, acknowledgementOf, tellDespite } from '../../../domain/acknowledgement.ts';
import type { Occasion } from '../../../domain/alert.ts';
import { asOfBoth, type Finding } from '../../../domain/finding.ts';
import { worse } from '../../../domain/severity.ts';
import { secondsBetween, utc } from '../../../domain/time.ts';
import type { Catalog, OpenFinding } from '../../../ports/catalog.ts';
import type { AlertTopic } from '../../../ports/messages.ts';
import {
  contentOf,
  get,
  type Item,
  newestFirst,
  open,
  openKeys,
  partition,
  refused,
  SCHEMA_VERSION,
  sortKey,
  type Table,
  unlessMet,
} from './table.ts';

type Findings = Pick<Catalog, 'openFinding' | 'closeFinding' | 'toldFinding' | 'openFindings'>;
type Stored = OpenFinding & { state: 'open' | 'closed'; version: number; closedBy?: string };

const DAY = 86_400;
/** Somebody else who noticed the same thing is given this long to tell it. */
const TELLING = 120;

export function findings(table: Table, acks: Pick<Catalog, 'acknowledgements'>): Findings {
  const read = async (target: string, code: string, subject: string) => {
    const item = await get(table, target, sortKey.finding(code, subject));
    return item ? contentOf<Stored>(item) : undefined;
  };
  const write = async (finding: Stored, seenVersion: number | undefined) => {
    const sk = sortKey.finding(finding.code, finding.subject);
    await unlessMet(() =>
      table.client.send(
        new PutCommand({
          TableName: table.name,
          Item: {
            PK: partition(finding.target),
            SK: sk,
            schemaVersion: SCHEMA_VERSION,
            ...finding,
            ...(finding.state === 'open' ? openKeys('finding', finding.target, sk) : {}),
          },
          ...(seenVersion === undefined
            ? { ConditionExpression: 'attribute_not_exists(PK)' }
            : {
                ConditionExpression: '#version = :seen',
                ExpressionAttributeNames: { '#version': 'version' },
                ExpressionAttributeValues: { ':seen': seenVersion },
              }),
        }),
      ),
    );
  };

  return {
    async openFinding(finding, topics, now) {
      for (;;) {
        const known = await read(finding.target, finding.code, finding.subject);
        const wasOpen = known?.state === 'open' ? known : undefined;
        const all = await acks.acknowledgements(finding.target);
        const ack = acknowledgementOf(all, finding, now);
        const due = whatToTell(wasOpen, finding, topics, now);
        const tell = tellDespite(due, finding, wasOpen, ack, topics);
        const since = wasOpen?.since ?? utc(now);
        const untold = tell ? { ...tell, at: utc(now) } : wasOpen?.untold;
        const held = ack && !wasOpen?.acknowledged && !tell ? acknowledged(ack) : undefined;
        const stored: Stored = {
          ...finding,
          ...asOfBoth(wasOpen, finding),
          state: 'open',
          since,
          version: (known?.version ?? 0) + 1,
          ...(wasOpen?.lastToldAt ? { lastToldAt: wasOpen.lastToldAt } : {}),
          ...(untold ? { untold } : {}),
          ...(ack ? { acknowledged: acknowledged(ack) } : {}),
        };
        // Nothing new is nothing to write: an open finding costs a read a look, not a write.
        if (!tell && wasOpen && sameButForFigures(wasOpen, stored)) return { since };
        try {
          await write(stored, known?.version);
          return { since, ...(tell ? { tell } : {}), ...(held ? { held } : {}) };
        } catch (error) {
          if (!refused(error)) throw error;
        }
      }
    },

    async closeFinding(target, code, subject, now) {
      const closedBy = randomUUID();
      let closing: OpenFinding | undefined;
      for (;;) {
        const known = await read(target, code, subject);
        // Closed by ourselves, by a write whose answer was lost.
        if (known?.state === 'closed' && known.closedBy === closedBy) return closing;
        if (known?.state !== 'open') return undefined;
        const { state: _state, version, ...was } = known;
        const { untold: _untold, ...rest } = known;
        closing = was;
        try {
          await write(
            { ...rest, state: 'closed', version: version + 1, closedBy, lastToldAt: utc(now) },
            version,
          );
          return was;
        } catch (error) {
          if (!refused(error)) throw error;
        }
      }
    },

    async toldFinding({ target, code, subject }, topics, now) {
      for (;;) {
        const known = await read(target, code, subject);
        if (!known) return;
        const { untold, ...rest } = known;
        const left = untold?.topics.filter((topic) => !topics.includes(topic)) ?? [];
        const stored: Stored = {
          ...rest,
          lastToldAt: utc(now),
          version: known.version + 1,
          ...(untold && left.length > 0 ? { untold: { ...untold, topics: left } } : {}),
        };
        try {
          return await write(stored, known.version);
        } catch (error) {
          if (!refused(error)) throw error;
        }
      }
    },

    async openFindings(target) {
      const items =
        target === undefined
          ? await open(table, 'finding')
          : await all(newestFirst(table, target, 'FINDING#'));
      return items
        .map((item) => contentOf<Stored>(item))
        .filter((stored) => stored.state === 'open')
        .map(({ state: _state, version: _version, ...finding }) => finding);
    },
  };
}

function whatToTell(
  known: Stored | undefined,
  finding: Finding,
  topics: readonly AlertTopic[],
  now: Date,
): { occasion: Occasion; topics: AlertTopic[] } | undefined {
  if (!known) return { occasion: 'opened', topics: [...topics] };
  if (worse(finding.severity, known.severity)) return { occasion: 'worsened', topics: [...topics] };
  if (known.untold) {
    const { occasion, topics: left, at } = known.untold;
    return secondsBetween(at, now) >= TELLING ? { occasion, topics: left } : undefined;
  }
  return secondsBetween(known.lastToldAt ?? known.since, now) >= DAY
    ? { occasion: 'reminder', topics: [...topics] }
    : undefined;
}

/** An age in a message grows with every look and is no news. */
function sameButForFigures(a: OpenFinding, b: OpenFinding): boolean {
  const plain = (text: string) => text.replace(/\d+/g, '#');
  return (
    a.severity === b.severity &&
    a.asOf === b.asOf &&
    a.acknowledged?.until === b.acknowledged?.until &&
    plain(a.message) === plain(b.message)
  );
}

async function all(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}
