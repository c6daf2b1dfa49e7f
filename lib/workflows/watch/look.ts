import { type AlertDeps, raise } from '../../alerting/alerts.ts';
import type { About } from '../../alerting/finding-records.ts';
import { reasonOf, UnderstudyError } from '../../domain/errors.ts';
import type { Finding } from '../../domain/findings/finding.ts';
import { SEVERITIES } from '../../domain/findings/severity.ts';
import { concurrently } from '../../execution/concurrency.ts';

/** What one look found, and what it could not find out. It has raised nothing itself. */
export type Look = {
  findings: Finding[];
  /** Recorded after a finding was raised: a look that dies in between finds it again. */
  afterwards?: Map<Finding, () => Promise<unknown>>;
  /** Findings that this look has seen to be over. */
  over?: About[];
  failures: string[];
};

/** Raises what was found, worst first, and records what follows each. Rejects with `raising-incomplete` at the end. */
export async function raiseFindings(
  deps: AlertDeps,
  findings: readonly Finding[],
  afterwards: Look['afterwards'] = new Map(),
): Promise<void> {
  const worstFirst = [...findings].sort(
    (a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity),
  );
  await withoutStopping(worstFirst, async (found) => {
    await raise(deps, found);
    await afterwards.get(found)?.();
  });
}

/** Does the work for each; a failure stops no other. */
export async function withoutStopping<T>(all: readonly T[], work: (each: T) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  await concurrently(all, (each) => work(each).catch((error) => void failures.push(error)));
  if (failures.length === 0) return;
  throw new UnderstudyError(
    'raising-incomplete',
    `${failures.length} of ${all.length} findings could not be raised or closed, the first because ${reasonOf(failures[0])}`,
  );
}
