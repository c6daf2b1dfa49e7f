import pc from 'picocolors';
import { InputError } from '../../../lib/domain/errors.ts';
import { requireTarget } from '../../../lib/domain/plan/policy.ts';
import { showRequest } from '../../../lib/domain/smoke/smoke-request.ts';
import {
  APPLICATION,
  inOrder,
  isHttp,
  type SmokeReport,
  type SmokeResult,
  type SmokeStep,
} from '../../../lib/domain/smoke/smoke-step.ts';
import { many } from '../../../lib/domain/words.ts';
import { DONE, FOUND_WRONG } from '../exit-codes.ts';
import type { CommandResult } from '../print-result.ts';
import type { Session } from '../session.ts';
import { showProgress } from '../show-progress.ts';

type SmokeOptions = { url?: string; dryRun?: boolean };

/** Runs the smoke steps of a target, or shows what would be sent. */
export async function smokeCommand(
  session: Session,
  target: string,
  { url, dryRun }: SmokeOptions,
): Promise<CommandResult> {
  if (dryRun) return showSteps(session, target, url);
  const report = await showProgress(
    `smoke steps of ${target}`,
    async ({ say }) => {
      let said = 0;
      const sayResult = (result: SmokeResult) => {
        said++;
        say(formatResult(result));
      };
      if (session.isLocal) await watchLocally(sayResult);
      const found = await session.invoke<SmokeReport>('smoke', {
        target,
        ...(url === undefined ? {} : { url }),
      });
      // A deployed function answers when it is done with all of them.
      for (const result of found.results.slice(said)) say(formatResult(result));
      return found;
    },
    ({ results }) => results.every(({ ok }) => ok),
  );
  const failed = report.results.filter(({ ok }) => !ok);
  const all = many(report.results.length, 'smoke step');
  return {
    document: report,
    exit: failed.length === 0 ? DONE : FOUND_WRONG,
    lines:
      failed.length === 0
        ? [pc.green(`${all} passed`)]
        : [
            pc.red(`${failed.length} of ${all} failed`),
            ...failed.map((result) => `  ${formatResult(result)}`),
          ],
  };
}

/** With --local the function runs in this process, and can say what it does. */
async function watchLocally(say: (result: SmokeResult) => void): Promise<void> {
  const { use } = await import('../../../lib/runtime/compose.ts');
  use('on smoke step', say);
}

const formatResult = ({ step, priority, ok, why }: SmokeResult) =>
  `${ok ? pc.green('✔') : pc.red('✖')} ${step} (${priority})${why ? `: ${why}` : ''}`;

/** The requests and questions of understudy.yml in their order, with references as they are written. */
function showSteps(session: Session, id: string, url: string | undefined): CommandResult {
  const { smoke } = requireTarget(session.plan(), id);
  if (smoke.steps.length === 0)
    throw new InputError(
      `${id} has no smoke steps in ${session.options.config}`,
      [],
      'add smoke: { url, steps } to the target; docs/reference/smoke.md shows them',
    );
  if (url !== undefined && !APPLICATION.test(url))
    throw new InputError('--url takes an address such as https://app.example.com');
  const base = url ?? smoke.url ?? '';
  const steps = inOrder(smoke.steps).map((step) => ({ ...step, sends: sends(step, base) }));
  return {
    document: { target: id, ...(base ? { url: base } : {}), sent: false, steps },
    exit: DONE,
    lines: [
      ...steps.flatMap((step) => [
        `${pc.bold(step.name)} (${step.priority}${isHttp(step) && step.cleanup ? ', cleanup' : ''})`,
        ...step.sends.map((line) => `  ${line}`),
      ]),
      pc.dim('nothing was sent'),
    ],
  };
}

function sends(step: SmokeStep, base: string): string[] {
  return isHttp(step) ? showRequest(step, base) : [step.sql];
}
