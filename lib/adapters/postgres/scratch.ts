import { statfs } from 'node:fs/promises';
import { UnderstudyError } from '../../domain/errors.ts';
import type { Manifest } from '../../domain/manifest.ts';
import { humanSeconds } from '../../domain/time.ts';
import type { Scratch } from '../../ports/database.ts';
import { findPrograms, type Programs } from './programs.ts';
import { restoreInto } from './restore/restore.ts';
import { withCopyOn } from './scratch-copy.ts';
import { makeRunDirectory, sweepRunDirectories } from './scratch-directory.ts';
import { type ScratchServer, startScratchServer } from './scratch-server.ts';

/**
 * Bytes of source database restored and proven in a second, on the slow side of what was measured
 * (docs/benchmarks.md), so that the estimate refuses too early rather than too late.
 */
const BYTES_PER_SECOND = 12_000_000;
const WAL_LIMIT = 1_200_000_000;

export type ScratchSettings = {
  /** Below it each rehearsal has a directory of its own. */
  base: string;
  binDirectories: readonly string[];
  /** The account PostgreSQL runs as when this process is root. */
  owner?: string | undefined;
  /** Seconds this process still has. */
  secondsLeft: () => number;
};

/** A PostgreSQL server inside this function, thrown away afterwards. */
export function localScratch(settings: ScratchSettings): Scratch {
  return {
    refusal: (manifest) => refusal(settings, manifest),
    async withCopy(request, use) {
      const programs = await programsFor(settings, request.manifest.source.serverMajor);
      const directory = await makeRunDirectory(settings.base);
      let server: ScratchServer | undefined;
      try {
        request.phase('server');
        server = await startScratchServer(directory.path, programs, settings.owner, request.signal);
        const found = await restoreInto(server, programs, request);
        return await withCopyOn(server, programs, found, request.signal, use);
      } finally {
        await server?.stop();
        await directory.release();
      }
    },
  };
}

async function programsFor(settings: ScratchSettings, major: number): Promise<Programs> {
  const all = await findPrograms(settings.binDirectories);
  const same = all.find((programs) => programs.major === major);
  if (same) return same;
  throw new UnderstudyError(
    'scratch-other-major',
    `the source is PostgreSQL ${major}, the servers here are ${all.map((each) => each.version).join(', ') || 'none'}`,
    {
      hint: `install postgresql-${major} (in the image: add ${major} to PG_MAJORS)`,
    },
  );
}

/**
 * Space and time are asked for before a byte is fetched: archive, 1.3 × the database, and its write-ahead log. What
 * interrupted rehearsals left takes space, so it goes first: this container may have been another's.
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
      hint: 'raise the function’s ephemeral storage (10 GB at most); beyond that run the image on Fargate',
    };
  }
  const estimate = 20 + bytes / BYTES_PER_SECOND;
  const left = settings.secondsLeft();
  if (estimate > left) {
    return {
      code: 'scratch-too-slow',
      message: `restoring and proving ${gigabytes(bytes)} is estimated at ${humanSeconds(estimate)}; there are ${humanSeconds(left)}`,
      hint: 'beyond a function’s 15 minutes run the image on Fargate',
    };
  }
  return undefined;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1_000_000_000).toFixed(2)} GB`;
}
