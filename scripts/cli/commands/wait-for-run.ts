import pc from 'picocolors';
import { UnderstudyError } from '../../../lib/domain/errors.ts';
import { isSettled } from '../../../lib/domain/findings/acknowledgement.ts';
import type { Finding } from '../../../lib/domain/findings/finding.ts';
import { codesClosedBy } from '../../../lib/domain/findings/registry.ts';
import { runName } from '../../../lib/domain/names.ts';
import type { Evidence } from '../../../lib/domain/proof/evidence.ts';
import type { Run } from '../../../lib/domain/runs/run.ts';
import { runOf } from '../../../lib/domain/runs/run-of.ts';
import { humanSeconds, plusSeconds, secondsBetween, utc } from '../../../lib/domain/time.ts';
import type { AskedMessage } from '../asked-message.ts';
import { DONE, type ExitCode, FAILED, FOUND_WRONG } from '../exit-codes.ts';
import { formatFinding } from '../format-delivery.ts';
import { formatEvidenceLines } from '../format-evidence-lines.ts';
import { type CommandResult, shortUtc } from '../print-result.ts';
import type { ProgressLine } from '../renderer.ts';
import type { Session } from '../session.ts';
import { showProgress } from '../show-progress.ts';
import { usualSeconds } from '../usual-seconds.ts';
import { cancelCommand } from './cancel-command.ts';

/** Longer than any run may take: snapshots, copies and restores have their own deadlines. */
const LONGEST_HOURS = 48;
const SECONDS_BETWEEN_LOOKS = 5;

/** The result of a run of a deployed stage: how it ended, its proof, its findings. */
type Outcome = { ended: Run; evidence?: Evidence | undefined; findings: Finding[] };

/** Waits until the requested run has ended, and judges it by its own evidence and findings alone. */
export async function waitForRun(session: Session, message: AskedMessage): Promise<CommandResult> {
  const outcome = await showProgress(
    runName(runOf(message)),
    async (show) => whatItFound(session, message, await untilEnded(session, message, show)),
    (found) => exitOf(found) === DONE,
    { cancel: () => cancelCommand(session, runOf(message).job, message.target) },
  );
  return { document: documentOf(message, outcome), exit: exitOf(outcome), lines: linesOf(outcome) };
}

async function untilEnded(
  session: Session,
  message: AskedMessage,
  { say, live }: ProgressLine,
): Promise<Run> {
  const usual = await usualSeconds(session, message);
  let said = '';
  const deadline = Date.now() + LONGEST_HOURS * 3_600_000;
  for (;;) {
    const found = await session.invoke<Run | null>('operator', { ask: 'outcome', ...runOf(message) });
    if (found && found.state !== 'running') return found;
    if (Date.now() > deadline)
      throw new UnderstudyError(
        'waited-too-long',
        `${runName(runOf(message))} has not ended after ${LONGEST_HOURS} hours`,
        { hint: `./understudy status ${message.target} shows what became of it` },
      );
    const state = found ? `running since ${found.startedAt}` : 'waiting for its turn';
    if (state !== said) say(state);
    said = state;
    live(formatWait(found?.startedAt, usual));
    await new Promise((resolve) => setTimeout(resolve, SECONDS_BETWEEN_LOOKS * 1000));
  }
}

/** How long it has run, and when it should end by earlier runs. */
function formatWait(startedAt: string | undefined, usual: number | undefined): string {
  if (startedAt === undefined) return 'waiting for its turn';
  const elapsed = humanSeconds(secondsBetween(startedAt, new Date()));
  if (usual === undefined) return `running for ${elapsed}`;
  return `running for ${elapsed}, expected to end about ${shortUtc(utc(plusSeconds(startedAt, usual)))} UTC`;
}

async function whatItFound(session: Session, message: AskedMessage, ended: Run): Promise<Outcome> {
  const proves =
    (message.job.startsWith('rehearse') || message.job === 'drill') && ended.state === 'succeeded';
  return {
    ended,
    evidence: proves ? await evidenceOf(session, message) : undefined,
    findings: message.job === 'preflight' ? await openOf(session, message.target) : [],
  };
}

/** Of this rehearsal: others of the target may have begun and ended since. */
async function evidenceOf(session: Session, message: AskedMessage): Promise<Evidence> {
  // A drill is evidence of whose data it restored.
  const of = session.plan().targets.find(({ id }) => id === message.target)?.drill?.of;
  const target = message.job === 'drill' ? (of ?? message.target) : message.target;
  const run = runName(runOf(message));
  const newest = await session.invoke<Evidence[]>('operator', { ask: 'evidence', target, limit: 20 });
  const found = newest.find((each) => each.run === run);
  if (found) return found;
  throw new UnderstudyError('evidence-missing', `${run} has ended, and there is no evidence of it`, {
    hint: `./understudy evidence ${target} --last 100 lists what there is; the log of the function says why`,
  });
}

/** Open findings of a preflight, of this run and of earlier ones that it could not close. */
async function openOf(session: Session, target: string): Promise<Finding[]> {
  const { targets } = await session.invoke<{ targets: { open: Finding[] }[] }>('operator', {
    ask: 'status',
    target,
  });
  const codes = codesClosedBy('preflight', 'posture');
  return (targets[0]?.open ?? []).filter((found) => codes.includes(found.code) && !isSettled(found));
}

function exitOf({ ended, evidence, findings }: Outcome): ExitCode {
  if (ended.state === 'failed') return FAILED;
  return evidence?.outcome === 'failed' || findings.length > 0 ? FOUND_WRONG : DONE;
}

function documentOf({ job }: AskedMessage, { ended, evidence, findings }: Outcome): unknown {
  if (evidence) return evidence;
  return job === 'preflight' ? { ...ended, findings } : ended;
}

function linesOf(outcome: Outcome): string[] {
  const { ended, evidence, findings } = outcome;
  if (evidence) return formatEvidenceLines(evidence);
  return [
    `${exitOf(outcome) === DONE ? pc.green('✔') : pc.red('✖')} ${ended.summary ?? ended.state}`,
    ...(ended.error?.hint ? [`  ${pc.dim(`next: ${ended.error.hint}`)}`] : []),
    ...findings.flatMap(formatFinding),
  ];
}
