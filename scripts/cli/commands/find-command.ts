import pc from 'picocolors';
import { InputError } from '../../../lib/domain/errors.ts';
import { lastTrue, mostQuestions } from '../../../lib/domain/incidents/bisect.ts';
import type { RestorePlan } from '../../../lib/domain/incidents/way.ts';
import {
  counts,
  type DumpPoint,
  isDump,
  type RecoveryPoint,
} from '../../../lib/domain/points/recovery-point.ts';
import { humanSeconds, shortMoment } from '../../../lib/domain/time.ts';
import { many } from '../../../lib/domain/words.ts';
import type { FoundIn } from '../../../lib/workflows/emergency/find.ts';
import { DONE, FOUND_WRONG } from '../exit-codes.ts';
import type { CommandResult } from '../print-result.ts';
import { restorePointOf } from '../restore-point.ts';
import type { Session } from '../session.ts';
import { showProgress } from '../show-progress.ts';

type FindOptions = {
  find?: string;
  at?: string;
  before?: string;
  point?: string;
  table?: string[];
  where?: string;
  values?: boolean;
};

/** Finds the last dump in which a condition was true, by halves: it restores a few dumps and asks each. */
export async function findCommand(
  session: Session,
  target: string,
  { find, at: asked, before, ...others }: FindOptions,
): Promise<CommandResult> {
  const { at } = restorePointOf({ at: asked, before });
  refuseMisfits(find!, others);
  const points = await session.invoke<RecoveryPoint[]>('operator', { ask: 'points', target, limit: 1000 });
  const dumps = points
    .filter(isDump)
    .filter(
      (point) => counts(point) && point.place === 'vault' && (at === undefined || point.snapshotAt! <= at),
    )
    .sort((a, b) => a.snapshotAt!.localeCompare(b.snapshotAt!));
  if (dumps.length === 0)
    throw new InputError(`${target} has no good dump to search`, [], `./understudy points ${target}`);
  const { ways } = await session.invoke<RestorePlan>('operator', { ask: 'plan', target });
  const each = ways.find(({ kind }) => kind === 'dump')?.takes?.middle;
  const most = mostQuestions(dumps.length);
  const time = each === undefined ? 'how long each takes is unknown' : `about ${humanSeconds(each)} each`;
  process.stderr.write(`${many(dumps.length, 'good dump')}: at most ${many(most, 'restore')}, ${time}\n`);
  const found = await showProgress(`searching the dumps of ${target}`, ({ say }) =>
    lastTrue(dumps, async (point) => {
      const { holds } = await session.invoke<FoundIn>('compare', {
        ask: 'find',
        target,
        point: point.id,
        find,
      });
      say(`${shortMoment(point.snapshotAt!)} UTC: ${holds ? 'true' : 'not true'}`);
      return holds;
    }),
  );
  return {
    document: { find, ...found },
    exit: found.last ? DONE : FOUND_WRONG,
    lines: formatFound(target, found, dumps),
  };
}

function refuseMisfits(find: string, { point, table, where, values }: FindOptions): void {
  const misfits = Object.entries({ point, table, where, values })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => `--${name} does not go with --find`);
  if (find.trim() === '') misfits.push('--find is empty');
  if (misfits.length > 0) throw new InputError('invalid options:', misfits, './understudy diff --help');
}

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
