import { UnderstudyError } from '../../domain/errors.ts';
import {
  httpSteps,
  type Smoke,
  type SmokeResult,
  type SqlExpectation,
  type SqlStep,
} from '../../domain/smoke/smoke-step.ts';
import { humanSeconds } from '../../domain/time.ts';
import { type Answer, judgeValue } from './assertions.ts';

/** Asks a database one question that may take so many seconds; resolves with its one value. */
export type Ask = (sql: string, seconds: number) => Promise<string | undefined>;
export type Pause = (seconds: number) => Promise<void>;

/** Asks the question of a smoke step until it is answered as expected or its tries are used up. */
export async function askSmokeStep(
  step: SqlStep,
  ask: Ask,
  /** `fresherThan` counts back from this moment. */
  moment: string,
  pause: Pause,
): Promise<SmokeResult> {
  const { name, priority, retries, retryAfter } = step;
  for (let tries = 1; ; tries++) {
    const why = await whyWrong(step, ask, moment);
    if (why === undefined) return { step: name, priority, ok: true };
    if (tries > retries) return { step: name, priority, ok: false, why };
    await pause(retryAfter);
  }
}

/** The result of a step among the answers of a rehearsal. */
export function answerOf({ step, priority, ok, why }: SmokeResult): Answer {
  return { name: step, passed: ok, detail: why ?? 'as expected', smoke: priority };
}

/** The note on smoke steps by HTTP that nobody meant to send to this copy: neither a pass nor a fault. */
export function notSent(smoke: Smoke, why: string): string[] {
  const names = httpSteps(smoke).map(({ name, priority }) => `${name} (${priority})`);
  return names.length === 0 ? [] : [`smoke steps not sent, because ${why}: ${names.join(', ')}`];
}

async function whyWrong(
  { sql, expect, timeout }: SqlStep,
  ask: Ask,
  moment: string,
): Promise<string | undefined> {
  let value: string | undefined;
  try {
    value = await ask(sql, timeout);
  } catch (error) {
    return `it was not answered: ${saidWithoutValues(error)}`;
  }
  if (value === undefined) return `the answer is NULL, ${expected(expect)}`;
  return judgeValue(expect, value, moment) ? undefined : `the answer is not as expected: ${expected(expect)}`;
}

/** The server's own message may quote a value of a row: then there is only its code. */
function saidWithoutValues(error: unknown): string {
  if (error instanceof UnderstudyError) return error.message.slice(0, 200);
  return `the server refuses it (${(error as { code?: string }).code ?? 'no code'})`;
}

/** What came is not said: it may be of a row. */
function expected(expect: SqlExpectation): string {
  if ('equals' in expect) return `expected ${JSON.stringify(expect.equals)}`;
  if ('minimum' in expect) return `expected at least ${expect.minimum}`;
  return `expected a moment at most ${humanSeconds(expect.fresherThan)} ago`;
}
