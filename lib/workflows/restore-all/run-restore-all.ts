import { reasonOf } from '../../domain/errors.ts';
import type { RestoreAllPlan, StepInAll, TargetInAll } from '../../domain/incidents/restore-all.ts';
import { secondsBetween } from '../../domain/time.ts';
import { concurrently } from '../../execution/concurrency.ts';
import { type BroughtBack, bringBack, type RestorePorts } from './bring-back.ts';

/** What a function of the plan is given. */
export type StepRequest = { step: string; at?: string | undefined; restores: BroughtBack[] };

export type RestoreAllPorts = RestorePorts & {
  /** Invokes a function of the person's own; its answer. */
  invoke(name: string, within: number, request: StepRequest): Promise<unknown>;
  /** Asks a person; true for yes. */
  ask(question: string): Promise<boolean>;
  say(text: string): void;
};

export type StepDone = { name: string; seconds: number; why?: string };
export type RestoreAllResult = {
  targets: BroughtBack[];
  steps: StepDone[];
  /** The step that did not succeed: nothing after it was begun. */
  stoppedAt?: string;
  seconds: number;
};

/**
 * Takes the steps in their order. The next one begins when every restore of this one waits for approval, is done or has
 * failed: approval is a person's, and hours of waiting for it must not hold up the others. A function or a person that
 * does not say yes ends it; a restore that fails does not.
 */
export async function runRestoreAll(plan: RestoreAllPlan, ports: RestoreAllPorts): Promise<RestoreAllResult> {
  const { clock } = ports;
  const began = clock.now();
  const targets: BroughtBack[] = [];
  const steps: StepDone[] = [];
  let stoppedAt: string | undefined;
  for (const step of plan.steps) {
    if (stoppedAt !== undefined) {
      targets.push(...step.restores.map(({ target }) => ({ target, outcome: 'not-begun' as const })));
      continue;
    }
    const since = clock.now();
    ports.say(step.name);
    const why = await takeStep(step, plan, targets, ports, began);
    steps.push({ name: step.name, seconds: secondsBetween(since, clock.now()), ...(why ? { why } : {}) });
    if (why !== undefined) stoppedAt = step.name;
  }
  const seconds = secondsBetween(began, clock.now());
  return { targets: withOthers(plan, targets), steps, ...(stoppedAt ? { stoppedAt } : {}), seconds };
}

/** Why a step did not succeed; undefined if it did. */
async function takeStep(
  step: StepInAll,
  { atOnce, wanted }: RestoreAllPlan,
  targets: BroughtBack[],
  ports: RestoreAllPorts,
  began: Date,
): Promise<string | undefined> {
  if ('function' in step) {
    const request = { step: step.name, ...(wanted === undefined ? {} : { at: wanted }), restores: targets };
    return ports.invoke(step.function, step.within, request).then(whyNotOk, reasonOf);
  }
  if ('confirm' in step) return (await ports.ask(step.confirm)) ? undefined : 'it was not confirmed';
  const restorable = step.restores.filter(({ way }) => way !== undefined);
  const work = async (restore: TargetInAll) => {
    const back = await bringBack(restore, wanted, ports);
    const readyAfter = secondsBetween(began, ports.clock.now());
    ports.say(`${back.target}: ${back.outcome}${back.why ? ` (${back.why})` : ''}`);
    targets.push({ ...back, ...(back.outcome === 'failed' ? {} : { readyAfter }) });
  };
  await concurrently(restorable, work, atOnce);
  return undefined;
}

const NOT_BEGUN = { outcome: 'not-begun' as const };

/** A function that answers anything but `{ "ok": true }` has not succeeded. */
function whyNotOk(answer: unknown): string | undefined {
  const { ok, message } = (answer ?? {}) as { ok?: unknown; message?: unknown };
  if (ok === true) return undefined;
  return typeof message === 'string' ? message.slice(0, 500) : 'it did not answer { "ok": true }';
}

/** With those that nobody begins: they come with another's instance, or only by hand. In the plan's order. */
function withOthers({ steps }: RestoreAllPlan, targets: readonly BroughtBack[]): BroughtBack[] {
  const known = new Map(targets.map((each) => [each.target, each]));
  return steps.flatMap(({ restores }) =>
    restores.map((restore): BroughtBack => {
      const { target, with: other, unswitched, byHand, why } = restore;
      const back = known.get(target);
      if (back) return back;
      if (other !== undefined && unswitched)
        return {
          target,
          outcome: 'by-hand',
          why: `it comes back on the new instance of ${other}, and its secrets still lead to the old one: switch them`,
        };
      if (other !== undefined)
        return {
          ...(known.get(other) ?? NOT_BEGUN),
          target,
          with: other,
          why: `it is on the instance of ${other}`,
        };
      return { target, outcome: 'by-hand', why: byHand ? `${byHand.kind} ${byHand.point}` : (why ?? '') };
    }),
  );
}
