import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import pc from 'picocolors';
import { fetchArtifact } from '../../../lib/adapters/engines/postgres/restore/fetch.ts';
import { InputError } from '../../../lib/domain/errors.ts';
import { requireTarget } from '../../../lib/domain/plan/policy.ts';
import type { DumpPoint, RecoveryPoint } from '../../../lib/domain/points/recovery-point.ts';
import { type Manifest, manifestSchema } from '../../../lib/domain/proof/manifest.ts';
import { formatDifference } from '../../../lib/domain/proof/proof.ts';
import { humanSeconds, shortMoment } from '../../../lib/domain/time.ts';
import { many } from '../../../lib/domain/words.ts';
import { readManifest } from '../../../lib/points/read-manifest.ts';
import type { Destination, OntoResult } from '../../../lib/ports/destination.ts';
import { chooseDump } from '../../../lib/workflows/emergency/choose-dump.ts';
import type { PointReport } from '../../../lib/workflows/operator/show-point.ts';
import { destinationOf } from '../destination-of.ts';
import { DONE, FOUND_WRONG } from '../exit-codes.ts';
import { type CommandResult, humanBytes } from '../print-result.ts';
import type { ProgressLine } from '../renderer.ts';
import type { RestoreOptions } from '../restore-options.ts';
import { restorePointOf } from '../restore-point.ts';
import { type Session, useLocalStack } from '../session.ts';
import { showProgress } from '../show-progress.ts';

/** What is restored: an archive on this machine, with what belongs to it. */
type Source = { archive: string; roles?: string; manifest?: Manifest; said: string };

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
        const source = options.file
          ? await fromFile(options.file)
          : await fromVault(session, target!, options, directory, shown);
        const engine = await engineOf(session);
        if (!into) return formatList(await engine.list(source.archive), source);
        const result = await restore(source, into, options, jobs, shown, engine);
        return formatResult(result, into, source, (Date.now() - began) / 1000);
      },
      ({ exit }) => exit === DONE,
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
  return postgres({ binDirectories: directories, scratchDirectory: tmpdir() }).destinations;
}

async function restore(
  { archive, roles, manifest }: Source,
  into: Destination,
  options: RestoreOptions,
  jobs: number,
  { say, live }: ProgressLine,
  engine: Awaited<ReturnType<typeof engineOf>>,
): Promise<OntoResult> {
  let phase = '';
  let since = Date.now();
  let [tables, rows, of] = [0, 0, 0];
  const end = new AbortController();
  const draw = () => {
    const done =
      of > 0 ? `; ${tables} of ${many(of, 'table')}${rows > 0 ? `, ${many(rows, 'row')}` : ''}` : '';
    live(`${phase}${done}; ${humanSeconds(Math.floor((Date.now() - since) / 1000))}`);
  };
  const timer = setInterval(draw, 200);
  try {
    return await engine.restore(into, {
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
      onRead(read) {
        tables += read.tables;
        rows += read.rows;
        of = read.of;
      },
      phase(name) {
        if (phase !== '') say(`${phase} took ${humanSeconds((Date.now() - since) / 1000)}`);
        [phase, since] = [name, Date.now()];
        [tables, rows, of] = [0, 0, 0];
      },
    });
  } finally {
    clearInterval(timer);
  }
}

/** Fetches a dump of the vault with the person's own credentials, and compares it with its manifest. */
async function fromVault(
  session: Session,
  id: string,
  options: RestoreOptions,
  directory: string,
  { live, say }: ProgressLine,
): Promise<Source> {
  const target = requireTarget(session.plan(), id);
  const points = await session.invoke<RecoveryPoint[]>('operator', { ask: 'points', target: id });
  const { stored, notes } = await chooseDump(target, restorePointOf(options), new Date(), {
    points: async () => points,
  });
  for (const note of notes) say(note);
  const { bucket } = await session.invoke<PointReport>('operator', {
    ask: 'point',
    target: id,
    point: stored.id,
  });
  const vault = await session.bucket(bucket!);
  const manifest = await readManifest(vault, stored.manifest!);
  const place = { directory, identity: {} };
  let fetched = 0;
  const counted = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      fetched += chunk.length;
      live(`fetching; ${humanBytes(fetched)} of ${humanBytes(manifest.dump.bytes)}`);
      yield chunk;
    }
  };
  const dump = async () => Readable.from(counted(await vault.read(manifest.dump)), { objectMode: false });
  const archive = await fetchArtifact(place, 'archive.dump', dump, manifest.dump);
  const roles = await fetchArtifact(place, 'roles.sql', () => vault.read(manifest.roles), manifest.roles);
  return {
    archive,
    roles,
    manifest,
    said: `${stored.id} (${shortMoment((stored as DumpPoint).snapshotAt!)} UTC)`,
  };
}

/** A file of an archive, or a directory with one; its manifest and roles lie beside it, if they are there. */
async function fromFile(path: string): Promise<Source> {
  if (!existsSync(path)) throw new InputError(`there is no file ${path}`);
  const archive = statSync(path).isDirectory() ? archiveIn(path) : path;
  const beside = (end: string) => {
    const file = join(dirname(archive), `${basename(archive).replace(/\.dump$/, '')}${end}`);
    return existsSync(file) ? file : undefined;
  };
  const [manifestFile, roles] = [beside('.manifest.json'), beside('.roles.sql')];
  const manifest = manifestFile && manifestSchema.parse(JSON.parse(readFileSync(manifestFile, 'utf8')));
  if (manifest && (await sha256(archive)) !== manifest.dump.sha256)
    throw new InputError(
      `${archive} is damaged or belongs to another manifest: its SHA-256 differs from ${manifestFile}`,
    );
  return { archive, ...(manifest ? { manifest } : {}), ...(roles ? { roles } : {}), said: archive };
}

function archiveIn(directory: string): string {
  const dumps = readdirSync(directory).filter((name) => name.endsWith('.dump'));
  if (dumps.length === 1) return join(directory, dumps[0]!);
  throw new InputError(
    `${directory} has ${many(dumps.length, 'file')} that end in .dump`,
    [],
    'name the file itself with --file',
  );
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function jobsOf(given: string | undefined): number {
  const jobs = given === undefined ? availableParallelism() : Number(given);
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= 64) return jobs;
  throw new InputError('--jobs takes a number from 1 to 64');
}

function formatList(lines: readonly { type: string; name: string }[], { said }: Source): CommandResult {
  return {
    document: { source: said, entries: lines },
    lines: lines.map(({ type, name }) => `${type.toLowerCase()} ${name}`),
    exit: DONE,
  };
}

function formatResult(
  result: OntoResult,
  into: Destination,
  { said }: Source,
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
      `${said} is restored into ${where}, in ${humanSeconds(seconds)}`,
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
