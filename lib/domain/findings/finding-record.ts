import { secondsBetween, utc } from '../time.ts';
import {
  type Acknowledged,
  type Acknowledgement,
  acknowledged,
  acknowledgementOf,
  tellDespite,
} from './acknowledgement.ts';
import type { AlertTopic, Occasion } from './alert.ts';
import { asOfBoth, FINDINGS, type Finding } from './finding.ts';
import type { Entry } from './registry.ts';
import { worse } from './severity.ts';

/** An open finding, and which of its alerts were sent. */
export type OpenFinding = Finding & {
  since: string;
  lastToldAt?: string;
  /** The alert that still has to reach these topics. */
  untold?: { occasion: Occasion; topics: AlertTopic[]; at: string };
  /** A person has acknowledged it: until when, who, and why. */
  acknowledged?: Acknowledged;
};

/** The finding's record. Each version follows from the one before it: of two writers, one has to look again. */
export type FindingRecord = OpenFinding & {
  state: 'open' | 'closed';
  version: number;
  /** The call that closed it recognizes its own record by this when an answer was lost. */
  closedBy?: string;
};

/** The result of opening a finding. `held`: an acknowledgement has just held its alert back. */
export type Opened = {
  since: string;
  tell?: { occasion: Occasion; topics: AlertTopic[] };
  held?: Acknowledged;
};

const DAY = 86_400;
/** How long a worker that noticed the same finding has to send the alert, in seconds. */
const TELLING = 120;

/**
 * A finding that was found, again or for the first time. An alert is due when it opens or becomes worse, as a
 * reminder once a day, and again after two minutes if one did not arrive; an acknowledgement holds it back. `record`
 * is absent when nothing changes: an open finding costs a read at each look, not a write.
 */
export function opening(
  known: FindingRecord | undefined,
  found: Finding,
  acknowledgements: readonly Acknowledgement[],
  topics: readonly AlertTopic[],
  now: Date,
): Opened & { record?: FindingRecord } {
  const wasOpen = known?.state === 'open' ? known : undefined;
  const ack = acknowledgementOf(acknowledgements, found, now);
  const tell = tellDespite(dueAlert(wasOpen, found, topics, now), found, wasOpen, ack, topics);
  const since = wasOpen?.since ?? utc(now);
  const untold = tell ? { ...tell, at: utc(now) } : wasOpen?.untold;
  const record: FindingRecord = {
    ...found,
    ...asOfBoth(wasOpen, found),
    state: 'open',
    since,
    version: (known?.version ?? 0) + 1,
    ...(wasOpen?.lastToldAt && { lastToldAt: wasOpen.lastToldAt }),
    ...(untold && { untold }),
    ...(ack && { acknowledged: acknowledged(ack) }),
  };
  if (!tell && wasOpen && sameButForFigures(wasOpen, record)) return { since };
  const held = ack && !wasOpen?.acknowledged && !tell ? acknowledged(ack) : undefined;
  return { since, ...(tell && { tell }), ...(held && { held }), record };
}

/** An open finding, closed by this call. */
export function closing({ untold: _untold, ...known }: FindingRecord, closedBy: string): FindingRecord {
  return { ...known, state: 'closed', version: known.version + 1, closedBy };
}

/** An open finding whose alert reached these topics. */
export function told(
  { untold, ...known }: FindingRecord,
  topics: readonly AlertTopic[],
  now: Date,
): FindingRecord {
  const left = untold?.topics.filter((topic) => !topics.includes(topic)) ?? [];
  return {
    ...known,
    lastToldAt: utc(now),
    version: known.version + 1,
    ...(untold && left.length > 0 && { untold: { ...untold, topics: left } }),
  };
}

/** An open finding as lists show it. */
export function openFindingOf(record: FindingRecord): OpenFinding {
  const { state: _state, version: _version, closedBy: _closedBy, ...open } = record;
  return open;
}

function dueAlert(
  known: FindingRecord | undefined,
  found: Finding,
  topics: readonly AlertTopic[],
  now: Date,
): Opened['tell'] {
  if (!known) return { occasion: 'opened', topics: [...topics] };
  if (worse(found.severity, known.severity)) return { occasion: 'worsened', topics: [...topics] };
  if (known.untold) {
    const { occasion, topics: left, at } = known.untold;
    return secondsBetween(at, now) >= TELLING ? { occasion, topics: left } : undefined;
  }
  return secondsBetween(known.lastToldAt ?? known.since, now) >= remindEvery(found)
    ? { occasion: 'reminder', topics: [...topics] }
    : undefined;
}

/** Seconds between two reminders. A code of another version has none of its own. */
function remindEvery({ code }: Finding): number {
  const entry: Entry | undefined = FINDINGS[code];
  return (entry?.remindEvery ?? 1) * DAY;
}

/** An age in a message grows with every look, and is no change. */
function sameButForFigures(a: OpenFinding, b: OpenFinding): boolean {
  const plain = (text: string) => text.replace(/\d+/g, '#');
  return (
    a.severity === b.severity &&
    a.asOf === b.asOf &&
    a.acknowledged?.until === b.acknowledged?.until &&
    plain(a.message) === plain(b.message)
  );
}
