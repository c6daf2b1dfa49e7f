import { type AlertDeps, raise } from '../../lib/alerting/alerts.ts';
import { type FindingCode, finding } from '../../lib/domain/findings/finding.ts';
import type { RunName } from '../../lib/domain/names.ts';
import type { Claim } from '../../lib/domain/runs/run.ts';
import type { Catalog, ClaimRequest } from '../../lib/ports/catalog.ts';

/** What is open in a catalog, `code subject`, sorted. */
export async function openIn(catalog: Catalog): Promise<string[]> {
  return (await catalog.openFindings()).map(({ code, subject }) => `${code} ${subject}`).sort();
}

/** Raises a finding as any job might. */
export function raiseFinding(
  deps: AlertDeps,
  code: FindingCode,
  subject: string,
  target = 'crm',
): Promise<void> {
  return raise(deps, finding(code, { target: { id: target }, subject, message: 'a job found it' }));
}

/** Claims a run as a worker would, for ten minutes unless told otherwise; it must be free. */
export async function claimRun(
  catalog: Catalog,
  { job, target, scheduledFor }: RunName,
  now: Date | string,
  changes: Partial<ClaimRequest> = {},
): Promise<Claim> {
  const by = { requestedBy: 'schedule', now: new Date(now), leaseSeconds: 600 };
  const claimed = await catalog.claim({ job, target, scheduledFor, ...by, ...changes });
  if (claimed.outcome !== 'claimed') throw new Error(`the run is ${claimed.outcome}`);
  return claimed.claim;
}
