import pc from 'picocolors';
import { UnderstudyError } from '../../../lib/domain/errors.ts';
import { formatSpan } from '../../../lib/domain/incidents/recommend-way.ts';
import { formatServedBy } from '../../../lib/domain/incidents/served-by.ts';
import { isStopped, type RestorePlan, type Way } from '../../../lib/domain/incidents/way.ts';
import { costOfBeside } from '../../../lib/domain/incidents/way-cost.ts';
import type { RestoreSettings } from '../../../lib/domain/plan/policy.ts';
import { compactUtc, humanSeconds, shortMoment } from '../../../lib/domain/time.ts';
import { hasTyped, NOT_BEGUN } from '../ask-person.ts';
import { optionFor, understudyOf } from '../for-shell.ts';
import type { CommandResult } from '../print-result.ts';
import type { RestoreOptions } from '../restore-options.ts';
import { readWays, restoreMessage, wantedOf } from '../restore-requests.ts';
import type { Session } from '../session.ts';
import { followRestore } from './restore-under-way-command.ts';

/** Plans, says what will happen, asks, begins the restore and follows it. */
export async function restoreGoCommand(
  session: Session,
  target: string,
  options: RestoreOptions,
): Promise<CommandResult> {
  const plan = await readWays(session, target, wantedOf(options));
  const way = chosenWay(plan, options);
  const confirm = options.confirm ?? (await ask(session, plan, way, options.reason));
  if (confirm === undefined) return NOT_BEGUN;
  const message = await restoreMessage(session, target, way, confirm, options.reason);
  return followRestore(session, target, {
    id: compactUtc(message.scheduledFor),
    begin: () => session.start('restore', message),
  });
}

function chosenWay({ target, ways, recommended }: RestorePlan, options: RestoreOptions): Way {
  const wanted = options.beside ? 'dump' : options.way;
  const possible = ways.filter(({ kind, confirm }) => confirm !== undefined && (kind === wanted || !wanted));
  const best = recommended && ways[recommended.way];
  const likely = possible.find((each) => !isStopped(each)) ?? possible[0];
  const way = best && possible.includes(best) ? best : likely;
  if (way) return way;
  throw new UnderstudyError(
    'no-way',
    `there is no ${wanted ?? 'moment, snapshot or dump'} to make a new ${options.beside ? 'database' : 'instance'} of ${target} from`,
    { hint: `./understudy restore ${target} shows the ways back` },
  );
}

const FREEZES: Record<RestoreSettings['freeze'], string> = {
  none: 'The application goes on as it is.',
  'read-only':
    'At once the application can only read: sessions end and come back read-only, until it is over.',
  hook: 'At once a function of yours is called that stops the application’s writes, until it is over.',
};
const CUTS: Record<RestoreSettings['cutover'], string> = {
  none: 'When somebody approves it, it is released, and you send the application there yourself.',
  secret:
    'When somebody approves it, the old database is closed, and the application’s secrets and services go to the new one.',
  rename:
    'When somebody approves it, the old database is closed and renamed, and the new one takes its name.',
};

function formatQuestion(target: string, way: Way, { freeze, cutover, hooks }: RestoreSettings): string[] {
  const called = [hooks.freeze ?? [], hooks.migrations ?? [], hooks.cutover].flat();
  const took = way.takes ? `, about ${humanSeconds(way.takes.middle)} in rehearsals` : ', never measured';
  return [
    `${pc.bold(target)} goes back to ${shortMoment(way.asOf)} UTC, ${way.beside ? 'into a new database on the server of the living one' : 'onto a new instance beside the living one'}${took}.`,
    ...(way.beside ? [`That takes ${costOfBeside(way)}.`] : []),
    ...(way.between
      ? [
          `Its data is of a moment from ${shortMoment(way.between.earliest)} to ${shortMoment(way.between.latest)} UTC.`,
        ]
      : []),
    `What was written in the ${formatSpan(way.loses)} since, and until the end, will be missing there.`,
    ...stopping(way).map((what) => pc.red(what)),
    FREEZES[freeze],
    CUTS[cutover],
    ...(called.length > 0 ? [`These functions of yours are called for it: ${called.join(', ')}.`] : []),
    'Until then production keeps its database, and `restore abort` puts everything back.',
  ];
}

/** Open findings that a restore this way would fail by. */
const stopping = ({ concerns }: Way): string[] =>
  concerns.flatMap(({ code, message, stops }) => (stops ? [`${code} would stop it: ${message}`] : []));

/** What the plan shows for this way, if the person types the target's name; nothing happens otherwise. */
async function ask(
  session: Session,
  { target, does: settings, servedBy: by }: RestorePlan,
  way: Way,
  reason: string | undefined,
): Promise<string | undefined> {
  const again = `${understudyOf(session)} restore ${target} --at ${way.asOf} --way ${way.kind}${way.beside ? ' --beside' : ''} --go --confirm ${way.confirm}${optionFor('reason', reason)}`;
  const question = [
    ...(by ? [pc.red(formatServedBy(target, by))] : []),
    ...formatQuestion(target, way, settings),
  ];
  return (await hasTyped(target, question, { again, problems: stopping(way) })) ? way.confirm : undefined;
}
