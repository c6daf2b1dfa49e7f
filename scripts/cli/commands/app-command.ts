import { InputError, UnderstudyError } from '../../../lib/domain/errors.ts';
import type { AppChange, AppJobName, AppPlan } from '../../../lib/domain/incidents/app-change.ts';
import type { AppJob } from '../../../lib/domain/runs/job.ts';
import { compactUtc, utc } from '../../../lib/domain/time.ts';
import type { RestoreOutcome } from '../../../lib/workflows/emergency/restoring.ts';
import { hasTyped, NOT_BEGUN } from '../ask-person.ts';
import { beginWork, untilEnded } from '../begin-work.ts';
import { DONE, type ExitCode, FOUND_WRONG } from '../exit-codes.ts';
import { optionFor, understudyOf } from '../for-shell.ts';
import { formatAppChange, formatAppPlan } from '../format-app-change.ts';
import { type CommandResult, fitToStream } from '../print-result.ts';
import type { ProgressLine } from '../renderer.ts';
import type { Session } from '../session.ts';
import { showProgress } from '../show-progress.ts';

export type AppOptions = { to?: string; reason?: string; confirm?: string; yes?: boolean };

/** `restart-app T` and `rollback-app T`: says what will happen, asks, begins it and follows it to its end. */
export async function appCommand(
  session: Session,
  job: AppJobName,
  target: string,
  options: AppOptions,
): Promise<CommandResult> {
  const { to, reason } = options;
  if (job === 'rollback-app' && to === undefined)
    throw new InputError('say what to go back to', [], '--to PREVIOUS, FAMILY:REVISION or an ARN');
  if (options.yes && options.confirm !== undefined)
    throw new InputError('--yes and --confirm exclude each other', [], 'leave one of them out');
  const plan = await session.invoke<AppPlan>('operator', {
    ...{ ask: 'app-plan', target, job },
    ...(to === undefined ? {} : { to }),
  });
  const confirm = options.confirm ?? (await confirmed(session, plan, options));
  if (confirm === undefined) return NOT_BEGUN;
  const scheduledFor = utc(new Date());
  const asked = {
    ...{ target, scheduledFor, requestedBy: await session.identity(), confirm },
    ...(reason ? { reason } : {}),
  };
  const message: AppJob = job === 'restart-app' ? { job, ...asked } : { job, to: to!, ...asked };
  return follow(session, message);
}

/** The code of what was shown, if the person means it. */
async function confirmed(
  session: Session,
  plan: AppPlan,
  { to, reason, yes }: AppOptions,
): Promise<string | undefined> {
  const { target, job } = plan;
  if (yes) {
    process.stderr.write(`${fitToStream(process.stderr, formatAppPlan(plan)).join('\n')}\n`);
    return plan.confirm;
  }
  const again = `${understudyOf(session)} ${job} ${target}${optionFor('to', to)} --confirm ${plan.confirm}${optionFor('reason', reason)}`;
  return (await hasTyped(target, formatAppPlan(plan), { again })) ? plan.confirm : undefined;
}

export function readAppChange(session: Session, target: string): Promise<AppChange | null> {
  return session.invoke<AppChange | null>('operator', { ask: 'app-change', target });
}

export function showAppChange(change: AppChange): CommandResult {
  return { document: change, exit: exitOf(change), lines: formatAppChange(change, new Date()) };
}

const exitOf = ({ state }: AppChange): ExitCode => (state === 'not-done' ? FOUND_WRONG : DONE);

/** Leaving does not stop one of a deployed stage. With --local it is this process's own work. */
async function follow(session: Session, message: AppJob): Promise<CommandResult> {
  const { job, target } = message;
  const id = compactUtc(message.scheduledFor);
  const begun = beginWork(session, () => session.start('restore', message));
  const ended = await showProgress(
    `${job} of ${target}`,
    (show) =>
      untilEnded<AppChange | null>(
        begun,
        async () => {
          const change = await readAppChange(session, target);
          const own = change?.id === id ? change : undefined;
          if (begun.outcome() || (own && own.state !== 'running')) return { ended: own ?? null };
          showServices(own, show);
          return { hasBegun: own !== undefined };
        },
        () => notBegun(job, target),
      ),
    (change) => change !== null && exitOf(change) === DONE,
    { left: `it goes on: ./understudy restore status ${target}` },
  );
  await begun.settled;
  const outcome = begun.outcome();
  if (outcome?.outcome === 'refused' || outcome?.outcome === 'held' || !ended)
    throw refusalOfOutcome(outcome, job, target);
  // The record may have been read before its end.
  return showAppChange((await readAppChange(session, target)) ?? ended);
}

function showServices(change: AppChange | undefined, { live }: ProgressLine): void {
  live(change ? change.services.map(({ service, state }) => `${service} ${state}`).join(', ') : 'begins');
}

function refusalOfOutcome(
  outcome: RestoreOutcome | undefined,
  job: AppJobName,
  target: string,
): UnderstudyError {
  if (outcome?.outcome === 'refused' || outcome?.outcome === 'held')
    return new UnderstudyError(outcome.code ?? 'app-changing', outcome.summary, { hint: outcome.hint });
  return notBegun(job, target);
}

function notBegun(job: AppJobName, target: string): UnderstudyError {
  return new UnderstudyError('app-not-begun', `the function restore has not begun ${job} of ${target}`, {
    hint: `the reason was sent as an alert: ./understudy alerts list ${target}`,
  });
}
