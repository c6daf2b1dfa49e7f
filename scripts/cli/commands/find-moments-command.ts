import pc from 'picocolors';
import { InputError } from '../../../lib/domain/errors.ts';
import {
  type LastMoment,
  lastTrueMoment,
  type MomentsBetween,
  mostMoments,
} from '../../../lib/domain/incidents/bisect.ts';
import type { DumpPoint } from '../../../lib/domain/points/recovery-point.ts';
import { humanSeconds } from '../../../lib/domain/time.ts';
import { many } from '../../../lib/domain/words.ts';
import type { ExtractPlan } from '../../../lib/workflows/operator/plan-extract.ts';
import { agreed, NOT_BEGUN } from '../ask-person.ts';
import { DONE, FOUND_WRONG } from '../exit-codes.ts';
import { forShell, understudyOf } from '../for-shell.ts';
import { askForExtract, type ExtractOptions, makeExtract, toSecond } from '../obtain-extract.ts';
import type { CommandResult } from '../print-result.ts';
import type { Session } from '../session.ts';

type InDumps = { last?: DumpPoint; firstFalse?: DumpPoint };
export type MomentSearch = ExtractOptions & {
  find: string;
  /** How close the answer is to be, in seconds. */
  within: number;
  after?: string | undefined;
  at?: string | undefined;
  /** Searches the dumps, once it is known that moments can be. */
  dumps: () => Promise<InDumps>;
};

/** Finds when a condition stopped being true, by halves of the moments that AWS can restore. Says first what that takes. */
export async function findMomentsCommand(
  session: Session,
  target: string,
  search: MomentSearch,
): Promise<CommandResult> {
  const { find, again = false } = search;
  const ask = (moment?: string) =>
    askForExtract(session, target, { from: 'moment', find, ...(moment ? { moment } : {}) }, again);
  const plan = await ask();
  const between = boundsOf(search, await search.dumps(), plan, target);
  const most = mostMoments(between);
  refuseOverHours(plan, most);
  const question = formatQuestion(session, target, search, between, most, plan);
  if (most > 0 && !(await agreed(question, search.yes === true))) return NOT_BEGUN;
  const found = await lastTrueMoment(between, async (moment) => {
    const { extracted } = await makeExtract(session, await ask(moment));
    process.stderr.write(`${toSecond(moment)}: ${extracted.holds ? 'true' : 'not true'}\n`);
    return extracted.holds === true;
  });
  return {
    document: { find, ...found },
    exit: found.last ? DONE : FOUND_WRONG,
    lines: formatFound(target, found),
  };
}

/**
 * Between the moments that AWS can restore, or closer where a person or a dump says so. Dumps of which it was never true
 * say nothing: it may have become true after them.
 */
function boundsOf(
  { after, at, within }: MomentSearch,
  dumps: InDumps,
  { window }: ExtractPlan,
  target: string,
): MomentsBetween {
  const earliest = later(window!.earliest, after);
  const latest = at !== undefined && at < window!.latest ? at : window!.latest;
  const [true_, false_] = [dumps.last?.snapshotAt, dumps.last && dumps.firstFalse?.snapshotAt];
  const low = true_ !== undefined && true_ >= earliest ? { at: true_, holds: true } : { at: earliest };
  const high = false_ !== undefined && false_ <= latest ? { at: false_, holds: false } : { at: latest };
  if (low.at <= high.at) return { low, high, within };
  throw new InputError(
    `there is no moment to search between ${toSecond(low.at)} and ${toSecond(high.at)}`,
    [],
    `AWS can restore ${target} to moments from ${window!.earliest} to ${window!.latest}`,
  );
}

const later = (one: string, other: string | undefined) => (other !== undefined && other > one ? other : one);

/** Each is within the hours by itself; all together may not be. */
function refuseOverHours({ estimate }: ExtractPlan, most: number): void {
  const { used, allowed, seconds } = estimate;
  if (used + most * seconds <= allowed) return;
  throw new InputError(
    `it may take ${many(most, 'restore')} of about ${humanSeconds(seconds)}, and of the ${humanSeconds(allowed)} of this month ${humanSeconds(used)} are used`,
    [],
    'search less closely (--within 2h) or less far (--after, --at), or raise rehearsal.instance.hoursAMonth',
  );
}

function formatQuestion(
  session: Session,
  target: string,
  { find, within }: MomentSearch,
  { low, high }: MomentsBetween,
  most: number,
  { estimate }: ExtractPlan,
): string[] {
  const { seconds, dollars, guessed, used, allowed } = estimate;
  const cost =
    dollars === undefined
      ? 'of unknown cost (set rehearsal.instance.pricePerHour)'
      : `about ${(most * dollars).toFixed(2)} USD and storage`;
  return [
    `Moments of ${target} from ${toSecond(low.at)} to ${toSecond(high.at)}, to ${humanSeconds(within)}:`,
    `up to ${many(most, 'restore')} onto scratch instances, one after the other, about ${humanSeconds(most * seconds)}${guessed ? ' (a guess: no rehearsal has been measured yet)' : ''}, ${cost};`,
    `${humanSeconds(used)} of ${humanSeconds(allowed)} are used this month. Each answers one question, and is torn down.`,
    'If you leave, take it up with the same answers:',
    `  ${understudyOf(session)} diff ${target} --find ${forShell(find)} --from moment --after ${low.at} --at ${high.at} --within ${within}s`,
  ];
}

function formatFound(target: string, { last, firstFalse }: LastMoment): string[] {
  if (!last)
    return [
      pc.red(`It is not true at ${toSecond(firstFalse!)}, the earliest moment searched`),
      'If it became true later, say when it was: --after',
    ];
  if (!firstFalse) return [`It is still true at ${toSecond(last)}, the latest moment searched`];
  return [
    `It was true at ${pc.bold(toSecond(last))} and no longer true at ${toSecond(firstFalse)}`,
    `  ./understudy diff ${target} --moment ${last}`,
  ];
}
