import { reconcile } from '../../alerting/alerts.ts';
import { InputError, withHint } from '../../domain/errors.ts';
import { codesClosedBy, DEPLOYMENT, FINDINGS, type Finding, finding } from '../../domain/findings/finding.ts';
import { requireTarget, type Target } from '../../domain/plan/policy.ts';
import type { PreflightJob } from '../../domain/runs/job.ts';
import {
  checkBackups,
  checkExistence,
  checkPosture,
  checkSnapshotQuota,
} from '../../domain/status/posture.ts';
import { type ClaimDeps, type JobOutcome, underClaim } from '../../execution/claim.ts';
import { checkKey } from '../../points/check-snapshot.ts';
import { type AskDeps, type Asked, askQuestions, type Restorable } from './questions.ts';
import { checkRestore, mayClose } from './restorability.ts';

export type PreflightDeps = ClaimDeps & AskDeps;
export type PreflightOutcome = JobOutcome & { findings: Finding[] };

/**
 * Would a restore succeed now, and is the source set up as promised? Asks questions and restores nothing. Answers are
 * judged and alerted on; a question without an answer is its own finding and closes none.
 */
export async function preflight(job: PreflightJob, deps: PreflightDeps): Promise<PreflightOutcome> {
  const target = requireTarget(deps.plan, job.target);
  const ref = restorable(target);
  let findings: Finding[] = [];
  const outcome = await underClaim(deps, job, job, async ({ signal }) => {
    const asked = await askQuestions(target, ref, job, deps);
    signal.throwIfAborted();
    findings = judge(target, ref, asked, deps.clock.now());
    await reconcileAnswers(target, asked, findings, deps);
    return { summary: sum(asked, findings) };
  });
  return { ...outcome, findings };
}

function restorable(target: Target): Restorable {
  const { platform } = target;
  if (platform && platform.kind !== 'elasticache') return { kind: platform.kind, id: platform.id };
  throw new InputError(
    platform
      ? `${target.id} is a cache, and a preflight is about instances and clusters`
      : `${target.id} has no instance or cluster that a preflight could look at`,
    [],
    'give the target rds: or aurora: in understudy.yml',
  );
}

function judge(target: Target, ref: Restorable, asked: Asked, now: Date): Finding[] {
  const { answers, quotas, copies, unknown } = asked;
  const source = answers.source?.found;
  return [
    ...(answers.source ? checkExistence(target, ref, source) : []),
    ...(source ? [...checkBackups(target, source, now), ...checkPosture(target, source, now)] : []),
    ...checkRestore(target, answers, now),
    ...[...quotas].flatMap(([place, quota]) => checkSnapshotQuota(place, quota)),
    ...copies.flatMap(({ point, key }) => checkKey(target, point.id, point.snapshot.kmsKey, key)),
    ...unknown.map(({ question, reason, hint }) =>
      finding('preflight-unknown', {
        target,
        subject: question,
        message: withHint(`${question} of ${target.id}: ${reason}`, hint),
      }),
    ),
  ];
}

/** Closes earlier findings that no longer hold, if their question was answered this time. */
async function reconcileAnswers(
  target: Target,
  { answers, quotas, copies, left }: Asked,
  findings: readonly Finding[],
  deps: PreflightDeps,
): Promise<void> {
  const source = answers.source?.found;
  const mended = ({ code, subject }: Finding): boolean => {
    if (code === 'preflight-unknown') return !left.includes(subject);
    if (code === 'source-missing') return answers.source !== undefined;
    if (code === 'pitr-window-short') return source !== undefined && answers['pitr window'] !== undefined;
    if (FINDINGS[code].closedBy.includes('posture')) return source !== undefined;
    // Of a copy, whose key has its own question.
    if (code === 'restore-key-unusable' && copies.some(({ point }) => point.id === subject))
      return copies.some(({ point, key }) => point.id === subject && key === 'usable');
    // As RDS reported it of the source, all of whose keys have been checked now.
    if (code === 'restore-key-unusable' && subject === target.platform?.id)
      return mayClose({ code, subject: 'key' }, answers) && !findings.some((found) => found.code === code);
    return mayClose({ code, subject }, answers);
  };
  const [ofAccount, ofTarget] = [findings.filter(isOfAccount), findings.filter((each) => !isOfAccount(each))];
  await reconcile(deps, target.id, codesClosedBy('preflight', 'posture'), ofTarget, mended);
  await reconcile(deps, DEPLOYMENT.id, ['snapshot-quota-near'], ofAccount, ({ subject }) =>
    quotas.has(subject),
  );
}

function isOfAccount({ target }: Finding): boolean {
  return target === DEPLOYMENT.id;
}

/** `11 questions answered, 1 not (key), 2 findings`. */
function sum({ answers, quotas, unknown, left }: Asked, findings: readonly Finding[]): string {
  // The quota at home is part of an answer that counts already.
  const answered = Object.keys(answers).length + [...quotas].length - (answers.quotas ? 1 : 0);
  const not = [...unknown.map(({ question }) => question), ...left];
  return [
    `${answered} questions answered`,
    ...(not.length > 0 ? [`${not.length} not (${not.join(', ')})`] : []),
    findings.length === 1 ? '1 finding' : `${findings.length} findings`,
  ].join(', ');
}
