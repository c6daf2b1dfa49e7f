import type { Readable } from 'node:stream';
import type { Manifest } from '../domain/proof/manifest.ts';
import type { Credentials } from './credentials.ts';

/** `missing`: only the copy has the row. `extra`: only the living database has it. `changed`: both, with other values. */
export type DifferenceKind = 'missing' | 'extra' | 'changed';
export const DIFFERENCE_KINDS: readonly DifferenceKind[] = ['missing', 'extra', 'changed'];

/** The values of a row as text, in the order of the table's `columns`; null is NULL. */
export type RowValues = readonly (string | null)[];

/** One row that differs. `key` is its key as text; the values are there only where they were asked for. */
export type DifferingRow = {
  kind: DifferenceKind;
  key: string;
  copy?: RowValues;
  living?: RowValues;
  /** How often each side has it, in a table without a key. */
  copies?: { copy: number; living: number };
};

/** The differences of one table between a restored copy and the living database. */
export type TableDifference = {
  schema: string;
  name: string;
  /** Columns that tell rows apart; empty: whole rows are counted, because no key can. */
  key: string[];
  missing: number;
  extra: number;
  changed: number;
  /** The first few rows of each kind. Values only where they were asked for. */
  first: DifferingRow[];
  columns: string[];
  rows: { copy: number; living: number };
  /** Why the table could not be compared row by row, or what of it was not. */
  notes: string[];
};

export type CompareRequest = {
  /** Names such as `public.leads`; every table of the dump, if there are none. */
  tables?: readonly string[] | undefined;
  /** SQL after WHERE, for each of the tables, on both sides. */
  where?: string | undefined;
  /** How many differing rows of each kind are kept of each table. */
  first: number;
  /** Are their values wanted? */
  values: boolean;
  signal: AbortSignal;
  onTable?: ((name: string, done: number, of: number) => void) | undefined;
  /** Writes SQL that gives the living tables back what they lost, and its exact reverse. */
  patch?: PatchRequest | undefined;
  /** Writes SQL that puts the copy's rows into a new schema beside the living tables. */
  rows?: { schema: string; comment: readonly string[] } | undefined;
  /** Takes each file that was asked for, before it is deleted. */
  deliver?: ((file: SqlFileName, content: AsyncIterable<Buffer>) => Promise<void>) | undefined;
};

export type SqlFileName = 'patch' | 'reverse' | 'rows';

/** Which differences a patch takes back. */
export type PatchRequest = {
  mends: readonly DifferenceKind[];
  withoutTriggers: boolean;
  /** Lines at the head of both files. */
  comment: readonly string[];
};

export type ComparisonResult = {
  tables: TableDifference[];
  notes: string[];
  /** Tables of the dump that were not compared, each with why. */
  unjudged: string[];
  /** How many rows the patch inserts, updates and deletes. */
  patched?: { inserts: number; updates: number; deletes: number };
  /** How many rows the file of rows has. */
  written?: number;
};

/** The restored rows of a point, without indexes, constraints and code of the source. */
export type RestoredRows = {
  notes: string[];
  /** Rejects with `input-invalid` for an unknown table or a wrong condition, else when it could not be compared. */
  compare(living: Credentials, request: CompareRequest): Promise<ComparisonResult>;
  /** Is this SQL expression true of the copy? NULL is false; undefined where it lacks what the expression names. Rejects with `input-invalid` for a wrong one. */
  holds(predicate: string): Promise<boolean | undefined>;
};

/** What is restored to be compared: of `tables` alone, if there are any. */
export type RowsRequest = {
  manifest: Manifest;
  /** Opens the stored archive and roles for reading. */
  dump: () => Promise<Readable>;
  roles: () => Promise<Readable>;
  /** Called as each phase begins. */
  phase: (name: string) => void;
  signal: AbortSignal;
  tables?: readonly string[] | undefined;
};
