import { openFindingOf } from '../../../../lib/domain/findings/finding-record.ts';
import type { Catalog } from '../../../../lib/ports/catalog.ts';
import { copy, findingKey, type Store } from './store.ts';

export function memoryFindings({
  findings,
}: Store): Pick<Catalog, 'finding' | 'putFinding' | 'openFindings'> {
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
