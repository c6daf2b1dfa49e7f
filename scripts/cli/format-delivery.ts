import pc from 'picocolors';
import { type Acknowledged, isSettled } from '../../lib/domain/findings/acknowledgement.ts';
import type { Finding } from '../../lib/domain/findings/finding.ts';
import { pages } from '../../lib/domain/findings/severity.ts';
import type { Evidence } from '../../lib/domain/proof/evidence.ts';
import type { Delivery } from '../local/drain-queues.ts';
import { DONE, type ExitCode, FAILED, FOUND_WRONG } from './exit-codes.ts';
import { formatEvidenceLines } from './format-evidence-lines.ts';

type Result = {
  outcome?: string;
  summary?: string;
  hint?: string;
  evidence?: Evidence;
  findings?: ErrorInfo[];
};
type ErrorInfo = Pick<Finding, 'code' | 'severity' | 'message' | 'next'> & { acknowledged?: Acknowledged };

function results(delivery: Delivery): Result[] {
  return (Array.isArray(delivery.result) ? delivery.result : [delivery.result ?? {}]) as Result[];
}

/** The delivery as JSON. */
export function deliveryDocument(delivery: Delivery): unknown {
  return {
    function: delivery.function,
    message: delivery.message,
    ...(delivery.error ? { error: delivery.error.message } : { result: delivery.result }),
  };
}

/** One line, while other deliveries are still to come. */
export function formatDeliveryLine(delivery: Delivery): string {
  const what = nameOf(delivery);
  if (delivery.error) return `${what}: ${delivery.error.message}`;
  if (delivery.result === undefined) return `${what}: refused the message`;
  if (results(delivery).length === 0) return `${what}: nothing waits for it`;
  return results(delivery)
    .map((result) => `${what}: ${result.summary ?? result.evidence?.outcome ?? 'nothing to do'}`)
    .join('; ');
}

/** The delivery for people, with what to do next. Each line names the job's target. */
export function formatDelivery(delivery: Delivery): string[] {
  const what = nameOf(delivery);
  if (delivery.error)
    return [`${pc.red('✖')} ${what}  ${delivery.error.message}`, ...hintLine(delivery.error)];
  if (delivery.result === undefined)
    return [`${pc.red('✖')} ${what}  refused the message; an alert says why`];
  if (Array.isArray(delivery.result) && delivery.result.length === 0)
    return [`${pc.green('✔')} ${what}  nothing waits for it`];
  return results(delivery).flatMap((result) => {
    if (result.evidence) return formatEvidenceLines(result.evidence);
    return [
      `${markOf(result)} ${what}  ${result.summary ?? 'nothing to do'}`,
      ...(result.hint ? [`  ${pc.dim(`next: ${result.hint}`)}`] : []),
      ...(result.findings ?? []).flatMap(formatFinding),
    ];
  });
}

/** Outcomes of a job that was not done. */
const NOT_DONE = ['refused', 'failed', 'held', 'taken-over', 'cancelled'];

/** `dump of crm`. */
function nameOf({ function: name, message }: Delivery): string {
  const { target } = (message ?? {}) as { target?: string };
  return target === undefined ? name : `${name} of ${target}`;
}

/** ✖ for a wrong result; ⚠ for a good one with an unusual finding. */
function markOf(result: Result): string {
  if (isWrong(result)) return pc.red('✖');
  return (result.findings?.length ?? 0) > 0 ? pc.yellow('⚠') : pc.green('✔');
}

/** Findings about a good point, at any severity. */
const REMARKS = ['size-anomaly'];

/** Not done, or found bad: P2 and P3 are remarks about a good result. */
function isWrong({ outcome, evidence, findings = [] }: Result): boolean {
  if (evidence) return evidence.outcome === 'failed';
  if (NOT_DONE.includes(outcome ?? '')) return true;
  return findings.some(
    (found) => pages(found.severity) && !isSettled(found as Finding) && !REMARKS.includes(found.code),
  );
}

/** Was everything done, and nothing found bad? Remarks change only the exit code. */
export function isGood(deliveries: Delivery[]): boolean {
  return deliveries.every(
    (delivery) => !delivery.error && delivery.result !== undefined && !results(delivery).some(isWrong),
  );
}

export function formatFinding({ code, severity, message, next, acknowledged }: ErrorInfo): string[] {
  const shown = pages(severity) ? pc.red(code) : pc.yellow(code);
  if (acknowledged)
    return [`  ${severity} ${shown}  ${message}`, `  ${pc.dim(`acknowledged until ${acknowledged.until}`)}`];
  return [`  ${severity} ${shown}  ${message}`, `  ${pc.dim(`next: ${next}`)}`];
}

function hintLine(error: Error): string[] {
  const { hint } = error as { hint?: string };
  return hint ? [`  ${pc.dim(`next: ${hint}`)}`] : [];
}

/** A failure outweighs a finding, which outweighs success. */
export function exitCodeOf(deliveries: Delivery[]): ExitCode {
  const codes = deliveries.flatMap(exitCodes);
  return codes.includes(FAILED) ? FAILED : codes.includes(FOUND_WRONG) ? FOUND_WRONG : DONE;
}

function exitCodes(delivery: Delivery): ExitCode[] {
  if (delivery.error || delivery.result === undefined) return [FAILED];
  return results(delivery).map((result) => {
    if (NOT_DONE.includes(result.outcome ?? '')) return FAILED;
    if (result.evidence?.error && result.evidence.findings.length === 0) return FAILED;
    const found = (result.findings ?? []).some(
      (each) => each.severity !== 'P3' && !isSettled(each as Finding),
    );
    return result.evidence?.outcome === 'failed' || found ? FOUND_WRONG : DONE;
  });
}
