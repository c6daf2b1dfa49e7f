import { type ErrorInfo, refusalOf, toErrorInfo } from '../../domain/errors.ts';
import { finding } from '../../domain/findings/finding.ts';
import type { Address } from '../../domain/incidents/redirect-secret.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { RehearseInstanceJob } from '../../domain/runs/job.ts';
import type { ScratchRecord } from '../../domain/runs/scratch-record.ts';
import { httpSteps, type SmokeResult } from '../../domain/smoke/smoke-step.ts';
import { attempt, unwrap } from '../../execution/durable-run.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Durable } from '../../ports/durable.ts';
import type { Hooks } from '../../ports/hooks.ts';
import type { Answer } from '../prove/assertions.ts';
import { answerOf, notSent } from '../prove/smoke-questions.ts';
import { askApplication, orWhyNot } from './ask-application.ts';
import { askHook, type HookAbout } from './ask-hook.ts';

export type SmokeCopyDeps = {
  hooks: Hooks;
  clock: Clock;
  smokeFunction: string;
  cancelled?: (() => Promise<ErrorInfo | undefined>) | undefined;
};

/** A copy of a rehearsal: of which run, asked by whom, until when it stands, and where it answers. */
export type Copy = { run: string; by: string; expires: string; at: Address | null };

export const copyOf = (
  { run, expiresAt }: ScratchRecord,
  { requestedBy }: RehearseInstanceJob,
): Omit<Copy, 'at'> => ({ run, by: requestedBy, expires: expiresAt });

/** What the smoke steps by HTTP found on a copy, and why the application that was started for them may run still. */
export type CopySmoked = { answers: Answer[]; notes: string[]; running?: { hook: string; why: string } };

/**
 * Sends the smoke steps to an application that a hook starts against the proven copy, and has it stopped in any case. A
 * step that could not be sent is an answer that is `unasked`. Rejects only when a person cancels the rehearsal.
 */
export async function smokeCopy(
  copy: Copy,
  target: Target,
  durable: Durable,
  deps: SmokeCopyDeps,
): Promise<CopySmoked> {
  const hook = target.policy.rehearsal.instance.application;
  if (!hook || !startsApplication(target))
    return { answers: [], notes: notSent(target.smoke, NO_APPLICATION) };
  const cancelled = await durable.step(
    'before its application',
    async () => (await deps.cancelled?.()) ?? null,
  );
  if (cancelled) throw refusalOf(cancelled);
  const notes: string[] = [];
  let running: CopySmoked['running'];
  const { results, whyNot } = await orWhyNot(
    async () => {
      unwrap(await attempt(durable, `may ${hook} be called?`, () => deps.hooks.check(hook)));
      try {
        const { url, message } = await askHook(hook, 'start', aboutOf(copy, target), durable, deps);
        if (message !== undefined) notes.push(`${hook}, start: ${message}`);
        return await askApplication({ target, durable, deps }, 'send the smoke steps to the copy', url);
      } finally {
        const why = await stopCopy(copy, target, durable, deps);
        if (why) running = { hook, why };
      }
    },
    (why) => why,
  );
  return { answers: answersOf(target, results, whyNot), notes, ...(running ? { running } : {}) };
}

/** Does a rehearsal of this target have an application started, for its smoke steps? */
export function startsApplication({ policy, smoke }: Target): boolean {
  return policy.rehearsal.instance.application !== undefined && httpSteps(smoke).length > 0;
}

/** Has the application of a copy stopped, if the policy has one started. Resolves with why it may run still. */
export async function stopCopy(
  copy: Copy,
  target: Target,
  durable: Durable,
  deps: Pick<SmokeCopyDeps, 'clock'>,
): Promise<string | undefined> {
  const hook = target.policy.rehearsal.instance.application;
  if (!hook || !startsApplication(target)) return undefined;
  return askHook(hook, 'stop', aboutOf(copy, target), durable, deps).then(
    () => undefined,
    (error) => toErrorInfo(error).message,
  );
}

/** The finding about an application that may run still. */
export function stillRunning(target: Target, { hook, why }: NonNullable<CopySmoked['running']>) {
  return finding('application-left-running', {
    target,
    subject: hook,
    message: `the application that ${hook} started against a rehearsed copy may run still: ${why}`,
  });
}

const NO_APPLICATION = 'no application runs against the copy (rehearsal.instance.application)';

function answersOf(target: Target, results: readonly SmokeResult[], whyNot = 'it has no result'): Answer[] {
  return httpSteps(target.smoke).map(({ name, priority }) => {
    const result = results.find(({ step }) => step === name);
    if (result) return answerOf(result);
    return { name, passed: false, detail: whyNot, unasked: true, smoke: priority };
  });
}

/** It never has the address of production, and `restore` is null: so the hook knows that this is a rehearsal. */
function aboutOf({ run, by, expires, at }: Copy, { id }: Target): HookAbout {
  return { target: id, restore: null, rehearsal: run, expires, by, old: null, new: at };
}
