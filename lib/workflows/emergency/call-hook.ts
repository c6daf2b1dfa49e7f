import { Refusal } from '../../domain/errors.ts';
import {
  type HookAsk,
  type HookCall,
  type HookSaid,
  readHookAnswer,
} from '../../domain/incidents/hook-call.ts';
import type { RestoreRecord, RestoreSide } from '../../domain/incidents/restore-record.ts';
import { plusSeconds, utc } from '../../domain/time.ts';
import type { Afterwards } from './restoring.ts';

/** How often a hook that fails is called. */
const TRIES = 3;
/** A hook may refuse a call that begins later than so many seconds: its restore may be rolled back by then. */
const BEGINS_WITHIN = 300;

/**
 * Calls a hook, and waits for it without being billed. Rejects with `hook-failed` and `hook-answer`, which name it and
 * repeat nothing that it said: an error of a function may contain what it works with.
 */
export async function callHook(restoring: Afterwards, hook: string, ask: HookAsk): Promise<HookSaid> {
  const { log, durable } = restoring;
  for (let attempt = 1; ; attempt++) {
    const step = `${ask} by ${hook}${attempt === 1 ? '' : `, ${attempt}`}`;
    // A step before each call: whoever holds the restore is heard of between two calls of fifteen minutes.
    const call = await callOf(restoring, step, ask);
    const answered = await durable.invoke<HookCall, unknown>(step, hook, call).then(
      (answer) => ({ said: readHookAnswer(ask, answer) }),
      () => undefined,
    );
    if (answered?.said) {
      const { message } = answered.said;
      if (message !== undefined) await log.add(`what ${hook} says`, `${hook}, ${ask}: ${message}`);
      return answered.said;
    }
    if (answered) {
      const expected = ask === 'start' ? '{ url }' : '{ message }';
      throw new Refusal(
        'hook-answer',
        `the hook ${hook} answered ${ask} with something else than ${expected}`,
        { hint: `it answers ${ask === 'start' ? '' : 'nothing or '}${expected}; ${logOf(hook)}` },
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

async function callOf({ log, durable, deps }: Afterwards, step: string, ask: HookAsk): Promise<HookCall> {
  const { record } = log;
  const { target, id, by } = record;
  const at = await durable.step(`${step}: when`, async () => utc(deps.clock.now()));
  const notAfter = utc(plusSeconds(at, BEGINS_WITHIN));
  const ours = { schemaVersion: 1 as const, hook: ask, target, restore: id, by, at, notAfter };
  return { ...ours, ...addresses(record) };
}

/** By their names of now: after a renaming the new one answers where the old one did. */
function addresses({ old, made, switched, undoing }: RestoreRecord): Pick<HookCall, 'old' | 'new'> {
  const { newIs, oldIs } = undoing ? {} : (switched ?? {});
  const replaced = old && oldIs && old.host ? { ...old, host: old.host.replace(/^[^.]+/, oldIs) } : old;
  return { old: addressOf(replaced), new: addressOf(newIs ? old : made) };
}

const addressOf = (side: RestoreSide | undefined) =>
  side?.host && side.port ? { host: side.host, port: side.port } : null;
