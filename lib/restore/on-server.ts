import { type ErrorInfo, InputError, RestoreFailed, toErrorInfo } from '../domain/errors.ts';
import { type Plan, type Target, targetOf } from '../domain/plan/policy.ts';
import type { DumpPoint } from '../domain/points/recovery-point.ts';
import { HIDDEN } from '../domain/proof/definition.ts';
import type { Phase } from '../domain/proof/evidence.ts';
import { withoutExceptions } from '../domain/proof/exceptions.ts';
import { FACTS, type Manifest } from '../domain/proof/manifest.ts';
import { type Proof, prove, rewritten } from '../domain/proof/proof.ts';
import { sqlSteps } from '../domain/smoke/smoke-step.ts';
import { deadline } from '../execution/deadline.ts';
import { type Stopwatch, stopwatch } from '../execution/stopwatch.ts';
import { checkManifest } from '../points/artifact.ts';
import type { Clock } from '../ports/clock.ts';
import type { Scratch, ScratchCopy } from '../ports/database.ts';
import type { Log } from '../ports/messages.ts';
import type { Vault } from '../ports/vault.ts';
import { type Answer, askAssertions } from './prove/assertions.ts';
import { answerOf, askSmokeStep, notSent } from './prove/smoke-questions.ts';

export type ScratchDeps = {
  plan: Plan;
  vault: Vault;
  scratch: Pick<Scratch, 'refusal' | 'withCopy'>;
  clock: Clock;
  log: Log;
  secondsLeft: () => number;
};

/** The complete point, because the restoring function can reach only the vault, not the catalog. */
export type ScratchRequest = { point: DumpPoint; simulation: boolean };

/** The result of restoring one point. Small: it travels through a checkpoint. */
export type ScratchResult = {
  phases: Phase[];
  proof?: Proof & { differenceCount: number };
  assertions: Answer[];
  leftOut: string[];
  /** Other objects left out on purpose, by kind and name. */
  exceptions?: string[];
  notes: string[];
  /** `bad`: the point did not restore. `unjudged`: the restore could not be tried, which says nothing about the point. */
  failure?: ErrorInfo & { kind: 'bad' | 'unjudged' };
};

const SHOWN = 100;
const RESERVE_SECONDS = 30;
/** Failures of a restore that are the point's fault, not the place's. */
const BAD_POINT = [
  'restore-failed',
  'checksum-mismatch',
  'artifact-missing',
  'manifest-invalid',
  'manifest-missing',
];

/**
 * Restores one point onto a scratch server, proves it against its manifest, asks the assertions, and deletes it. One
 * invocation.
 */
export async function restoreAndProve(request: ScratchRequest, deps: ScratchDeps): Promise<ScratchResult> {
  const { point } = request;
  const target = targetOf(deps.plan, point.target);
  if (!target) throw new InputError(`there is no target "${point.target}" in understudy.yml`);
  const time = stopwatch();
  const result: ScratchResult = { phases: time.phases, assertions: [], leftOut: [], notes: [] };
  try {
    await restoreAndCompare(request, target, point, deps, time, result);
  } catch (error) {
    const said = toErrorInfo(error);
    result.failure = { kind: BAD_POINT.includes(said.code) ? 'bad' : 'unjudged', ...said };
    if (error instanceof RestoreFailed) result.notes.push(...error.notes);
    // A server in trouble answers no question; an earlier proof stays valid.
    if (said.code === 'scratch-trouble') result.assertions = [];
    deps.log.error('the rehearsal failed', { point: point.id, failure: result.failure });
  }
  time.end(deps.clock.now());
  return result;
}

async function restoreAndCompare(
  request: ScratchRequest,
  target: Target,
  point: DumpPoint,
  deps: ScratchDeps,
  time: Stopwatch,
  result: ScratchResult,
): Promise<void> {
  time.begin('check', deps.clock.now());
  const { manifest, findings } = await checkManifest({ target, point, vault: deps.vault });
  if (!manifest) {
    const [first] = findings;
    result.failure = { kind: 'bad', code: first!.code, message: first!.message, hint: first!.next };
    return;
  }
  const refusal = await deps.scratch.refusal(manifest);
  if (refusal) {
    result.failure = { kind: 'unjudged', ...refusal };
    return;
  }
  const hint = 'beyond a function’s 15 minutes run the image on Fargate';
  const limit = deadline(deps, { what: 'the rehearsal', hint, reserve: RESERVE_SECONDS });
  const phase = (name: string) => {
    deps.log.info(`rehearsal: ${name}`, { target: target.id, point: point.id });
    time.begin(name, deps.clock.now());
  };
  const request_ = {
    manifest,
    dump: () => deps.vault.read(manifest.dump, limit.signal),
    roles: () => deps.vault.read(manifest.roles, limit.signal),
    restoreAs: target.policy.rehearsal.restoreAs,
    leaveOut: target.policy.rehearsal.leaveOut,
    phase,
    again: (why: string) => {
      deps.log.warn('the restore failed; it is tried once more', { point: point.id, why });
      time.gather('first try', deps.clock.now());
      result.notes.push(`the first try of the restore failed: ${why}`);
    },
    signal: limit.signal,
  };
  try {
    await deps.scratch.withCopy(request_, async (copy) => {
      result.leftOut = copy.leftOut;
      result.notes.push(...copy.notes);
      const exceptions = copy.exceptions ?? [];
      if (exceptions.length > 0) result.exceptions = [...new Set(exceptions.map(({ said }) => said))];
      const { depth } = target.policy.proof;
      phase('proof');
      const proof = withoutExceptions(await proofOf(manifest, copy, depth, result.notes), exceptions);
      result.proof = {
        ...proof,
        differenceCount: proof.differences.length,
        differences: proof.differences.slice(0, SHOWN),
      };
      phase('assertions');
      const asked = target.assertions.filter(
        (assertion) => assertion.when === 'always' || request.simulation,
      );
      result.assertions = await askAssertions(copy, asked, manifest);
      for (const step of sqlSteps(target.smoke)) {
        // Once: the copy does not change.
        const once = { ...step, retries: 0 };
        const answered = await askSmokeStep(
          once,
          copy.value,
          manifest.source.snapshotAt,
          async () => undefined,
        );
        result.assertions.push(answerOf(answered));
      }
      result.notes.push(...notSent(target.smoke, 'no application reaches a server inside a function'));
      phase('tear down');
    });
  } catch (error) {
    throw limit.signal.aborted ? limit.signal.reason : error;
  } finally {
    limit.end();
  }
}

/** Compares the copy, with a second look at what it writes differently than its source. */
async function proofOf(
  manifest: Manifest,
  copy: ScratchCopy,
  depth: 'fingerprints' | 'counts',
  notes: string[],
): Promise<Proof> {
  const facts = await copy.content(manifest, depth);
  const otherwise = rewritten(manifest, facts);
  const confirmed = otherwise.length > 0 ? await copy.confirmed(otherwise) : new Set<string>();
  if (confirmed.size > 0)
    notes.push(
      `PostgreSQL writes these differently after a restore; the archive holds the source's own text: ${[...confirmed].slice(0, 10).join(', ')}${confirmed.size > 10 ? ` and ${confirmed.size - 10} more` : ''}`,
    );
  const hidden = Object.entries(manifest.schema['user mapping'] ?? {}).filter(([, each]) => each === HIDDEN);
  if (hidden.length > 0)
    notes.push(
      `the dump role may not see the options of these user mappings (user, password), so the dump is without them: ${hidden.map(([name]) => name).join(', ')}`,
    );
  if (manifest.facts !== FACTS)
    notes.push(
      'another version of Understudy made this dump, so only its rows were compared: take a new dump',
    );
  return prove(manifest, facts, { depth, extensionsLeftOut: copy.leftOut, confirmed });
}
