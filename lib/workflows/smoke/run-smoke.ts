import * as z from 'zod';
import { InputError } from '../../domain/errors.ts';
import { type Plan, requireTarget, type Target } from '../../domain/plan/policy.ts';
import { type SecretPart, secretsOfSteps } from '../../domain/smoke/references.ts';
import {
  APPLICATION,
  httpSteps,
  inOrder,
  isHttp,
  type Smoke,
  type SmokeReport,
  type SmokeResult,
  type SmokeStep,
} from '../../domain/smoke/smoke-step.ts';
import { utc } from '../../domain/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Requests, SecretTexts } from '../../ports/smoke.ts';
import { type Ask, askSmokeStep, type Pause } from '../../restore/prove/smoke-questions.ts';
import { type Memory, runHttpStep } from './http-step.ts';
import { secretPart } from './secret-part.ts';

export const smokeRequest = z.strictObject({
  target: z.string().min(1),
  /** The application, instead of that of the plan. */
  url: z.string().regex(APPLICATION, 'expected an address such as https://app.example.com').optional(),
  /** A restore asks the database from elsewhere. */
  only: z.literal('http').optional(),
});
export type SmokeAsked = z.infer<typeof smokeRequest>;

export type SmokeDeps = {
  plan: Plan;
  requests: Requests;
  secrets: SecretTexts;
  /** Asks the living database. */
  ask: (target: Target) => Ask;
  pause: Pause;
  clock: Clock;
  /** Called as each step ends. */
  onStep: (result: SmokeResult) => void;
};

/**
 * Runs the smoke steps of a target, one after the other; those that clean up run at the end in any case. Rejects before
 * the first request when a secret cannot be read.
 */
export async function runSmoke(asked: SmokeAsked, deps: SmokeDeps): Promise<SmokeReport> {
  const target = requireTarget(deps.plan, asked.target);
  const { steps, url } = toRun(target, asked);
  const startedAt = utc(deps.clock.now());
  const secretOf = await readSecrets(target, steps, deps);
  const memory: Memory = { captured: {}, failed: new Map() };
  const results: SmokeResult[] = [];
  for (const step of inOrder(steps)) {
    const result = await runStep(step, target, url, memory, secretOf, startedAt, deps).catch((error) => ({
      step: step.name,
      priority: step.priority,
      ok: false,
      // A mistake of ours: what it says may quote anything.
      why: `it could not be run (${(error as Error).name})`,
    }));
    results.push(result);
    deps.onStep(result);
  }
  return {
    target: target.id,
    ...(url === undefined ? {} : { url }),
    startedAt,
    endedAt: utc(deps.clock.now()),
    results,
  };
}

function toRun({ id, smoke }: Target, { url, only }: SmokeAsked): Smoke {
  const steps = only === 'http' ? httpSteps(smoke) : smoke.steps;
  if (steps.length > 0) return { steps, url: url ?? smoke.url };
  throw new InputError(
    `${id} has no smoke steps${only ? ' of its application' : ''}`,
    [],
    'add smoke: { url, steps } to the target; docs/reference/smoke.md shows them',
  );
}

function runStep(
  step: SmokeStep,
  target: Target,
  url: string | undefined,
  memory: Memory,
  secrets: (part: SecretPart) => string,
  moment: string,
  { requests, ask, pause }: SmokeDeps,
): Promise<SmokeResult> {
  if (!isHttp(step)) return askSmokeStep(step, ask(target), moment, pause);
  // `check` refuses a step without a host where there is no url.
  return runHttpStep(step, url ?? 'http://host.invalid', memory, secrets, { requests, pause });
}

/** Every secret that the steps refer to, read once, with the fields that they name. */
async function readSecrets(
  target: Target,
  steps: readonly SmokeStep[],
  { secrets }: Pick<SmokeDeps, 'secrets'>,
): Promise<(part: SecretPart) => string> {
  const texts = new Map<string, string>();
  for (const part of secretsOfSteps(steps.filter(isHttp))) {
    const { secret } = part;
    if (!texts.has(secret)) texts.set(secret, await secrets.text(target, secret));
    secretPart(texts.get(secret)!, part);
  }
  return (part) => secretPart(texts.get(part.secret)!, part);
}
