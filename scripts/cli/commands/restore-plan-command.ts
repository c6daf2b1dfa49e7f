import { DONE, FOUND_WRONG } from '../exit-codes.ts';
import { formatPlan } from '../format-plan.ts';
import type { CommandResult } from '../print-result.ts';
import type { RestoreOptions } from '../restore-options.ts';
import { readWays, wantedOf } from '../restore-requests.ts';
import type { Session } from '../session.ts';

/** Shows the ways back with what each loses, takes, costs and is worth. Changes nothing. */
export async function restorePlanCommand(
  session: Session,
  target: string,
  options: RestoreOptions,
): Promise<CommandResult> {
  const plan = await readWays(session, target, wantedOf(options));
  return {
    document: plan,
    exit: plan.ways.length > 0 ? DONE : FOUND_WRONG,
    lines: formatPlan(plan),
  };
}
