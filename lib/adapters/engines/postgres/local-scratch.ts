import { statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { codeOf, RestoreFailed, reasonOf, toErrorInfo, UnderstudyError } from '../../../domain/errors.ts';
import type { Manifest } from '../../../domain/proof/manifest.ts';
import { humanSeconds } from '../../../domain/time.ts';
import type { RestoredRows, RowsRequest } from '../../../ports/comparison.ts';
import type { OnRead, RestoreRequest, Scratch, ScratchCopy } from '../../../ports/database.ts';
import { compareWith, holdsOn } from './compare/compare-with.ts';
import { forgetDeaths } from './process.ts';
import { findPrograms, type Programs } from './programs.ts';
import { restoreInto, restoreRowsInto } from './restore/restore.ts';
import { withCopyOn } from './scratch-copy.ts';
import { makeRunDirectory, sweepRunDirectories } from './scratch-directory.ts';
import { type ScratchServer, startScratchServer } from './scratch-server.ts';
import { killedForMemory, orTrouble } from './trouble.ts';

/**
 * Bytes of source database restored and proven in a second, at the slow end of the measurements (docs/benchmarks.md),
 * so that the estimate refuses too early rather than too late.
 */
const BYTES_PER_SECOND = 12_000_000;
const WAL_LIMIT = 1_200_000_000;

export type ScratchSettings = {
  /** Each rehearsal has its own directory below it. */
  base: string;
  binDirectories: readonly string[];
  /** The account PostgreSQL runs as when this process is root. */
  owner?: string | undefined;
  /** Seconds this process has left. */
  secondsLeft: () => number;
  onRead?: OnRead;
};

/** A PostgreSQL server inside this function, deleted afterwards. */
export function localScratch(settings: ScratchSettings): Scratch {
  return {
    refusal: (manifest) => refusal(settings, manifest),
    withRows: (request, use) => withFreshRows(settings, request, use),
    async withCopy(request, use) {
      const programs = await programsFor(settings, request.manifest.source.serverMajor);
      const began = settings.secondsLeft();
      let serially = false;
      try {
        return await withFreshCopy(settings, programs, request, use);
      } catch (error) {
        if (codeOf(error) !== 'restore-failed') throw error;
        const left = settings.secondsLeft();
        // Time for the same again and for the teardown: a second attempt that is cut off would say less than
        // the first failure.
        const fits = (times: number) => left >= times * 1.2 * (began - left) + 60;
        if (!fits(1)) throw withMore(error, 'there was no time for a second try');
        // One after the other, if there is time: parallel jobs can block each other (deadlocks).
        serially = fits(availableParallelism());
        request.again?.(reasonOf(error));
      }
      return withFreshCopy(settings, programs, { ...request, serially }, use).catch((error: unknown) => {
        throw codeOf(error) === 'restore-failed' ? withMore(error, 'it failed twice') : error;
      });
    },
  };
}

/** A server for one run, with what it was asked for; stopped and deleted in every case. */
async function withServer<T>(
  settings: ScratchSettings,
  programs: Programs,
  request: Pick<RestoreRequest, 'manifest' | 'phase' | 'signal'>,
  use: (server: ScratchServer, troubled: (error: unknown) => Promise<unknown>) => Promise<T>,
): Promise<T> {
  const directory = await makeRunDirectory(settings.base);
  const killed = killedForMemory();
  let server: ScratchServer | undefined;
  try {
    request.phase('server');
    const started = await startScratchServer(directory.path, programs, settings.owner, request.signal);
    server = started;
    const troubled = async (error: unknown) =>
      request.signal.aborted ? error : orTrouble(error, started, request.manifest, killed);
    return await use(started, troubled);
  } finally {
    await server?.stop();
    forgetDeaths(directory.path);
    await directory.release();
  }
}

async function withFreshRows<T>(
  settings: ScratchSettings,
  request: RowsRequest,
  use: (rows: RestoredRows) => Promise<T>,
): Promise<T> {
  const programs = await programsFor(settings, request.manifest.source.serverMajor);
  return withServer(settings, programs, request, async (server, troubled) => {
    const work = async () => {
      const { notes } = await restoreRowsInto(server, programs, request);
      return use({
        notes,
        compare: (living, asked) => compareWith(server, living, request.manifest, asked),
        holds: (predicate) => holdsOn(server, predicate),
      });
    };
    return work().catch(async (error: unknown) => {
      throw await troubled(error);
    });
  });
}

function withFreshCopy<T>(
  settings: ScratchSettings,
  programs: Programs,
  request: RestoreRequest,
  use: (copy: ScratchCopy) => Promise<T>,
): Promise<T> {
  return withServer(settings, programs, request, async (server, troubled) => {
    const { onRead } = settings;
    const of = request.manifest.tables.length;
    const onTable = () => onRead?.({ tables: 1, rows: 0, of });
    const restored = await restoreInto(server, programs, { ...request, onTable }).catch(
      async (error: unknown) => {
        throw await troubled(error);
      },
    );
    // Errors before this moment were tolerated already.
    server.reported().clear();
    return withCopyOn(server, programs, restored, request.signal, onRead, (copy) =>
      watched(copy, troubled, use),
    ).catch(async (error: unknown) => {
      throw await troubled(error);
    });
  });
}

/** A failed question is an answer for its caller; but the record that the machine caused it must not be lost. */
async function watched<T>(
  copy: ScratchCopy,
  troubled: (error: unknown) => Promise<unknown>,
  use: (copy: ScratchCopy) => Promise<T>,
): Promise<T> {
  let trouble: unknown;
  const value = (sql: string) =>
    copy.value(sql).catch(async (error: unknown) => {
      const said = await troubled(error);
      if (said !== error) trouble = said;
      throw said;
    });
  const answer = await use({ ...copy, value });
  if (trouble) throw trouble;
  return answer;
}

function withMore(error: unknown, more: string): RestoreFailed {
  const said = toErrorInfo(error);
  const failed = new RestoreFailed(said.code, `${said.message} (${more})`, { hint: said.hint, cause: error });
  if (error instanceof RestoreFailed) failed.notes = error.notes;
  return failed;
}

async function programsFor(settings: ScratchSettings, major: number): Promise<Programs> {
  const all = await findPrograms(settings.binDirectories);
  const same = all.find((programs) => programs.major === major);
  if (same) return same;
  throw new UnderstudyError(
    'scratch-other-major',
    `the source is PostgreSQL ${major}, but the servers here are ${all.map((each) => each.version).join(', ') || 'none'}`,
    {
      hint: `install postgresql-${major} (in the image: add ${major} to PG_MAJORS)`,
    },
  );
}

/**
 * Checks space and time before fetching a byte: archive, 1.3 × the database, and its write-ahead log. Leftovers of
 * interrupted rehearsals are removed first: this container may have run another one.
 */
async function refusal(settings: ScratchSettings, manifest: Manifest) {
  await sweepRunDirectories(settings.base);
  const { bytes } = manifest.source;
  const wal = Math.min(WAL_LIMIT, 100_000_000 + bytes / 4);
  const needed = manifest.dump.bytes + 1.3 * bytes + wal;
  const place = await statfs(settings.base);
  const free = place.bavail * place.bsize;
  if (needed > free) {
    return {
      code: 'scratch-too-small',
      message: `restoring needs ${gigabytes(needed)} (archive ${gigabytes(manifest.dump.bytes)}, 1.3 × database ${gigabytes(bytes)}, log ${gigabytes(wal)}); there are ${gigabytes(free)}`,
      hint: 'raise the function’s ephemeral storage (at most 10 GB); for more, run the image on Fargate',
    };
  }
  const estimate = 20 + bytes / BYTES_PER_SECOND;
  const left = settings.secondsLeft();
  if (estimate > left) {
    return {
      code: 'scratch-too-slow',
      message: `restoring and proving ${gigabytes(bytes)} takes about ${humanSeconds(estimate)}; ${humanSeconds(left)} are left`,
      hint: 'a function has at most 15 minutes; for more, run the image on Fargate',
    };
  }
  return undefined;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1_000_000_000).toFixed(2)} GB`;
}
