import { randomUUID } from 'node:crypto';
import type { AlertTopic } from '../domain/findings/alert.ts';
import type { Finding } from '../domain/findings/finding.ts';
import {
  closing,
  type FindingRecord,
  type Opened,
  type OpenFinding,
  openFindingOf,
  opening,
  told,
} from '../domain/findings/finding-record.ts';
import type { Catalog } from '../ports/catalog.ts';

/** Identifies a finding: code and subject are unique within the target. */
export type About = Pick<Finding, 'target' | 'code' | 'subject'>;

/** Opens or updates a finding, and returns which topics an alert must reach and why. */
export async function openFinding(
  catalog: Catalog,
  found: Finding,
  topics: readonly AlertTopic[],
  now: Date,
): Promise<Opened> {
  const opened: Opened[] = [];
  await changing(catalog, found, async (known) => {
    const all = await catalog.acknowledgements(found.target);
    const { record, ...outcome } = opening(known, found, all, topics, now);
    opened.push(outcome);
    return record;
  });
  return opened.at(-1)!;
}

/** Closes a finding; undefined when it was not open. */
export async function closeFinding(catalog: Catalog, about: About): Promise<OpenFinding | undefined> {
  const closedBy = randomUUID();
  let was: OpenFinding | undefined;
  await changing(catalog, about, async (known) => {
    // This call closed it in an earlier write whose answer was lost.
    if (known?.closedBy === closedBy) return undefined;
    was = known?.state === 'open' ? openFindingOf(known) : undefined;
    return was && closing(known!, closedBy);
  });
  return was;
}

/** Records which topics an alert of a finding has reached. */
export async function markTold(
  catalog: Catalog,
  about: About,
  topics: readonly AlertTopic[],
  now: Date,
): Promise<void> {
  await changing(catalog, about, async (known) =>
    known?.state === 'open' ? told(known, topics, now) : undefined,
  );
}

/** Reads the record and writes its successor, until no other worker has written in between. */
async function changing(
  catalog: Catalog,
  { target, code, subject }: About,
  next: (known: FindingRecord | undefined) => Promise<FindingRecord | undefined>,
): Promise<void> {
  for (;;) {
    const record = await next(await catalog.finding(target, code, subject));
    if (!record || (await catalog.putFinding(record))) return;
  }
}
