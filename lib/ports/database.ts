import type { Readable } from 'node:stream';
import type { Policy, Target } from '../domain/plan/policy.ts';
import type { SourceSince } from '../domain/proof/bounded.ts';
import type { Exception } from '../domain/proof/exceptions.ts';
import type { HeartbeatRow } from '../domain/proof/heartbeat-proof.ts';
import type {
  ContentFacts,
  ExtensionFacts,
  Manifest,
  SchemaFacts,
  SequenceFacts,
  SourceFacts,
  TableFacts,
} from '../domain/proof/manifest.ts';
import type { CopyFacts, Rewritten } from '../domain/proof/proof.ts';
import type { RestoredRows, RowsRequest } from './comparison.ts';
import type { Credentials } from './credentials.ts';
import type { Databases } from './databases.ts';
import type { Destinations } from './destination.ts';
import type { Switching } from './switching.ts';

export type { Credentials } from './credentials.ts';

/** Credentials from the secret store. `again` reads them anew, for those refused after a rotation. */
export type Secrets = { credentials(target: Target, options?: { again?: boolean }): Promise<Credentials> };

/** Called as tables are read or restored: those since the last call, their rows, and how many there are in all. */
export type OnRead = (read: { tables: number; rows: number; of: number }) => void;

/** A source held still: one transaction whose snapshot the dump and every fact share. */
export type HeldSource = {
  facts: SourceFacts;
  /** Of an extract of every table: those whose rows no copy of the storage has. */
  leftOut?: string[];
  extensions: ExtensionFacts[];
  parameters: string[];
  /**
   * Everything a proof compares, read inside the snapshot, with the sequences as they were read before, each with the
   * largest value of the column it feeds.
   */
  content(
    depth: 'fingerprints' | 'counts',
    sequences: readonly Sequence[],
  ): Promise<{ content: ContentFacts; sequences: Sequence[] }>;
  /** The archive's lines that the tables read by `content` must have, and no others. */
  dataLines(): Promise<string[]>;
  /** Rejects with `schema-changing` when definitions changed since the snapshot: the server does not read them from it. */
  unchanged(): Promise<void>;
  /** The archive in custom format. It ends only when pg_dump has exited with 0, and fails otherwise. */
  archive(): Archive;
  /** CREATE ROLE statements without passwords. */
  roles(): Promise<Buffer>;
  /** The next values of sequences, now and outside the snapshot. */
  sequences(): Promise<Sequence[]>;
  /** Reports each session that waits behind the dump with an exclusive lock, once; ends with the signal. */
  watchForBlocked(onBlocked: (what: string) => void, signal: AbortSignal): Promise<void>;
  release(): Promise<void>;
};

export type Archive = {
  stream: AsyncIterable<Buffer>;
  client: { version: string; compression: string };
  /** The archive's table of contents, read from its head as it streams. */
  toc: Promise<TableOfContents>;
  /** Kills the program; the stream fails. */
  kill(reason: Error): void;
};

export type Sequence = Omit<SequenceFacts, 'before' | 'after'> & { value: string };

/**
 * One line of an archive's table of contents. `what` is the line without its numbers: type, schema, name and owner,
 * which may all contain blanks.
 */
export type TocEntry = { id: number; type: string; what: string };
export type TableOfContents = { entries: TocEntry[]; sha256: string };

/** The rows of these tables alone, such as `public.leads`, of a copy of the storage; of all that such a copy has, if there are none. */
export type ExtractRequest = { tables?: readonly string[] | undefined };

/** What Understudy asks of a database engine: one folder in lib/adapters/engines has all of it. */
export type Engine = {
  /** Refuses a source that must not be dumped, then holds it still. Rejects with Refusal or CredentialsRefused. */
  hold(
    credentials: Credentials,
    policy: Policy,
    signal: AbortSignal,
    extract?: ExtractRequest,
  ): Promise<HeldSource>;
  /** Reads an archive as it streams. Writes nothing to disk. */
  inspect(
    archive: AsyncIterable<Buffer>,
    clientMajor: number,
    depth: 'readable' | 'full',
    signal: AbortSignal,
  ): Promise<Inspection>;
  /** Checks a connection for a person. */
  doctor(credentials: Credentials, policy: Policy): Promise<Symptom[]>;
  /** A temporary server inside this process. */
  scratch(secondsLeft: () => number): Scratch;
  /** Restored copies, and sources, on instances of their own. */
  instances: Instances;
  /** Databases of somebody's own that a restore goes into. */
  destinations: Destinations;
  heartbeat: Heartbeat;
  /** For emergency restores. */
  switching: Switching;
  /** For those into a database beside the living one. */
  databases: Databases;
};

/**
 * `problem`: pg_restore read the archive and found it broken. `failure`: pg_restore was killed or could not run,
 * which says nothing about the archive.
 */
export type Inspection = { toc?: TableOfContents; problem?: string; failure?: string };

export type Symptom = { check: string; state: 'good' | 'bad' | 'unknown'; message: string; next?: string };

/** The heartbeat: a small table in a source that gets one row a minute. Every call uses its own connection. */
export type Heartbeat = {
  /**
   * Writes the row of a minute such as `2026-11-20T01:02:00Z`, once even if it is called again. Rejects with
   * CredentialsRefused, or with `heartbeat-missing`, `heartbeat-denied`, `heartbeat-read-only`.
   */
  write(credentials: Credentials, minute: string): Promise<'written' | 'there'>;
  /** The rows written at or after a moment, oldest first. */
  rows(credentials: Credentials, since: string): Promise<HeartbeatRow[]>;
};

/** A restored copy on a scratch server. */
export type ScratchCopy = {
  content(manifest: Manifest, depth: 'fingerprints' | 'counts'): Promise<CopyFacts>;
  /** A second look at objects whose expressions the copy writes differently: returns those that mean the same. */
  confirmed(objects: readonly Rewritten[]): Promise<Set<string>>;
  /**
   * The single value of a query, as text; undefined for NULL. Rejects when it is not one row of one column, or takes
   * more than so many seconds, sixty by default.
   */
  value(sql: string, seconds?: number): Promise<string | undefined>;
  leftOut: string[];
  /** Other objects left out on purpose. */
  exceptions?: Exception[];
  notes: string[];
};

export type RestoreRequest = {
  manifest: Manifest;
  /** Opens the stored archive and roles for reading. */
  dump: () => Promise<Readable>;
  roles: () => Promise<Readable>;
  /** Restored by a role like a managed service's master user, unless by a superuser. */
  restoreAs?: Policy['rehearsal']['restoreAs'];
  /** Entries that are not restored, such as `function public.f(integer)`. */
  leaveOut?: readonly string[];
  /** Called as each phase begins. */
  phase: (name: string) => void;
  /** Called as the rows of each table begin to be restored. */
  onTable?: () => void;
  /** Called when the restore has failed once and starts again. */
  again?: (why: string) => void;
  /** One entry after the other, instead of as many at once as there are cores. */
  serially?: boolean;
  signal: AbortSignal;
};

/** The temporary server that a copy is restored onto. */
export type Scratch = {
  /** Returns what is missing (space, versions) before anything is fetched; undefined when it fits. */
  refusal(manifest: Manifest): Promise<{ code: string; message: string; hint: string } | undefined>;
  /**
   * Restores, passes the copy to `use`, and tears everything down in every case. Rejects with `restore-failed` only
   * when the machine was well and the restore failed twice; with `scratch-trouble` when the machine was the cause.
   */
  withCopy<T>(request: RestoreRequest, use: (copy: ScratchCopy) => Promise<T>): Promise<T>;
  /** Restores only rows, passes them to `use`, and tears everything down in every case. Rejects as `withCopy` does. */
  withRows<T>(request: RowsRequest, use: (rows: RestoredRows) => Promise<T>): Promise<T>;
};

/** An index or table that can be checked for damage. */
export type Checkable = { oid: string; kind: 'index' | 'table'; name: string };

/** A database on its own instance, over the network. */
export type InstanceCopy = {
  schema(): Promise<SchemaFacts>;
  /**
   * Rows, and for `fingerprints` their fingerprint; undefined when the source has no such table. Rejects with
   * `storage-damaged`.
   */
  table(schema: string, name: string, depth: 'fingerprints' | 'counts'): Promise<TableFacts | undefined>;
  /** Is it a table whose rows are in no snapshot of the storage? */
  unlogged(schema: string, name: string): boolean;
  /** In a stable order. Rejects with `amcheck-missing`. */
  checkable(): Promise<Checkable[]>;
  /** Names of objects that cannot be checked. */
  uncheckable(): Promise<string[]>;
  /** The damage in it, or undefined. Rejects when it could not be checked. */
  check(what: Checkable): Promise<string | undefined>;
  /** The single value of a query, as text; undefined for NULL. */
  value(sql: string, seconds?: number): Promise<string | undefined>;
  /** Is this SQL expression true of it? NULL is false; undefined where it lacks what the expression names. Rejects with `input-invalid` for a wrong one. */
  holds(predicate: string): Promise<boolean | undefined>;
  /** What in this copy could act on production, which its quarantine was to silence. */
  unsilenced(): Promise<string | undefined>;
  heartbeat(since: string): Promise<HeartbeatRow[]>;
  close(): Promise<void>;
};

export type Instances = {
  /**
   * The single value of a query, as text, on a connection of its own that can only read. Rejects as a connection does,
   * and with `question-refused`, which quotes no value of a row.
   */
  value(credentials: Credentials, sql: string, seconds: number): Promise<string | undefined>;
  /** Rejects with CredentialsRefused or `source-unreachable`. No statement runs for longer than `secondsLeft`. */
  open(credentials: Credentials, secondsLeft: () => number): Promise<InstanceCopy>;
  /**
   * What has happened to the source since a manifest was written, from its catalogs and counters alone. `incomplete`
   * is why, if a session may not have reported its writes from before the moment.
   */
  since(credentials: Credentials, manifest: Manifest, moment: string): Promise<SourceSince>;
};
