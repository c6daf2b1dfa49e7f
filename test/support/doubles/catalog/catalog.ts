import { isInForce } from '../../../../lib/domain/findings/acknowledgement.ts';
import { openFindingOf } from '../../../../lib/domain/findings/finding-record.ts';
import { utc } from '../../../../lib/domain/time.ts';
import type { Catalog } from '../../../../lib/ports/catalog.ts';
import type { Clock } from '../../../../lib/ports/clock.ts';
import { manualClock } from '../clock.ts';
import { memoryAppChanges } from './app-changes.ts';
import { memoryCancelRequests } from './cancel-requests.ts';
import { memoryPoints } from './points.ts';
import { memoryRestores } from './restores.ts';
import { memoryRuns } from './runs.ts';
import { memoryScratches } from './scratches.ts';
import { memoryStatuses } from './statuses.ts';
import { copy, emptyStore, findingKey, newestFirst, type Store } from './store.ts';

/**
 * The catalog in memory. Each method reads and writes in one go, so that none sees another half done.
 * `home` is the Region whose snapshots are no copies.
 */
export function memoryCatalog(clock: Clock = manualClock(), home?: string): Catalog {
  const store = emptyStore();
  const base = {
    ...memoryRuns(store),
    ...memoryPoints(store),
    ...findings(store),
    ...evidence(store),
    ...timeline(store),
    ...memoryScratches(store),
    ...memoryRestores(store),
    ...memoryAppChanges(store),
    ...acknowledgements(store),
    ...memoryCancelRequests(store),
  };
  return { ...base, ...memoryStatuses(store, base, clock, home) };
}

type Part<Method extends keyof Catalog> = Pick<Catalog, Method>;

function evidence(store: Store): Part<'addEvidence' | 'evidence'> {
  return {
    async addEvidence(record) {
      store.evidence.set(`${record.target} ${record.at} ${record.run}`, copy(record));
    },
    async evidence(target, limit) {
      const of = [...store.evidence.values()].filter((each) => each.target === target);
      return newestFirst(of, (each) => `${each.at} ${each.run}`, limit);
    },
  };
}

function findings({ findings }: Store): Part<'finding' | 'putFinding' | 'openFindings'> {
  return {
    finding: async (target, code, subject) => copy(findings.get(findingKey(target, code, subject))),
    async putFinding(record) {
      const key = findingKey(record.target, record.code, record.subject);
      if ((findings.get(key)?.version ?? 0) !== record.version - 1) return false;
      findings.set(key, copy(record));
      return true;
    },
    async openFindings(target) {
      const found = [...findings.values()].filter(({ state }) => state === 'open');
      return copy(found.filter((each) => target === undefined || each.target === target).map(openFindingOf));
    },
  };
}

function timeline(store: Store): Part<'addEvent' | 'timeline' | 'awaitNotice' | 'awaiting'> {
  return {
    async addEvent(event) {
      const key = `${event.target} ${event.at} ${event.id}`;
      if (store.events.has(key)) return false;
      store.events.set(key, copy(event));
      return true;
    },
    async timeline(target, limit) {
      const of = [...store.events.values()].filter((event) => event.target === target);
      return newestFirst(of, (event) => `${event.at} ${event.id}`, limit);
    },
    awaitNotice: async (subject, token) => void store.waits.set(subject, token),
    awaiting: async (subject) => store.waits.get(subject),
  };
}

function acknowledgements(store: Store): Part<'acknowledge' | 'endAcknowledgement' | 'acknowledgements'> {
  return {
    async acknowledge(made) {
      store.acknowledgements.set(`${made.target} ${made.at} ${made.code} ${made.subject ?? ''}`, copy(made));
    },
    async endAcknowledgement({ target, code, subject }, by, now) {
      const ended = [...store.acknowledgements.values()].filter(
        (each) => each.target === target && each.code === code && isInForce(each, now),
      );
      const meant = ended.filter((each) => subject === undefined || each.subject === subject);
      const before = copy(meant);
      for (const each of meant) Object.assign(each, { endedAt: utc(now), endedBy: by });
      return before;
    },
    async acknowledgements(target) {
      const wanted = [...store.acknowledgements.values()].filter((each) =>
        target === undefined ? each.endedAt === undefined : each.target === target,
      );
      return newestFirst(wanted, ({ at, code, subject }) => `${at} ${code} ${subject ?? ''}`);
    },
  };
}
