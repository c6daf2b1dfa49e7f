import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Occasion } from '../../../domain/alert.ts';
import { worse } from '../../../domain/severity.ts';
import { secondsBetween, utc } from '../../../domain/time.ts';
import type { Catalog, OpenFinding } from '../../../ports/catalog.ts';
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
} from './table.ts';

type Findings = Pick<Catalog, 'openFinding' | 'closeFinding' | 'toldFinding' | 'openFindings'>;
type Stored = OpenFinding & { state: 'open' | 'closed'; untoldAt?: string; version: number };

const DAY = 86_400;
/** Somebody else who noticed the same thing is given this long to tell it. */
const TELLING = 120;

export function findings(table: Table): Findings {
  const read = async (target: string, code: string, subject: string) => {
    const item = await get(table, target, sortKey.finding(code, subject));
    return item ? contentOf<Stored>(item) : undefined;
  };
  const write = async (finding: Stored, seenVersion: number | undefined) => {
    const sk = sortKey.finding(finding.code, finding.subject);
    await table.client.send(
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
    );
  };

  return {
    async openFinding(finding, now) {
      for (;;) {
        const known = await read(finding.target, finding.code, finding.subject);
        const wasOpen = known?.state === 'open' ? known : undefined;
        const tell = occasionFor(wasOpen, finding, now);
        const since = wasOpen?.since ?? utc(now);
        const { lastToldAt } = wasOpen ?? {};
        const stored: Stored = {
          ...finding,
          state: 'open',
          since,
          version: (known?.version ?? 0) + 1,
          ...(lastToldAt ? { lastToldAt } : {}),
          ...(tell
            ? { untold: tell, untoldAt: utc(now) }
            : wasOpen?.untold
              ? { untold: wasOpen.untold, untoldAt: wasOpen.untoldAt ?? utc(now) }
              : {}),
        };
        // Nothing new is nothing to write: an open finding costs a read a look, not a write.
        if (!tell && wasOpen && wasOpen.message === finding.message && wasOpen.severity === finding.severity)
          return { since };
        try {
          await write(stored, known?.version);
          return tell ? { tell, since } : { since };
        } catch (error) {
          if (!refused(error)) throw error;
        }
      }
    },

    async closeFinding(target, code, subject, now) {
      for (;;) {
        const known = await read(target, code, subject);
        if (known?.state !== 'open') return undefined;
        const { untold: _untold, untoldAt: _at, ...rest } = known;
        try {
          await write(
            { ...rest, state: 'closed', version: known.version + 1, lastToldAt: utc(now) },
            known.version,
          );
          return known;
        } catch (error) {
          if (!refused(error)) throw error;
        }
      }
    },

    async toldFinding({ target, code, subject }, now) {
      await table.client.send(
        new UpdateCommand({
          TableName: table.name,
          Key: { PK: partition(target), SK: sortKey.finding(code, subject) },
          UpdateExpression: 'set lastToldAt = :now remove untold, untoldAt',
          ConditionExpression: 'attribute_exists(PK)',
          ExpressionAttributeValues: { ':now': utc(now) },
        }),
      );
    },

    async openFindings(target) {
      const items =
        target === undefined
          ? await open(table, 'finding')
          : await all(newestFirst(table, target, 'FINDING#'));
      return items
        .map((item) => contentOf<Stored>(item))
        .filter((stored) => stored.state === 'open')
        .map(({ state: _state, version: _version, untoldAt: _at, ...finding }) => finding);
    },
  };
}

function occasionFor(
  known: Stored | undefined,
  finding: { severity: Stored['severity'] },
  now: Date,
): Occasion | undefined {
  if (!known) return 'opened';
  if (worse(finding.severity, known.severity)) return 'worsened';
  if (known.untold)
    return secondsBetween(known.untoldAt ?? known.since, now) >= TELLING ? known.untold : undefined;
  return secondsBetween(known.lastToldAt ?? known.since, now) >= DAY ? 'reminder' : undefined;
}

async function all(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}
