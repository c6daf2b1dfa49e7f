import { acknowledgementOf, tellDespite } from '../../../../lib/domain/acknowledgement.ts';
import type { Occasion } from '../../../../lib/domain/alert.ts';
import { asOfBoth, type Finding } from '../../../../lib/domain/finding.ts';
import { worse } from '../../../../lib/domain/severity.ts';
import { secondsBetween, utc } from '../../../../lib/domain/time.ts';
import type { Catalog, OpenFinding } from '../../../../lib/ports/catalog.ts';
import type { AlertTopic } from '../../../../lib/ports/messages.ts';
import { copy, findingKey, type Store, type StoredFinding } from './store.ts';

type Findings = Pick<Catalog, 'openFinding' | 'closeFinding' | 'toldFinding' | 'openFindings'>;

const DAY = 86_400;
/** Whoever noticed it first is given this long to tell it. */
const TELLING = 120;

export function memoryFindings(store: Store): Findings {
  const openOne = (key: string) => {
    const known = store.findings.get(key);
    return known?.open ? known : undefined;
  };
  return {
    async openFinding(finding, topics, now) {
      const key = findingKey(finding.target, finding.code, finding.subject);
      const known = openOne(key);
      const since = known?.since ?? utc(now);
      const ack = acknowledgementOf([...store.acknowledgements.values()], finding, now);
      const tell = tellDespite(whatToTell(known, finding, topics, now), finding, known, ack, topics);
      const said = ack && { until: ack.until, reason: ack.reason, by: ack.by };
      const held = said && !known?.acknowledged && !tell ? { held: said } : {};
      const stored = { ...finding, ...asOfBoth(known, finding), acknowledged: said };
      if (!tell && known && sameButForFigures(known, stored)) return { since };
      const untold = tell ? { ...tell, at: utc(now) } : known?.untold;
      const lastToldAt = known?.lastToldAt;
      store.findings.set(key, copy({ ...stored, open: true, since, lastToldAt, untold } as StoredFinding));
      return { since, ...(tell ? { tell } : {}), ...held };
    },
    async closeFinding(target, code, subject) {
      const known = openOne(findingKey(target, code, subject));
      if (!known) return undefined;
      known.open = false;
      return listed(known);
    },
    async toldFinding({ target, code, subject }, topics, now) {
      const known = store.findings.get(findingKey(target, code, subject));
      if (!known) return;
      const left = known.untold?.topics.filter((topic) => !topics.includes(topic)) ?? [];
      if (left.length > 0) known.untold = { ...known.untold!, topics: left };
      else delete known.untold;
      known.lastToldAt = utc(now);
    },
    async openFindings(target) {
      const found = [...store.findings.values()].filter((each) => each.open);
      return found.filter((each) => target === undefined || each.target === target).map(listed);
    },
  };
}

function whatToTell(
  known: StoredFinding | undefined,
  finding: Finding,
  topics: readonly AlertTopic[],
  now: Date,
): { occasion: Occasion; topics: AlertTopic[] } | undefined {
  const all = (occasion: Occasion) => ({ occasion, topics: [...topics] });
  if (!known) return all('opened');
  if (worse(finding.severity, known.severity)) return all('worsened');
  const { untold, lastToldAt, since } = known;
  if (untold)
    return secondsBetween(untold.at, now) >= TELLING
      ? { occasion: untold.occasion, topics: [...untold.topics] }
      : undefined;
  return secondsBetween(lastToldAt ?? since, now) >= DAY ? all('reminder') : undefined;
}

/** An age in a message grows with every look and is no news. */
type Known = Finding & Pick<OpenFinding, 'acknowledged'>;
function sameButForFigures(a: Known, b: { [Key in keyof Known]: Known[Key] | undefined }): boolean {
  const plain = (text: string) => text.replace(/\d+/g, '#');
  const same = a.severity === b.severity && a.acknowledged?.until === b.acknowledged?.until;
  return same && a.asOf === b.asOf && plain(a.message) === plain(b.message ?? '');
}

function listed({ open: _open, ...finding }: StoredFinding): OpenFinding {
  return copy(finding);
}
