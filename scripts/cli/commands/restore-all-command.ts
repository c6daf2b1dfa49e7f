import { InputError, UnderstudyError } from '../../../lib/domain/errors.ts';
import { madeAtOf, PLAN_LASTS } from '../../../lib/domain/incidents/confirmation.ts';
import {
  confirmationOfAll,
  isLate,
  planRestoreAll,
  type RestoreAllPlan,
} from '../../../lib/domain/incidents/restore-all.ts';
import type { RestoreRecord } from '../../../lib/domain/incidents/restore-record.ts';
import type { RestorePlan } from '../../../lib/domain/incidents/way.ts';
import { requireTarget } from '../../../lib/domain/plan/policy.ts';
import { DEFAULT_RESTORE_ALL } from '../../../lib/domain/plan/restore-all-steps.ts';
import { secondsBetween } from '../../../lib/domain/time.ts';
import { concurrently } from '../../../lib/execution/concurrency.ts';
import { type RestoreAllResult, runRestoreAll } from '../../../lib/workflows/restore-all/run-restore-all.ts';
import { hasTyped, NOT_BEGUN } from '../ask-person.ts';
import { DONE, type ExitCode, FAILED, FOUND_WRONG } from '../exit-codes.ts';
import { optionFor, understudyOf } from '../for-shell.ts';
import { formatRestoreAll, formatRestoredAll } from '../format-restore-all.ts';
import type { CommandResult } from '../print-result.ts';
import { restoreAllPorts } from '../restore-all-ports.ts';
import { restorePointOf } from '../restore-point.ts';
import { readRestore, readWays } from '../restore-requests.ts';
import type { Session } from '../session.ts';
import { showProgress } from '../show-progress.ts';

export type RestoreAllOptions = {
  at?: string;
  before?: string;
  targets?: string;
  go?: boolean;
  confirm?: string;
  reason?: string;
};

/** Shows in which order everything is restored; with --go, restores it. */
export async function restoreAllCommand(
  session: Session,
  options: RestoreAllOptions,
): Promise<CommandResult> {
  for (const name of ['confirm', 'reason'] as const)
    if (options[name] !== undefined && !options.go)
      throw new InputError(`--${name} goes with --go`, [], 'add --go, or leave it out');
  const { at } = restorePointOf(options);
  const plan = await planAll(session, options.targets, at);
  if (!options.go)
    return {
      document: plan,
      lines: [...formatRestoreAll(plan), ...formatGo(session, plan, options)],
      exit: exitOfPlan(plan),
    };
  refuseWithoutTerminal(plan);
  if (!(await isConfirmed(session, plan, options))) return NOT_BEGUN;
  const result = await showProgress(
    'restoring everything',
    (shown) => runRestoreAll(plan, restoreAllPorts(session, { at, reason: options.reason }, shown)),
    (done) => exitOfResult(done) === DONE,
    { left: 'the restores that were begun go on; ./understudy restore-all --go takes them up again' },
  );
  return { document: result, lines: formatRestoredAll(result, plan), exit: exitOfResult(result) };
}

/** A person has to be there for it before anything begins, not in the middle of it. */
function refuseWithoutTerminal({ steps }: RestoreAllPlan): void {
  const asking = steps.find((step) => 'confirm' in step);
  if (asking && !process.stdin.isTTY)
    throw new InputError(
      `the step "${asking.name}" asks a person, and there is no terminal to ask at`,
      [],
      'run it on a terminal',
    );
}

async function planAll(
  session: Session,
  only: string | undefined,
  at: string | undefined,
): Promise<RestoreAllPlan> {
  const { restoreAll: settings = DEFAULT_RESTORE_ALL, ...plan } = session.plan();
  const ids = only?.split(',').map((id) => id.trim());
  const targets = ids ? ids.map((id) => requireTarget(session.plan(), id)) : plan.targets;
  const plans = new Map<string, RestorePlan>();
  const lasts = new Map<string, RestoreRecord>();
  await concurrently(targets, async ({ id }) => {
    plans.set(id, await readWays(session, id, { at }));
    const last = await readRestore(session, id);
    if (last) lasts.set(id, last);
  });
  return planRestoreAll({ settings, targets, plans, lasts, at, now: new Date() });
}

/** The command that begins it without a question. */
function commandOf(
  session: Session,
  { confirm, wanted }: RestoreAllPlan,
  { targets, reason }: RestoreAllOptions,
) {
  const how = `${optionFor('at', wanted)}${optionFor('targets', targets)} --go --confirm ${confirm}${optionFor('reason', reason)}`;
  return `${understudyOf(session)} restore-all${how}`;
}

function formatGo(session: Session, plan: RestoreAllPlan, options: RestoreAllOptions): string[] {
  if (!plan.steps.some(({ restores }) => restores.some(({ way }) => way))) return [];
  return ['', 'It begins with:', `  ${commandOf(session, plan, options)}`];
}

/** By the code of what was shown, or by typing; anything else begins nothing. */
async function isConfirmed(
  session: Session,
  plan: RestoreAllPlan,
  options: RestoreAllOptions,
): Promise<boolean> {
  if (options.confirm !== undefined) return requireSame(plan, options.confirm);
  return hasTyped('restore-all', formatRestoreAll(plan), { again: commandOf(session, plan, options) });
}

function requireSame(plan: RestoreAllPlan, confirm: string): true {
  const madeAt = madeAtOf(confirm);
  const age = secondsBetween(madeAt, plan.madeAt);
  if (age <= PLAN_LASTS && age >= 0 && confirmationOfAll(plan, madeAt) === confirm) return true;
  throw new UnderstudyError(
    'plan-changed',
    'what would be restored is not what was confirmed, or that was an hour ago',
    {
      hint: './understudy restore-all shows what there is now',
    },
  );
}

function exitOfPlan({ steps }: RestoreAllPlan): ExitCode {
  const all = steps.flatMap(({ restores }) => restores);
  return all.some((each) => each.why !== undefined || isLate(each)) ? FOUND_WRONG : DONE;
}

function exitOfResult({ targets, stoppedAt }: RestoreAllResult): ExitCode {
  if (stoppedAt !== undefined) return FAILED;
  return targets.some(({ outcome }) => outcome !== 'made' && outcome !== 'done') ? FOUND_WRONG : DONE;
}
