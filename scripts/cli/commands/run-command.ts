import pc from 'picocolors';
import { InputError, UnderstudyError } from '../../../lib/domain/errors.ts';
import { runName } from '../../../lib/domain/names.ts';
import { runOf } from '../../../lib/domain/runs/run-of.ts';
import type { AskedMessage, RunOptions } from '../asked-message.ts';
import { BY_SIGNAL, DONE, type EndingSignal } from '../exit-codes.ts';
import {
  deliveryDocument,
  exitCodeOf,
  formatDelivery,
  formatDeliveryLine,
  isGood,
} from '../format-delivery.ts';
import { messageFor } from '../message-for.ts';
import { type CommandResult, fitToStream } from '../print-result.ts';
import type { ProgressLine } from '../renderer.ts';
import { type Session, useLocalStack } from '../session.ts';
import { showProgress } from '../show-progress.ts';
import { usualSeconds } from '../usual-seconds.ts';
import { workProgress } from '../work-progress.ts';
import { expireDryRun } from './expire-dry-run.ts';
import { waitForRun } from './wait-for-run.ts';

/** Asks for a job as a schedule would: a message on topic `jobs`. With --local this process does the work. */
export async function runCommand(
  session: Session,
  job: string,
  target: string,
  options: RunOptions,
): Promise<CommandResult> {
  const message = messageFor(session, job, target, options);
  if (job === 'verify' && options.wait && !options.point && !session.isLocal)
    throw new InputError(
      '--wait needs the point of a verification',
      [],
      'add --point ID; ./understudy points T lists them',
    );
  if (session.isLocal) refuseWhatIsNotLocal(message);
  if (message.job === 'rehearse-instance') await formatBeforehand(session, message);
  if (job === 'expire' && options.dryRun) return expireDryRun(session, message);
  return session.isLocal ? runHere(session, message, job) : runThere(session, message, options);
}

/** The local cloud has no RDS and no ElastiCache, and calls to the real ones would never end. */
function refuseWhatIsNotLocal({ job, target }: AskedMessage): void {
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

/** Prints what a rehearsal on an instance will take and cost before it is requested. */
async function formatBeforehand(session: Session, message: AskedMessage): Promise<void> {
  const from = message['from'];
  const { said } = await session.invoke<{ said: string }>('operator', {
    ask: 'estimate',
    target: message.target,
    from,
  });
  process.stderr.write(`${said}\n`);
}

async function runHere(session: Session, message: AskedMessage, job: string): Promise<CommandResult> {
  const { runInProcess } = await import('../../local/run-in-process.ts');
  const { registerJob } = await import('../../local/running-jobs.ts');
  const compose = await import('../../../lib/runtime/compose.ts');
  const { use } = compose;
  const { endLocalDeadRuns } = await import('../../local/end-local-dead-runs.ts');
  const { endDurable } = await import('../../local/invoke-locally.ts');
  const { interrupt, interruptedBy } = await import('../../local/interrupt.ts');
  const ask = () => session.invoke('operator', { ask: 'run', message });
  const work = async ({ say, live }: ProgressLine) => {
    useLocalStack(session.plan());
    registerJob(job, message.target);
    for (const line of await endLocalDeadRuns()) say(line);
    const watched = workProgress(await usualSeconds(session, message));
    use('on read', watched.onRead);
    use('vault', watched.vault(compose.vault()));
    use('log', watched.log(compose.log()));
    const timer = setInterval(() => live(watched.format()), 200);
    return runInProcess(ask, (delivery) => {
      say(formatDeliveryLine(delivery));
      watched.next();
    }).finally(() => clearInterval(timer));
  };
  const deliveries = await showProgress(
    `${message.job} of ${message.target}`,
    work,
    (all) => !interruptedBy() && isGood(all),
    { end: interrupt },
  ).finally(endDurable);
  const by = interruptedBy() as EndingSignal | undefined;
  if (by) formatInterrupted(message);
  return {
    document: deliveries.map(deliveryDocument),
    lines: deliveries.flatMap(formatDelivery),
    exit: by ? BY_SIGNAL[by] : exitCodeOf(deliveries),
  };
}

/** Printed after the progress line has ended. */
function formatInterrupted({ job, target }: AskedMessage): void {
  const lines = [
    `understudy: interrupted; ${job} of ${target} was ended, and nothing of it is left running`,
    `  next: ./understudy status ${target} --local`,
  ];
  process.stderr.write(`${fitToStream(process.stderr, lines).join('\n')}\n`);
}

async function runThere(
  session: Session,
  message: AskedMessage,
  options: RunOptions,
): Promise<CommandResult> {
  await session.invoke('operator', { ask: 'run', message });
  return options.wait ? waitForRun(session, message) : formatAsked(session, message, options);
}

function formatAsked(session: Session, message: AskedMessage, { point }: RunOptions): CommandResult {
  // A verification without a point is named after the point that it will find.
  const canWait = message.job !== 'verify' || point !== undefined;
  const how = `./understudy status ${message.target} --stage ${session.options.stage} shows what became of it`;
  return {
    document: { published: message },
    exit: DONE,
    lines: [`asked for ${runName(runOf(message))}`, pc.dim(canWait ? `${how}; --wait waits` : how)],
  };
}
