import type { Evidence } from '../../lib/domain/evidence.ts';
import type { Delivery } from '../local/pump.ts';
import { DONE, type ExitCode, FAILED, FOUND_WRONG } from './exit.ts';
import { bad, faint, good } from './say.ts';
import { sayEvidence } from './say-evidence.ts';

type Result = {
  outcome?: string;
  summary?: string;
  hint?: string;
  evidence?: Evidence;
  findings?: { code: string; message: string; next: string }[];
};

function results(delivery: Delivery): Result[] {
  return (Array.isArray(delivery.result) ? delivery.result : [delivery.result ?? {}]) as Result[];
}

/** For machines. */
export function documentOf(delivery: Delivery): unknown {
  return {
    function: delivery.function,
    message: delivery.message,
    ...(delivery.error ? { error: delivery.error.message } : { result: delivery.result }),
  };
}

/** One line, for while others are still to come. */
export function sayDelivery(delivery: Delivery): string {
  if (delivery.error) return `${delivery.function}: ${delivery.error.message}`;
  return results(delivery)
    .map((result) => `${delivery.function}: ${result.summary ?? result.evidence?.outcome ?? 'nothing to do'}`)
    .join('; ');
}

/** For people, with what to do next. */
export function sayWhole(delivery: Delivery): string[] {
  if (delivery.error)
    return [`${bad('✖')} ${delivery.function}  ${delivery.error.message}`, ...hintLine(delivery.error)];
  if (delivery.result === undefined)
    return [`${bad('✖')} ${delivery.function}  refused the message; an alert says why`];
  if (Array.isArray(delivery.result) && delivery.result.length === 0)
    return [`${good('✔')} ${delivery.function}  nothing waits for it`];
  return results(delivery).flatMap((result) => {
    if (result.evidence) return sayEvidence(result.evidence);
    const wrong = ['refused', 'failed'].includes(result.outcome ?? '') || (result.findings?.length ?? 0) > 0;
    return [
      `${wrong ? bad('✖') : good('✔')} ${delivery.function}  ${result.summary ?? 'nothing to do'}`,
      ...(result.hint ? [`  ${faint(`next: ${result.hint}`)}`] : []),
      ...(result.findings ?? []).flatMap(sayFinding),
    ];
  });
}

export function sayFinding(found: { code: string; message: string; next: string }): string[] {
  return [`  ${bad(found.code)}  ${found.message}`, `  ${faint(`next: ${found.next}`)}`];
}

function hintLine(error: Error): string[] {
  const { hint } = error as { hint?: string };
  return hint ? [`  ${faint(`next: ${hint}`)}`] : [];
}

/** Not being able outweighs finding something, which outweighs good. */
export function exitOf(deliveries: Delivery[]): ExitCode {
  const codes = deliveries.flatMap(exitCodes);
  return codes.includes(FAILED) ? FAILED : codes.includes(FOUND_WRONG) ? FOUND_WRONG : DONE;
}

function exitCodes(delivery: Delivery): ExitCode[] {
  if (delivery.error || delivery.result === undefined) return [FAILED];
  return results(delivery).map((result) => {
    if (result.outcome === 'refused' || result.outcome === 'failed') return FAILED;
    if (result.evidence?.error && result.evidence.findings.length === 0) return FAILED;
    return result.evidence?.outcome === 'failed' || (result.findings?.length ?? 0) > 0 ? FOUND_WRONG : DONE;
  });
}
