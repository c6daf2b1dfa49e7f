import { type ErrorInfo, toErrorInfo } from '../../domain/errors.ts';
import { extractKeys, runName } from '../../domain/names.ts';
import { type Plan, requireTarget, type Target } from '../../domain/plan/policy.ts';
import type { StoredObject } from '../../domain/points/recovery-point.ts';
import { type Manifest, totalRows } from '../../domain/proof/manifest.ts';
import type { Extracted } from '../../domain/runs/run.ts';
import { withinDeadline } from '../../execution/deadline.ts';
import { endingWith, refuseOtherTables } from '../../points/archive-stream.ts';
import type { Engine, HeldSource } from '../../ports/database.ts';
import type { Log } from '../../ports/messages.ts';
import type { PutOptions, Vault } from '../../ports/vault.ts';
import {
  type CopyAddress,
  copyCredentials,
  type OpenCopyDeps,
  openCopy,
  refuseOpenQuarantine,
} from '../../restore/prove/open-copy.ts';

/** The scratch instance, and what is wanted of it. References and names: it travels through a checkpoint. */
export type ExtractInsideRequest = CopyAddress &
  Pick<Extracted, 'point' | 'asOf'> & {
    target: string;
    scheduledFor: string;
    /** Of the run: another attempt never writes the first one's keys. */
    attempt: number;
    tables?: string[] | undefined;
    find?: string | undefined;
  };
/** Its failure is a value: an error loses its code between functions. */
export type ExtractResult =
  | { manifest: StoredObject; tables: number; rows: number; bytes: number; leftOut?: string[] }
  | { holds: boolean }
  | { failure: ErrorInfo };

export type ExtractDeps = OpenCopyDeps & {
  plan: Plan;
  engine: Pick<Engine, 'hold'>;
  /** The bucket of files that are deleted after a day. */
  files: Pick<Vault, 'stream' | 'put'>;
  log: Log;
};

/** How many tables without rows are named: a result travels through a checkpoint. */
const NAMED = 200;

/** For the end of an upload, and of connections, in seconds. */
const RESERVE = 30;

/**
 * Reads a scratch instance from inside its quarantine, once it has shown that it is silenced: answers one condition, or
 * streams the rows of some tables, with every definition, into the bucket of files, and their manifest last.
 */
export async function extractInside(
  request: ExtractInsideRequest,
  deps: ExtractDeps,
): Promise<ExtractResult> {
  const target = requireTarget(deps.plan, request.target);
  try {
    const copy = await openCopy(request, target, RESERVE, deps);
    try {
      await refuseOpenQuarantine(copy);
      if (request.find !== undefined) return { holds: (await copy.holds(request.find)) ?? false };
    } finally {
      await copy.close();
    }
    return await extractRows(request, target, deps);
  } catch (error) {
    const failure = toErrorInfo(error);
    deps.log.error('nothing was extracted', { name: request.name, code: failure.code });
    return { failure };
  }
}

async function extractRows(
  request: ExtractInsideRequest,
  target: Target,
  deps: ExtractDeps,
): Promise<ExtractResult> {
  const limits = { what: 'the extract', hint: 'choose fewer tables with --table', reserve: RESERVE };
  return withinDeadline(deps, limits, async (signal) => {
    const credentials = await copyCredentials(request, target, deps);
    const source = await deps.engine.hold(credentials, target.policy, signal, { tables: request.tables });
    try {
      return await store(source, request, signal, deps);
    } finally {
      await source.release();
    }
  });
}

/** The archive may end only when its tables are those that were counted. */
async function store(
  source: HeldSource,
  request: ExtractInsideRequest,
  signal: AbortSignal,
  { files, log }: ExtractDeps,
): Promise<ExtractResult> {
  const { target, scheduledFor, attempt, point, asOf } = request;
  const keys = extractKeys(target, scheduledFor, attempt);
  const archive = source.archive();
  const reading = source.content('counts', []);
  // A failed count must end the upload at once.
  reading.catch((error) => archive.kill(error));
  const condition = async () => {
    await reading;
    signal.throwIfAborted();
    refuseOtherTables(await source.dataLines(), await archive.toc);
  };
  const put = (key: string, contentType: string): PutOptions => ({
    key,
    contentType,
    tags: { 'understudy:target': target },
  });
  const dump = await files.stream(endingWith(archive, condition), {
    ...put(keys.dump, 'application/octet-stream'),
    expectedBytes: source.facts.bytes,
  });
  const roles = await files.put(await source.roles(), put(keys.roles, 'application/sql'));
  const { content } = await reading;
  const toc = await archive.toc;
  const manifest: Manifest = {
    schemaVersion: 1,
    target,
    point,
    run: runName({ job: 'extract', target, scheduledFor }),
    source: { ...source.facts, snapshotAt: asOf },
    client: archive.client,
    extensions: source.extensions,
    parameters: source.parameters,
    ...content,
    sequences: [],
    toc: { entries: toc.entries.length, sha256: toc.sha256 },
    dump,
    roles,
  };
  const stored = await files.put(
    Buffer.from(JSON.stringify(manifest)),
    put(keys.manifest, 'application/json'),
  );
  const measured = { tables: content.tables.length, rows: totalRows(content.tables), bytes: dump.bytes };
  log.info('rows were extracted', { target, point, ...measured });
  return { manifest: stored, ...measured, leftOut: (source.leftOut ?? []).slice(0, NAMED) };
}
