import { Refusal } from '../../domain/errors.ts';
import {
  type HookAsk,
  type HookCall,
  type HookSaid,
  readHookAnswer,
  requiredAnswer,
} from '../../domain/incidents/hook-call.ts';
import { plusSeconds, utc } from '../../domain/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Durable } from '../../ports/durable.ts';

/** Of which restore or rehearsal a call is, and where the databases are. */
export type HookAbout = Omit<HookCall, 'schemaVersion' | 'hook' | 'at' | 'notAfter'>;

/** How often a hook that fails is called. */
const TRIES = 3;
/** A hook may refuse a call that begins later than so many seconds: its restore may be rolled back by then. */
const BEGINS_WITHIN = 300;

/**
 * Calls a hook, and waits for it without being billed. Rejects with `hook-failed` and `hook-answer`, which name it and
 * repeat nothing that it said: an error of a function may contain what it works with.
 */
export async function askHook(
  hook: string,
  ask: HookAsk,
  about: HookAbout,
  durable: Durable,
  { clock }: { clock: Clock },
): Promise<HookSaid> {
  for (let attempt = 1; ; attempt++) {
    const step = `${ask} by ${hook}${attempt === 1 ? '' : `, ${attempt}`}`;
    // A step before each call: whoever holds the restore is heard of between two calls of fifteen minutes.
    const at = await durable.step(`${step}: when`, async () => utc(clock.now()));
    const notAfter = utc(plusSeconds(at, BEGINS_WITHIN));
    const call: HookCall = { schemaVersion: 1, hook: ask, ...about, at, notAfter };
    const answered = await durable.invoke<HookCall, unknown>(step, hook, call).then(
      (answer) => ({ said: readHookAnswer(ask, answer) }),
      () => undefined,
    );
    if (answered?.said) return answered.said;
    if (answered) {
      const required = requiredAnswer(ask);
      throw new Refusal(
        'hook-answer',
        `the hook ${hook} answered ${ask} with something else than ${required ?? '{ message }'}`,
        { hint: `it answers ${required ?? 'nothing or { message }'}; ${logOf(hook)}` },
      );
    }
    if (attempt === TRIES)
      throw new Refusal('hook-failed', `the hook ${hook} failed at ${ask}, ${TRIES} times`, {
        hint: logOf(hook),
      });
    await durable.pause(`${step}: wait to call it again`, 5 * attempt);
  }
}

/** Its log group is named after the function, without Region, account and alias. */
function logOf(hook: string): string {
  return `read why in /aws/lambda/${hook.replace(/^arn:.*:function:/, '').replace(/:.*$/, '')}`;
}
