import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import pc from 'picocolors';
import { InputError } from '../../../lib/domain/errors.ts';
import { formatDifference } from '../../../lib/domain/proof/proof.ts';
import { humanSeconds } from '../../../lib/domain/time.ts';
import { many } from '../../../lib/domain/words.ts';
import type { Destination, OntoResult } from '../../../lib/ports/destination.ts';
import {
  type ArchiveHead,
  type ArchiveSource,
  fromFile,
  fromVault,
  headOfFile,
  headOfVault,
} from '../archive-source.ts';
import { destinationOf } from '../destination-of.ts';
import type { Rehearsed } from '../estimate-left.ts';
import { DONE, FOUND_WRONG } from '../exit-codes.ts';
import { ontoProgress } from '../onto-progress.ts';
import type { CommandResult } from '../print-result.ts';
import type { ProgressLine } from '../renderer.ts';
import type { RestoreOptions } from '../restore-options.ts';
import { readWays } from '../restore-requests.ts';
import { type Session, useLocalStack } from '../session.ts';
import { showProgress } from '../show-progress.ts';

/** Restores a dump from the vault, or from a file, into a database of the person's own, and proves it. */
export async function restoreOntoCommand(
  session: Session,
  target: string | undefined,
  options: RestoreOptions,
): Promise<CommandResult> {
  const jobs = jobsOf(options.jobs);
  const into = options.list ? undefined : destinationOf(options.to);
  const directory = mkdtempSync(join(tmpdir(), 'us-restore-'));
  const title = options.file ? `restoring ${options.file}` : `restoring ${target}`;
  const began = Date.now();
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  try {
    return await showProgress(
      options.list ? `reading ${options.file ?? target}` : title,
      async (shown) => {
        const engine = await engineOf(session);
        if (!into) {
          const head = options.file
            ? headOfFile(options.file)
            : await headOfVault(session, target!, options, shown);
          return formatList(await engine.list(head.chunks), head);
        }
        const source = options.file
          ? await fromFile(options.file)
          : await fromVault(session, target!, options, directory, shown);
        const rehearsed = source.point && (await rehearsedOf(session, target!, options, source.point));
        const result = await restore(source, into, options, jobs, shown, engine, rehearsed || undefined);
        return formatResult(result, into, source, (Date.now() - began) / 1000);
      },
      ({ exit }) => exit === DONE,
      { left: 'the database is restored in part: drop it, and begin again' },
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function engineOf(session: Session) {
  if (session.isLocal) useLocalStack(session.plan());
  const { tools } = await import('../../local/tools.ts');
  const { postgres } = await import('../../../lib/adapters/engines/postgres/engine.ts');
  const { candidateDirectories } = await import('../../../lib/adapters/engines/postgres/programs.ts');
  const directories = () => candidateDirectories(tools()['PG_BIN'], process.env['PATH'] ?? '');
  return postgres({
    binDirectories: directories,
    scratchDirectory: tmpdir(),
    caFile: process.env['UNDERSTUDY_CA_FILE'] || undefined,
  }).destinations;
}

async function restore(
  { archive, roles, manifest }: ArchiveSource,
  into: Destination,
  options: RestoreOptions,
  jobs: number,
  { say, live }: ProgressLine,
  engine: Awaited<ReturnType<typeof engineOf>>,
  rehearsed: Rehearsed | undefined,
): Promise<OntoResult> {
  const { format, ...progress } = ontoProgress(say, rehearsed);
  const end = new AbortController();
  const timer = setInterval(() => live(format()), 200);
  try {
    return await engine.restore(into, {
      ...progress,
      archive,
      ...(manifest ? { manifest } : {}),
      ...(options.owners && roles ? { roles } : {}),
      owners: options.owners === true,
      privileges: options.owners === true,
      ...(options.onlySchema ? { only: 'schema' as const } : {}),
      tables: options.table,
      into: options.into,
      jobs,
      signal: end.signal,
    });
  } finally {
    clearInterval(timer);
  }
}

/** What rehearsals measured of such a dump, scaled to its size; nothing of a part of it. */
async function rehearsedOf(
  session: Session,
  target: string,
  { onlySchema, table }: RestoreOptions,
  point: string,
): Promise<Rehearsed | undefined> {
  if (onlySchema || table) return undefined;
  // Only for an estimate: what is wrong is said by what follows.
  const plan = await readWays(session, target, { point }).catch(() => undefined);
  const takes = plan?.ways.find(({ kind }) => kind === 'dump')?.takes;
  const middle = (name: string) => takes?.phases.find((phase) => phase.name === name)?.middle;
  const [restoring, proof] = [middle('restore'), middle('proof')];
  return takes && restoring !== undefined && proof !== undefined
    ? { restore: restoring, proof, measurements: takes.measurements }
    : undefined;
}

function jobsOf(given: string | undefined): number {
  const jobs = given === undefined ? availableParallelism() : Number(given);
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= 64) return jobs;
  throw new InputError('--jobs takes a number from 1 to 64');
}

function formatList(lines: readonly { type: string; name: string }[], { said }: ArchiveHead): CommandResult {
  return {
    document: { source: said, entries: lines },
    lines: lines.map(({ type, name }) => `${type.toLowerCase()} ${name}`),
    exit: DONE,
  };
}

function formatResult(
  result: OntoResult,
  into: Destination,
  { said }: ArchiveSource,
  seconds: number,
): CommandResult {
  const { failed, notes, proof } = result;
  const good = failed.length === 0 && proof?.equal !== false;
  const where = `${into.database} at ${into.host}`;
  const shown = proof?.differences.slice(0, 20) ?? [];
  return {
    document: {
      source: said,
      into: { host: into.host, database: into.database, user: into.user },
      seconds,
      ...result,
    },
    exit: good ? DONE : FOUND_WRONG,
    lines: [
      good
        ? `${said} is restored into ${where}, in ${humanSeconds(seconds)}`
        : pc.red(`${said} is restored into ${where} only in part, or differs (${humanSeconds(seconds)})`),
      proof === undefined
        ? 'not proven: there is no manifest, or no rows were restored'
        : proof.equal
          ? pc.green(
              `${proof.strength === 'exact' ? 'equal to its source, row by row' : 'its row counts agree'}: ${many(proof.compared.tables, 'table')}, ${many(Number(proof.compared.rows), 'row')}`,
            )
          : pc.red(`${many(proof.differences.length, 'difference')} to its source:`),
      ...shown.map((difference) => `  ${formatDifference(difference)}`),
      ...failed.map((each) => `${pc.red('not restored:')} ${each}`),
      ...notes.map((note) => `note: ${note}`),
    ],
  };
}
