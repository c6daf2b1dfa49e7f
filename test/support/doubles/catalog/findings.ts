import type { Occasion } from '../../../../lib/domain/alert.ts';
import type { Finding } from '../../../../lib/domain/finding.ts';
import { worse } from '../../../../lib/domain/severity.ts';
import { secondsBetween, utc } from '../../../../lib/domain/time.ts';
import type { Catalog, OpenFinding } from '../../../../lib/ports/catalog.ts';
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
    async openFinding(finding, now) {
      const key = findingKey(finding.target, finding.code, finding.subject);
      const known = openOne(key);
      const tell = occasionFor(known, finding, now);
      const since = known?.since ?? utc(now);
      const { lastToldAt, untold, untoldAt } = known ?? {};
      const telling = tell ? { untold: tell, untoldAt: utc(now) } : { untold, untoldAt };
      store.findings.set(
        key,
        copy({ ...finding, open: true, since, lastToldAt, ...telling } as StoredFinding),
      );
      return tell ? { tell, since } : { since };
    },
    async closeFinding(target, code, subject) {
      const known = openOne(findingKey(target, code, subject));
      if (!known) return undefined;
      known.open = false;
      return listed(known);
    },
    async toldFinding({ target, code, subject }, now) {
      const known = store.findings.get(findingKey(target, code, subject));
      if (!known) throw new Error(`${code} of ${target} (${subject}) was never opened`);
      delete known.untold;
      delete known.untoldAt;
      known.lastToldAt = utc(now);
    },
    async openFindings(target) {
      const found = [...store.findings.values()].filter((each) => each.open);
      return found.filter((each) => target === undefined || each.target === target).map(listed);
    },
  };
}

function occasionFor(known: StoredFinding | undefined, finding: Finding, now: Date): Occasion | undefined {
  if (!known) return 'opened';
  if (worse(finding.severity, known.severity)) return 'worsened';
  if (known.untold)
    return secondsBetween(known.untoldAt ?? known.since, now) >= TELLING ? known.untold : undefined;
  return secondsBetween(known.lastToldAt ?? known.since, now) >= DAY ? 'reminder' : undefined;
}

function listed({ open: _open, untoldAt: _at, ...finding }: StoredFinding): OpenFinding {
  return copy(finding);
}
