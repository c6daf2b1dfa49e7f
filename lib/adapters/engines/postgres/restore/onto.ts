import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../../../../domain/errors.ts';
import { type Manifest, totalRows } from '../../../../domain/proof/manifest.ts';
import type { ArchiveLine, Destination, OntoRequest, OntoResult } from '../../../../ports/destination.ts';
import { connectInto } from '../connection.ts';
import { keyOf } from '../facts/writes.ts';
import { childEnvironment, trustEnvironment } from '../process.ts';
import { type Programs, readerFor } from '../programs.ts';
import { analyze } from './analyze.ts';
import { type ArchiveEntry, readArchiveToc, streamArchiveToc } from './archive-toc.ts';
import { proofOnto, unlessEnded } from './onto-proof.ts';
import { entriesOfTables } from './parts.ts';
import type { Paced } from './portions.ts';
import { refuseUnfit } from './refuse-unfit.ts';
import { restoreParts } from './restore-parts.ts';
import type { RestoreServer } from './restorer.ts';
import { createMissingRoles, joinOwners } from './roles-onto.ts';
import { watchArrival } from './watch-arrival.ts';

const ROWS = [
  'TABLE DATA',
  'SEQUENCE SET',
  'MATERIALIZED VIEW DATA',
  'BLOBS',
  'BLOB',
  'BLOB METADATA',
  'LARGE OBJECT',
];

/** What only a load into a database of ours has. */
type OfLoad = { whole?: (entries: readonly ArchiveEntry[]) => Promise<string[]>; paced?: Paced };

/** How long a comparison may take, so that it is begun, in seconds. */
const PROOF_TAKES = 300;

/**
 * Restores an archive into a database of somebody's own, and proves it against its manifest. `whole` does what belongs to
 * the database itself, and returns what was not possible.
 */
export async function restoreOnto(
  into: Destination,
  programs: readonly Programs[],
  { whole, paced, ...request }: OntoRequest & OfLoad,
): Promise<OntoResult> {
  const { phase } = request;
  const entries = await readArchiveToc(request.archive);
  const chosen = chooserOf(request, entries);
  phase('connect');
  // What an earlier call has made is there.
  const isBegun = paced?.from !== undefined;
  const unfit = isBegun ? { ...request, into: into.database } : request;
  const major = await refuseUnfit(into, unfit, isBegun ? [] : chosen(entries));
  const trust = await trustEnvironment(into.sslmode);
  const directory = await mkdtemp(join(tmpdir(), 'us-onto-'));
  const notes: string[] = [];
  const failed: string[] = [];
  const server = foreignServer(into, directory, request, trust);
  try {
    if (request.roles && !isBegun) {
      phase('roles');
      notes.push(...(await createMissingRoles(server, readerFor(programs, major), request.roles)));
    }
    if (request.owners && !isBegun) notes.push(...(await joinOwners(into, major, chosen(entries))));
    phase('restore');
    const manifest = request.manifest ?? manifestOf(entries);
    const of = expectedOf(chosen(entries), request.manifest);
    const watched = request.onArrived && (await watchArrival(() => connectInto(into), of, request.onArrived));
    const restored = await restoreParts(
      server,
      readerFor(programs, major),
      request.archive,
      {
        manifest,
        jobs: request.jobs,
        choose: chosen,
        paced,
        onTable: () => request.onRead({ tables: 1, rows: 0, of: of.tables }),
        onFailure: ({ message, hint }) => failed.push(hint ? `${message}\n  ${hint}` : message),
      },
      false,
      notes,
    ).finally(watched?.stop);
    if (restored.next) return { failed, notes, next: restored.next };
    notes.push(...((await whole?.(entries)) ?? []));
    phase('analyze');
    notes.push(...(await analyze(into, paced)));
    if (request.manifest === undefined || request.only === 'schema') return { failed, notes };
    // It is compared in parts then.
    const leftOut = { extensions: restored.leftOut, exceptions: restored.exceptions };
    if (paced && (isBegun || paced.secondsLeft() <= PROOF_TAKES)) return { failed, notes, leftOut };
    phase('proof');
    const proof = await unlessEnded(
      paced,
      proofOnto(
        server,
        readerFor(programs, major),
        request.manifest,
        request,
        chosen(entries),
        restored,
        notes,
      ),
    );
    return proof ? { failed, notes, proof } : { failed, notes, leftOut };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What an archive contains, in the order of a restore. Takes its head only. */
export async function listArchive(archive: AsyncIterable<Buffer>): Promise<ArchiveLine[]> {
  return (await streamArchiveToc(archive)).map(({ type, schema, name }) => ({
    type,
    name: schema === undefined ? name : `${schema}.${name}`,
  }));
}

/** How much is to arrive: rows only where the manifest has them. */
function expectedOf(entries: readonly ArchiveEntry[], manifest: Manifest | undefined) {
  const filled = new Set(
    entries.flatMap(({ type, schema, name }) => (type === 'TABLE DATA' ? [keyOf(schema ?? '', name)] : [])),
  );
  const tables = manifest?.tables.filter(({ schema, name }) => filled.has(keyOf(schema, name)));
  return {
    tables: filled.size,
    rows: tables && totalRows(tables),
    // A constraint that is added after the rows has an index.
    indexes: entries.filter(({ type }) => type === 'INDEX' || type === 'CONSTRAINT').length,
  };
}

/** Selects the entries that were asked for. Rejects with every unknown table. */
function chooserOf(
  { tables, only }: OntoRequest,
  entries: readonly ArchiveEntry[],
): (entries: readonly ArchiveEntry[]) => ArchiveEntry[] {
  const withRows = (all: readonly ArchiveEntry[]) =>
    all.filter(({ type }) => only !== 'schema' || !ROWS.includes(type));
  if (tables === undefined) return withRows;
  const matches = (name: string, { schema, name: table }: ArchiveEntry) =>
    name === `${schema}.${table}` || name === table;
  const ofTables = entries.filter(({ type }) => type === 'TABLE');
  const unknown = tables.filter((name) => !ofTables.some((entry) => matches(name, entry)));
  if (unknown.length > 0)
    throw new InputError(
      'these tables cannot be restored:',
      unknown.map((name) => `${name}: the archive has no such table`),
    );
  return (all) => withRows(entriesOfTables(all, (entry) => tables.some((name) => matches(name, entry))));
}

/** The database in the form that the parts of a restore know. */
function foreignServer(
  into: Destination,
  directory: string,
  { owners, privileges }: OntoRequest,
  trust: Record<string, string>,
): RestoreServer {
  return {
    directory,
    identity: {},
    foreign: { owners, privileges },
    connect: () => connectInto(into),
    environment: () => ({
      ...childEnvironment(),
      PGHOST: into.host,
      PGPORT: String(into.port),
      PGDATABASE: into.database,
      PGUSER: into.user,
      PGSSLMODE: into.sslmode,
      PGAPPNAME: 'understudy',
      PGCONNECT_TIMEOUT: '15',
      ...trust,
      ...(into.password === undefined ? {} : { PGPASSWORD: into.password }),
      ...(into.passfile === undefined ? {} : { PGPASSFILE: into.passfile }),
    }),
  };
}

/** Without a manifest the archive alone says which extensions and schemas there are. */
function manifestOf(entries: readonly ArchiveEntry[]): Manifest {
  const extensions = entries.flatMap(({ type, name, definition }) =>
    type === 'EXTENSION'
      ? [{ name, version: '', schema: /WITH SCHEMA "?(.*?)"?;/.exec(definition)?.[1] ?? 'public' }]
      : [],
  );
  return {
    extensions,
    parameters: [],
    tables: [],
    schema: { schema: { public: '' } },
    source: { serverMajor: 0 },
  } as unknown as Manifest;
}
