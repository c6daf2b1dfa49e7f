import { InputError, UnderstudyError } from '../../../lib/domain/errors.ts';
import type { Evidence } from '../../../lib/domain/evidence.ts';
import type { Finding } from '../../../lib/domain/finding.ts';
import { JOBS } from '../../../lib/domain/job.ts';
import { sayDifference } from '../../../lib/domain/proof.ts';
import type { Decision } from '../../../lib/domain/retention.ts';
import type { Run } from '../../../lib/domain/run.ts';
import { humanSeconds, utc } from '../../../lib/domain/time.ts';
import { OF_PREFLIGHT } from '../../../lib/workflows/preflight.ts';
import type { Delivery } from '../../local/pump.ts';
import { DONE, type ExitCode, FAILED, FOUND_WRONG } from '../exit.ts';
import { progress } from '../progress.ts';
import { type Answer, bad, faint, good } from '../say.ts';
import type { Session } from '../session.ts';

export type RunOptions = {
  point?: string;
  again?: boolean;
  dryRun?: boolean;
  simulation?: boolean;
  wait?: boolean;
  reason?: string;
};

/** Asks for a job as a schedule would: a message on topic `jobs`. Locally the queues are then emptied in this process. */
export async function run(
  session: Session,
  job: string,
  target: string,
  options: RunOptions,
): Promise<Answer> {
  const message = messageFor(session, job, target, options);
  if (job === 'expire' && options.dryRun) return dryRun(session, message);
  return session.isLocal ? runHere(session, message) : runThere(session, message, options);
}

/** Longer than any run may take. In milliseconds. */
const LONGEST_WAIT = 5 * 3_600_000;

type Message = Record<string, unknown> & { job: string; target: string; scheduledFor: string };

function messageFor(session: Session, job: string, target: string, options: RunOptions): Message {
  const known: readonly string[] = [...JOBS, 'simulation'];
  if (!known.includes(job))
    throw new InputError(`there is no job "${job}"`, [], `there are ${known.join(', ')}`);
  if (!session.plan().targets.some((each) => each.id === target))
    throw new InputError(
      `there is no target "${target}" in ${session.options.config}`,
      [],
      './understudy targets lists them',
    );
  const common = {
    target,
    scheduledFor: utc(new Date()),
    requestedBy: session.caller,
    ...(options.reason ? { reason: options.reason } : {}),
  };
  if (job === 'simulation' || job === 'rehearse') {
    return {
      job: 'rehearse',
      ...common,
      ...(options.point ? { point: options.point } : {}),
      simulation: job === 'simulation' || options.simulation === true,
    };
  }
  if (job === 'verify')
    return {
      job,
      ...common,
      ...(options.point ? { point: options.point } : {}),
      again: options.again ?? false,
    };
  if (job === 'expire') return { job, ...common, dryRun: false };
  return { job, ...common };
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
  const name = `${message.job}/${message.target}/${message.scheduledFor}`;
  if (!options.wait)
    return {
      document: { published: message },
      exit: DONE,
      lines: [
        `asked for ${name}`,
        faint(
          `./understudy status ${message.target} --stage ${session.options.stage} shows what became of it; --wait waits`,
        ),
      ],
    };
  const job = message['simulation'] ? 'simulation' : message.job;
  if (job === 'verify' && !options.point)
    throw new InputError(
      'a verification is named after its point',
      [],
      'add --point ID to wait for it; ./understudy points T lists them',
    );
  const asked = {
    ask: 'outcome',
    target: message.target,
    job,
    scheduledFor: options.point && job === 'verify' ? options.point : message.scheduledFor,
  };
  const deadline = Date.now() + LONGEST_WAIT;
  const ended = await progress(name, async (update) => {
    for (;;) {
      const found = await session.invoke<Run | null>('operator', asked);
      if (found && found.state !== 'running') return found;
      if (Date.now() > deadline)
        throw new UnderstudyError('waited-too-long', `${name} has not ended after 5 hours`, {
          hint: `./understudy status ${message.target} shows what became of it`,
        });
      update(found ? `running since ${found.startedAt}` : 'waiting for its turn');
      await new Promise((resolve) => setTimeout(resolve, 5000));
    }
  });
  const [evidence] =
    message.job === 'rehearse'
      ? await session.invoke<Evidence[]>('operator', { ask: 'evidence', target: message.target })
      : [];
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

async function dryRun(session: Session, message: Message): Promise<Answer> {
  const planned = await session.invoke<{ decisions: Decision[]; orphans: string[]; frozen?: string }>(
    'expire',
    { ...message, dryRun: true },
  );
  const lines = planned.decisions.map(
    ({ point, keep, why }) => `${keep ? good('keep  ') : bad('delete')} ${point.id}  ${why}`,
  );
  const orphans = planned.orphans.map((key) => `${bad('delete')} ${key}  belongs to no point`);
  return {
    document: planned,
    exit: DONE,
    lines: [
      ...lines,
      ...orphans,
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
    const wrong = result.outcome === 'refused' || (result.findings?.length ?? 0) > 0;
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

function sayOutcome({ strength, outcome, differenceCount, error }: Evidence): string {
  if (error) return error.kind === 'bad' ? 'did not restore' : 'could not be tried';
  if (strength === 'none')
    return `restored, and ${differenceCount === 1 ? 'one thing differs' : `${differenceCount} things differ`} from its source`;
  const equal =
    strength === 'exact'
      ? 'restored and equal to its source, row by row'
      : 'restored; row counts agree, which proves no more';
  return outcome === 'passed' ? equal : `${equal}; but see below`;
}

/** One rehearsal: what it came to, how long each phase took, objectives achieved against promised. */
export function sayEvidence(evidence: Evidence): string[] {
  const { rto, rpo, compared } = evidence;
  const mark = evidence.outcome === 'passed' ? good('✔') : bad('✖');
  const said = sayOutcome(evidence);
  return [
    `${mark} rehearsal of ${evidence.target} ${evidence.outcome}: ${evidence.point} ${said}`,
    ...(compared
      ? [
          `  compared    ${compared.tables} tables, ${Number(compared.rows).toLocaleString('en')} rows, ${compared.objects} objects, ${compared.sequences} sequences, ${compared.largeObjects} large objects`,
        ]
      : []),
    `  phases      ${evidence.phases.map((phase) => `${phase.name} ${humanSeconds(phase.seconds)}`).join(', ')}`,
    ...(rto
      ? [`  RTO         ${humanSeconds(rto.achieved)} achieved, ${humanSeconds(rto.promised)} promised`]
      : []),
    ...(rpo
      ? [`  RPO         ${humanSeconds(rpo.achieved)} achieved, ${humanSeconds(rpo.promised)} promised`]
      : []),
    ...evidence.assertions.map(
      (answer) => `  assertion   ${answer.passed ? good('✔') : bad('✖')} ${answer.name}: ${answer.detail}`,
    ),
    ...evidence.differences
      .slice(0, 20)
      .map((difference) => `  ${bad('different')}   ${sayDifference(difference)}`),
    ...evidence.leftOut.map((extension) => `  left out    extension ${extension}`),
    ...evidence.notes.map((note) => `  note        ${note}`),
    ...evidence.findings.map((found) => `  ${bad(found.code)}  ${found.subject}: ${found.next}`),
    ...(evidence.error
      ? [
          `  ${bad(evidence.error.code)}  ${evidence.error.message}`,
          ...(evidence.error.hint ? [`  ${faint(`next: ${evidence.error.hint}`)}`] : []),
        ]
      : []),
  ];
}

function exitOf(delivery: Delivery): ExitCode {
  if (delivery.error || delivery.result === undefined) return FAILED;
  return worst(
    results(delivery).map((result) => {
      if (result.outcome === 'refused') return FAILED;
      if (result.evidence?.error && result.evidence.findings.length === 0) return FAILED;
      return result.evidence?.outcome === 'failed' || (result.findings?.length ?? 0) > 0 ? FOUND_WRONG : DONE;
    }),
  );
}

/** Not being able outweighs finding something, which outweighs good. */
function worst(codes: ExitCode[]): ExitCode {
  return codes.includes(FAILED) ? FAILED : codes.includes(FOUND_WRONG) ? FOUND_WRONG : DONE;
}
