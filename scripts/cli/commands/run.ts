import { InputError, UnderstudyError } from '../../../lib/domain/errors.ts';
import type { Evidence } from '../../../lib/domain/evidence.ts';
import type { Finding } from '../../../lib/domain/finding.ts';
import { runName } from '../../../lib/domain/names.ts';
import type { RecoveryPoint } from '../../../lib/domain/recovery-point.ts';
import type { Decision } from '../../../lib/domain/retention.ts';
import type { Run } from '../../../lib/domain/run.ts';
import { OF_PREFLIGHT } from '../../../lib/workflows/platform/preflight.ts';
import type { Delivery } from '../../local/pump.ts';
import { DONE, type ExitCode, FAILED, FOUND_WRONG } from '../exit.ts';
import { type Message, messageFor, type RunOptions, runOf } from '../message.ts';
import { progress } from '../progress.ts';
import { type Answer, bad, faint, good } from '../say.ts';
import { sayEvidence } from '../say-evidence.ts';
import type { Session } from '../session.ts';

/** Asks for a job as a schedule would: a message on topic `jobs`. Locally the queues are then emptied in this process. */
export async function run(
  session: Session,
  job: string,
  target: string,
  options: RunOptions,
): Promise<Answer> {
  const message = messageFor(session, job, target, options);
  if (job === 'verify' && options.wait && !options.point && !session.isLocal)
    throw new InputError(
      'a verification is named after its point',
      [],
      'add --point ID to wait for it; ./understudy points T lists them',
    );
  if (session.isLocal) refuseWhatIsNotLocal(message);
  if (options.point !== undefined) await refuseUnknownPoint(session, message, options.point);
  if (message.job === 'rehearse-instance') await sayBeforehand(session, message);
  if (job === 'expire' && options.dryRun) return dryRun(session, message);
  return session.isLocal ? runHere(session, message) : runThere(session, message, options);
}

/** The local cloud has no RDS and no ElastiCache: without one of its own it would be asked for ever. */
function refuseWhatIsNotLocal({ job, target }: Message): void {
  const ofPlatform = ['snapshot', 'copy', 'preflight', 'rehearse-instance'].includes(job);
  if (!ofPlatform || process.env['AWS_ENDPOINT_URL_RDS']) return;
  throw new UnderstudyError(
    'not-local',
    `${job} of ${target} asks RDS or ElastiCache, which the local cloud does not have`,
    {
      hint: 'bash scripts/demo.sh shows it on a local RDS of its own; a deployed stage does it with --stage NAME',
    },
  );
}

/** As many points as are asked for at once: of more than these the job itself says whether there is such a one. */
const POINTS = 1000;

/** A slip of the pen is said here, and not by a failed run and an alert to everybody. */
async function refuseUnknownPoint(session: Session, { target }: Message, id: string): Promise<void> {
  const points = await session.invoke<RecoveryPoint[]>('operator', { ask: 'points', target, limit: POINTS });
  if (points.length >= POINTS || points.some((point) => point.id === id)) return;
  throw new InputError(
    `${target} has no recovery point ${id}`,
    [],
    `./understudy points ${target} lists them`,
  );
}

/** Longer than any run may take: snapshots, copies and restores are waited for by the platform’s own measure. */
const LONGEST_WAIT_HOURS = 48;

/** What a rehearsal on an instance will take and cost is said before it is asked for. */
async function sayBeforehand(session: Session, message: Message): Promise<void> {
  const from = message['from'];
  const { said } = await session.invoke<{ said: string }>('operator', {
    ask: 'estimate',
    target: message.target,
    from,
  });
  process.stderr.write(`${said}\n`);
}

async function runHere(session: Session, message: Message): Promise<Answer> {
  await session.invoke('operator', { ask: 'run', message });
  const { pump } = await import('../../local/pump.ts');
  const { endDurable } = await import('../../local/handlers.ts');
  const deliveries = await progress(`${message.job} of ${message.target}`, (update) =>
    pump((delivery) => update(sayDelivery(delivery))),
  ).finally(endDurable);
  return {
    document: deliveries.map(documentOf),
    lines: deliveries.flatMap(sayWhole),
    exit: worst(deliveries.map(exitOf)),
  };
}

async function runThere(session: Session, message: Message, options: RunOptions): Promise<Answer> {
  await session.invoke('operator', { ask: 'run', message });
  const name = runName(runOf(message));
  if (!options.wait)
    return {
      document: { published: message },
      exit: DONE,
      lines: [
        `asked for ${name}`,
        faint(
          `./understudy status ${message.target} --stage ${session.options.stage} shows what became of it${message.job === 'verify' && !options.point ? '' : '; --wait waits'}`,
        ),
      ],
    };
  const asked = { ask: 'outcome', ...runOf(message) };
  const deadline = Date.now() + LONGEST_WAIT_HOURS * 3_600_000;
  const ended = await progress(name, async (update) => {
    for (;;) {
      const found = await session.invoke<Run | null>('operator', asked);
      if (found && found.state !== 'running') return found;
      if (Date.now() > deadline)
        throw new UnderstudyError(
          'waited-too-long',
          `${name} has not ended after ${LONGEST_WAIT_HOURS} hours`,
          {
            hint: `./understudy status ${message.target} shows what became of it`,
          },
        );
      update(found ? `running since ${found.startedAt}` : 'waiting for its turn');
      await new Promise((resolve) => setTimeout(resolve, 5000));
    }
  });
  const evidence =
    message.job.startsWith('rehearse') && ended.state === 'succeeded'
      ? await evidenceOf(session, message.target, name)
      : undefined;
  const findings = message.job === 'preflight' ? await openOf(session, message.target) : [];
  const isWrong = evidence?.outcome === 'failed' || findings.length > 0;
  return {
    document: evidence ?? (message.job === 'preflight' ? { ...ended, findings } : ended),
    exit: ended.state === 'failed' ? FAILED : isWrong ? FOUND_WRONG : DONE,
    lines: evidence
      ? sayEvidence(evidence)
      : [
          `${ended.state === 'succeeded' && !isWrong ? good('✔') : bad('✖')} ${ended.summary ?? ended.state}`,
          ...(ended.error?.hint ? [`  ${faint(`next: ${ended.error.hint}`)}`] : []),
          ...findings.flatMap(sayFinding),
        ],
  };
}

/** Of this rehearsal: others of the target may have begun and ended meanwhile. */
async function evidenceOf(session: Session, target: string, run: string): Promise<Evidence> {
  const newest = await session.invoke<Evidence[]>('operator', { ask: 'evidence', target, limit: 20 });
  const found = newest.find((each) => each.run === run);
  if (found) return found;
  throw new UnderstudyError('evidence-missing', `${run} has ended, and there is no evidence of it`, {
    hint: `./understudy evidence ${target} --last 100 lists what there is; the log of the function says why`,
  });
}

async function dryRun(session: Session, message: Message): Promise<Answer> {
  const planned = await session.invoke<{
    decisions: Decision[];
    orphans: string[];
    unknown?: string[];
    frozen?: string;
  }>('expire', { ...message, dryRun: true });
  const lines = planned.decisions.map(
    ({ point, keep, why }) => `${keep ? good('keep  ') : bad('delete')} ${point.id}  ${why}`,
  );
  const orphans = planned.orphans.map((key) => `${bad('delete')} ${key}  belongs to no point`);
  const unknown = (planned.unknown ?? []).map((dump) => `${good('keep  ')} ${dump}  unknown to the catalog`);
  return {
    document: planned,
    exit: DONE,
    lines: [
      ...lines,
      ...orphans,
      ...unknown,
      ...(planned.frozen ? [`nothing is deleted, because ${planned.frozen}`] : []),
      faint('dry run: nothing was touched'),
    ],
  };
}

type Result = {
  outcome?: string;
  summary?: string;
  hint?: string;
  evidence?: Evidence;
  findings?: { code: string; message: string; next: string }[];
};

function results(delivery: Delivery): Result[] {
  return (Array.isArray(delivery.result) ? delivery.result : [delivery.result ?? {}]) as Result[];
}

function documentOf(delivery: Delivery): unknown {
  return {
    function: delivery.function,
    message: delivery.message,
    ...(delivery.error ? { error: delivery.error.message } : { result: delivery.result }),
  };
}

function sayDelivery(delivery: Delivery): string {
  if (delivery.error) return `${delivery.function}: ${delivery.error.message}`;
  return results(delivery)
    .map((result) => `${delivery.function}: ${result.summary ?? result.evidence?.outcome ?? 'nothing to do'}`)
    .join('; ');
}

function sayWhole(delivery: Delivery): string[] {
  if (delivery.error)
    return [`${bad('✖')} ${delivery.function}  ${delivery.error.message}`, ...hintLine(delivery.error)];
  if (delivery.result === undefined)
    return [`${bad('✖')} ${delivery.function}  refused the message; an alert says why`];
  if (Array.isArray(delivery.result) && delivery.result.length === 0)
    return [`${good('✔')} ${delivery.function}  nothing waits for it`];
  return results(delivery).flatMap((result) => {
    if (result.evidence) return sayEvidence(result.evidence);
    const wrong = ['refused', 'failed'].includes(result.outcome ?? '') || (result.findings?.length ?? 0) > 0;
    return [
      `${wrong ? bad('✖') : good('✔')} ${delivery.function}  ${result.summary ?? 'nothing to do'}`,
      ...(result.hint ? [`  ${faint(`next: ${result.hint}`)}`] : []),
      ...(result.findings ?? []).flatMap(sayFinding),
    ];
  });
}

function sayFinding(found: { code: string; message: string; next: string }): string[] {
  return [`  ${bad(found.code)}  ${found.message}`, `  ${faint(`next: ${found.next}`)}`];
}

/** What a preflight says stands open, of this run and of those before it that it could not take back. */
async function openOf(session: Session, target: string): Promise<Finding[]> {
  const { targets } = await session.invoke<{ targets: { open: Finding[] }[] }>('operator', {
    ask: 'status',
    target,
  });
  return (targets[0]?.open ?? []).filter(({ code }) => OF_PREFLIGHT.includes(code));
}

function hintLine(error: Error): string[] {
  const { hint } = error as { hint?: string };
  return hint ? [`  ${faint(`next: ${hint}`)}`] : [];
}

function exitOf(delivery: Delivery): ExitCode {
  if (delivery.error || delivery.result === undefined) return FAILED;
  return worst(
    results(delivery).map((result) => {
      if (result.outcome === 'refused' || result.outcome === 'failed') return FAILED;
      if (result.evidence?.error && result.evidence.findings.length === 0) return FAILED;
      return result.evidence?.outcome === 'failed' || (result.findings?.length ?? 0) > 0 ? FOUND_WRONG : DONE;
    }),
  );
}

/** Not being able outweighs finding something, which outweighs good. */
function worst(codes: ExitCode[]): ExitCode {
  return codes.includes(FAILED) ? FAILED : codes.includes(FOUND_WRONG) ? FOUND_WRONG : DONE;
}
