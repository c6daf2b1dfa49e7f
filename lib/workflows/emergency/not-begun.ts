import { raise } from '../../alerting/alerts.ts';
import type { ErrorInfo } from '../../domain/errors.ts';
import { finding } from '../../domain/findings/finding.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { Durable } from '../../ports/durable.ts';
import type { RestoreDeps, RestoreOutcome } from './restoring.ts';

/** Tells that a restore or a rollback did not begin: who invoked it may not wait for the answer. */
export async function notBegun(
  what: 'the restore' | 'the rollback',
  { code, message: why, hint }: ErrorInfo,
  target: Target,
  durable: Durable,
  deps: RestoreDeps,
): Promise<RestoreOutcome> {
  const message = `${what} of ${target.id} did not begin (${code}): ${why}`;
  const found = finding('restore-not-done', { target, subject: target.id, message });
  await durable.step('say that it did not begin', () => raise(deps, found)).catch(() => undefined);
  return { outcome: 'refused', summary: why, code, ...(hint ? { hint } : {}) };
}
