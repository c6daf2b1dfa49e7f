import { Refusal, toErrorInfo } from '../../domain/errors.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { SmokeReport, SmokeResult } from '../../domain/smoke/smoke-step.ts';
import type { Durable } from '../../ports/durable.ts';

/** What steps found; or why they did not run, which says nothing about the database. */
export type Ran = { results: SmokeResult[]; whyNot?: string };

type Answered = SmokeReport | { mistake: { message: string; code?: string } };

/** Sends the requests of the smoke steps to an application: that of the plan, or another. They are not repeated. */
export async function askApplication(
  { target, durable, deps }: { target: Target; durable: Durable; deps: { smokeFunction: string } },
  name: string,
  url?: string,
): Promise<SmokeResult[]> {
  const request = { target: target.id, only: 'http', ...(url === undefined ? {} : { url }) };
  const answer = await durable.invoke<typeof request, Answered>(name, deps.smokeFunction, request);
  if ('results' in answer) return answer.results;
  throw new Refusal(answer.mistake.code ?? 'smoke-refused', answer.mistake.message);
}

/** Runs steps; a failure to find out is a value, which does not end the restore. */
export async function orWhyNot(
  run: () => Promise<SmokeResult[]>,
  say: (why: string) => string,
): Promise<Ran> {
  try {
    return { results: await run() };
  } catch (error) {
    return { results: [], whyNot: say(toErrorInfo(error).message) };
  }
}
