import pc from 'picocolors';
import { InputError } from '../../../lib/domain/errors.ts';
import { type LastTrue, lastTrue, mostQuestions } from '../../../lib/domain/incidents/bisect.ts';
import {
  counts,
  type DumpPoint,
  isDump,
  type RecoveryPoint,
} from '../../../lib/domain/points/recovery-point.ts';
import { humanSeconds, seconds as secondsOf, shortMoment, utc } from '../../../lib/domain/time.ts';
import { many } from '../../../lib/domain/words.ts';
import type { FoundIn } from '../../../lib/workflows/emergency/find.ts';
import { DONE, FOUND_WRONG } from '../exit-codes.ts';
import type { ExtractOptions } from '../obtain-extract.ts';
import type { CommandResult } from '../print-result.ts';
import { momentOf, restorePointOf } from '../restore-point.ts';
import { readWays } from '../restore-requests.ts';
import type { Session } from '../session.ts';
import { showProgress } from '../show-progress.ts';

type FindOptions = ExtractOptions & {
  find?: string;
  from?: string;
  within?: string;
  after?: string;
  moment?: string;
  at?: string;
  before?: string;
  point?: string;
  table?: string[];
  where?: string;
  values?: boolean;
};

/**
 * Finds the last dump in which a condition was true, by halves: it restores a few dumps and asks each. Between the two
 * dumps of the answer, moments are searched, where that is asked for.
 */
export async function findCommand(
  session: Session,
  target: string,
  { find, at: asked, before, after, within, yes, again, ...others }: FindOptions,
): Promise<CommandResult> {
  const { at } = restorePointOf({ at: asked, before });
  const ofMoments = refuseMisfits(find!, { after, within, yes, again, ...others });
  if (!ofMoments) return searchDumps(session, target, find!, at);
  /** A search of the dumps comes first: it takes minutes, and narrows the moments. */
  const searched = async (): Promise<LastTrue<DumpPoint>> => {
    const dumps = await dumpsOf(session, target, at);
    return dumps.length === 0 ? { asked: 0 } : lastTrueDump(session, target, find!, dumps);
  };
  const { findMomentsCommand } = await import('./find-moments-command.ts');
  return findMomentsCommand(session, target, {
    find: find!,
    within: secondsOf(within ?? '15m'),
    after: after === undefined ? undefined : utc(momentOf('--after', after)),
    at,
    dumps: searched,
    ...(yes && { yes }),
    ...(again && { again }),
  });
}

async function searchDumps(
  session: Session,
  target: string,
  find: string,
  at: string | undefined,
): Promise<CommandResult> {
  const dumps = await dumpsOf(session, target, at);
  if (dumps.length === 0)
    throw new InputError(`${target} has no good dump to search`, [], `./understudy points ${target}`);
  const found = await lastTrueDump(session, target, find, dumps);
  return {
    document: { find, ...found },
    exit: found.last ? DONE : FOUND_WRONG,
    lines: formatFound(target, found, dumps),
  };
}

/** Good ones in the vault, oldest first. */
async function dumpsOf(session: Session, target: string, at: string | undefined): Promise<DumpPoint[]> {
  const points = await session.invoke<RecoveryPoint[]>('operator', { ask: 'points', target, limit: 1000 });
  return points
    .filter(isDump)
    .filter(
      (point) => counts(point) && point.place === 'vault' && (at === undefined || point.snapshotAt! <= at),
    )
    .sort((a, b) => a.snapshotAt!.localeCompare(b.snapshotAt!));
}

async function lastTrueDump(
  session: Session,
  target: string,
  find: string,
  dumps: readonly DumpPoint[],
): Promise<LastTrue<DumpPoint>> {
  const { ways } = await readWays(session, target);
  const each = ways.find(({ kind }) => kind === 'dump')?.takes?.middle;
  const most = mostQuestions(dumps.length);
  const time = each === undefined ? 'how long each takes is unknown' : `about ${humanSeconds(each)} each`;
  process.stderr.write(
    `${many(dumps.length, 'good dump')}: at most ${many(Math.min(dumps.length, 2 * most), 'restore')}, ${time}\n`,
  );
  const answers = new Map<string, FoundIn>();
  const found = await showProgress(`searching the dumps of ${target}`, async ({ say }) => {
    const ask = async (point: DumpPoint): Promise<FoundIn> => {
      const known = answers.get(point.id);
      if (known) return known;
      const request = { ask: 'find', target, point: point.id, find };
      const answer = await session.invoke<FoundIn>('compare', request);
      answers.set(point.id, answer);
      const what = answer.lacks ? 'it has no such table or column' : answer.holds ? 'true' : 'not true';
      say(`${shortMoment(point.snapshotAt!)} UTC: ${what}`);
      return answer;
    };
    const among = await sinceItIsThere(dumps, ask);
    const { asked: _asked, ...last } = await lastTrue(among, async (point) => (await ask(point)).holds);
    return { ...last, asked: answers.size };
  });
  const isKnown = [...answers.values()].some(({ lacks }) => !lacks);
  if (isKnown) return found;
  throw new InputError(
    'no dump that was asked has the tables and columns that --find names, so nothing is known',
    [],
    `check their names, with the schema: ./understudy restore ${target} --list`,
  );
}

/** Without the dumps from before what the condition names was made: they say nothing about its rows. */
async function sinceItIsThere(
  dumps: readonly DumpPoint[],
  ask: (point: DumpPoint) => Promise<FoundIn>,
): Promise<readonly DumpPoint[]> {
  const [oldest, newest] = [dumps[0]!, dumps.at(-1)!];
  const last = await ask(newest);
  if (last.holds || !(await ask(oldest)).lacks) return dumps;
  // What is gone again was there in between, if at all: its time is not found by halves.
  if (last.lacks) return dumps;
  let [lacking, there] = [0, dumps.length - 1];
  while (there - lacking > 1) {
    const middle = Math.floor((lacking + there) / 2);
    if ((await ask(dumps[middle]!)).lacks) lacking = middle;
    else there = middle;
  }
  return dumps.slice(there);
}

/** Refuses what does not go together; are moments to be searched? */
function refuseMisfits(find: string, options: FindOptions): boolean {
  const { point, table, where, values, moment, from, within, after, yes, again } = options;
  const ofMoments = from === 'moment' || within !== undefined || after !== undefined;
  const only = ofMoments ? {} : { yes, again };
  const misfits = Object.entries({ point, table, where, values, moment, ...only })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => `--${name} does not go with --find`);
  if (from === 'snapshot' || (from === 'dump' && ofMoments))
    misfits.push(`--from ${from} does not go with ${from === 'dump' ? '--within and --after' : '--find'}`);
  if (from !== undefined && !['dump', 'snapshot', 'moment'].includes(from))
    misfits.push(`--from: there is no "${from}"`);
  if (within !== undefined && !DURATION.test(within))
    misfits.push(`--within "${within}": write 5m, 90s or 2h`);
  if (find.trim() === '') misfits.push('--find is empty');
  if (misfits.length > 0) throw new InputError('invalid options:', misfits, './understudy diff --help');
  return ofMoments;
}

const DURATION = /^[1-9]\d{0,5}[smhd]$/;

function formatFound(
  target: string,
  { last, firstFalse }: { last?: DumpPoint; firstFalse?: DumpPoint },
  dumps: readonly DumpPoint[],
): string[] {
  const moment = ({ snapshotAt }: DumpPoint) => `${shortMoment(snapshotAt!)} UTC`;
  if (!last) return [pc.red(`It is not true of any dump, from ${moment(dumps[0]!)} on`)];
  if (!firstFalse) return [`It is still true of the newest dump, ${last.id} (${moment(last)})`];
  return [
    `It was true in ${pc.bold(last.id)} (${moment(last)}) and no longer true in the next dump, ${firstFalse.id} (${moment(firstFalse)})`,
    `  ./understudy diff ${target} --point ${last.id}`,
  ];
}
