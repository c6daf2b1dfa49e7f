import { reasonOf } from '../../domain/errors.ts';
import { type Captured, captureFrom, judgeAnswer } from '../../domain/smoke/judge-answer.ts';
import {
  expectedTexts,
  referencesIn,
  requestTexts,
  type SecretPart,
  type Values,
} from '../../domain/smoke/references.ts';
import { makeRequest } from '../../domain/smoke/smoke-request.ts';
import type { HttpStep, SmokeResult } from '../../domain/smoke/smoke-step.ts';
import type { Requests } from '../../ports/smoke.ts';
import type { Pause } from '../../restore/prove/smoke-questions.ts';

/** What the steps before have captured, and which step failed to capture a name. */
export type Memory = { captured: Captured; failed: Map<string, string> };

/** Sends the request of a step until its answer is as expected or its tries are used up. */
export async function runHttpStep(
  step: HttpStep,
  base: string,
  memory: Memory,
  secretOf: (part: SecretPart) => string,
  deps: { requests: Requests; pause: Pause },
): Promise<SmokeResult> {
  const { name, priority, retries, retryAfter } = step;
  const result = (why: string | undefined) =>
    why === undefined ? { step: name, priority, ok: true } : { step: name, priority, ok: false, why };
  const lacking = missingFor(step, memory);
  if (lacking !== undefined) {
    forget(step, memory);
    // What was never made needs no cleaning up.
    if (step.cleanup) return { step: name, priority, ok: true, why: `nothing to clean up: ${lacking}` };
    return result(`it did not run: ${lacking}`);
  }
  const values: Values = (reference) =>
    'capture' in reference ? memory.captured[reference.capture]! : secretOf(reference);
  for (let tries = 1; ; tries++) {
    const why = await trySend(step, base, values, memory, deps.requests);
    if (why === undefined || tries > retries) return result(why);
    await deps.pause(retryAfter);
  }
}

/** Why the answer is not as expected. What it has for later steps is kept all the same: a record may have to be deleted. */
async function trySend(
  step: HttpStep,
  base: string,
  values: Values,
  memory: Memory,
  requests: Requests,
): Promise<string | undefined> {
  forget(step, memory);
  const request = makeRequest(step, base, values);
  if ('unmade' in request) return request.unmade;
  const answer = await requests.send(request).catch((error: unknown) => reasonOf(error));
  if (typeof answer === 'string') return answer;
  const { values: captured, missing } = captureFrom(step, answer);
  Object.assign(memory.captured, captured);
  for (const name of Object.keys(captured)) memory.failed.delete(name);
  const wrong = [...new Set([...judgeAnswer(step, answer, values), ...missing])];
  return wrong.length === 0 ? undefined : wrong.join('; ');
}

/** Until this step has captured them, its names have no value. */
function forget({ name, capture }: HttpStep, { captured, failed }: Memory): void {
  for (const each of Object.keys(capture)) if (!Object.hasOwn(captured, each)) failed.set(each, name);
}

/** The captured value that a step needs and nobody has. */
function missingFor(step: HttpStep, { captured, failed }: Memory): string | undefined {
  for (const { text } of [...requestTexts(step), ...expectedTexts(step)])
    for (const reference of referencesIn(text))
      if ('capture' in reference && !Object.hasOwn(captured, reference.capture))
        return `"${failed.get(reference.capture) ?? '?'}" captured no ${reference.capture}`;
  return undefined;
}
