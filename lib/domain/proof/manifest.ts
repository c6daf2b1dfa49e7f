import * as z from 'zod';

/**
 * The version of the formulas behind the digests of definitions. Another formula gives every faithful copy another
 * digest, so definitions are compared only within one version; a manifest without one predates versions.
 */
export const FACTS = 2;

/** One version of one object of the vault. */
export const storedObject = z.strictObject({
  key: z.string().min(1),
  versionId: z.string().min(1),
  bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** Rows and content fingerprint of one table's data, for each TABLE DATA entry of the archive. */
const tableFacts = z.strictObject({
  schema: z.string(),
  name: z.string(),
  /**
   * The outermost hash-partitioned table above it. A type's hash may differ after a restore (an enum's does), and
   * then rows move to other partitions: only the whole tree can be compared.
   */
  tree: z.string().optional(),
  /** Only rows of this condition are in the archive (an extension's configuration table), as SQL after WHERE. */
  condition: z.string().optional(),
  rows: z.string().regex(/^\d+$/),
  fingerprint: z.string().optional(),
  /**
   * The source's counters of rows written, read before the snapshot, and their identity: while it is the same, their
   * differences bound what has happened since.
   */
  writes: z
    .strictObject({
      inserted: z.string(),
      updated: z.string(),
      deleted: z.string(),
      of: z.string(),
      /** Identity of its columns: while it is the same, none was dropped and created again. */
      shape: z.string().optional(),
    })
    .optional(),
});

/** The next value of a sequence. Sequences are not transactional: a copy may have any value between the two readings. */
const sequenceFacts = z.strictObject({
  schema: z.string(),
  name: z.string(),
  before: z.string(),
  after: z.string(),
  ascending: z.boolean(),
  /** A cycling sequence may have passed its end between the readings. */
  cycles: z.boolean(),
  /** The integer column it feeds, and that column's maximum inside the snapshot. */
  column: z
    .strictObject({ schema: z.string(), table: z.string(), name: z.string(), maximum: z.string().optional() })
    .optional(),
});

/** zod's own record drops a key named `__proto__`, which is a valid name of an object. */
const byName = z.custom<Record<string, string>>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((each) => typeof each === 'string'),
  'expected digests by name',
);

const extensionFacts = z.strictObject({ name: z.string(), version: z.string(), schema: z.string() });

/** The facts of the source inside a dump's database snapshot, and the objects of the dump. */
export const manifestSchema = z.strictObject({
  schemaVersion: z.literal(1),
  target: z.string(),
  point: z.string(),
  run: z.string(),
  source: z.strictObject({
    serverVersion: z.string(),
    serverMajor: z.int(),
    database: z.string(),
    owner: z.string(),
    encoding: z.string(),
    collate: z.string(),
    ctype: z.string(),
    /** `c` (libc), `i` (ICU) or `b` (built in), and the locale of the latter two. */
    localeProvider: z.string(),
    locale: z.string().optional(),
    /** Tailoring rules of an ICU locale. */
    icuRules: z.string().optional(),
    /** The archive writes amounts of type money by it. */
    monetary: z.string().optional(),
    bytes: z.int().nonnegative(),
    standby: z.boolean(),
    /** The source's write-ahead-log position. A standby's is the replayed one. */
    position: z.string(),
    snapshotAt: z.string(),
  }),
  client: z.strictObject({ version: z.string(), compression: z.string() }),
  extensions: z.array(extensionFacts),
  /** A digest of everything ever written to the source's catalogs: while it stays the same, no definition was touched. */
  definitions: z.string().optional(),
  /** Settings that functions set for themselves: the restoring role must be allowed to set them. */
  parameters: z.array(z.string()),
  facts: z.int().optional(),
  /** kind → name → digests of the definition (domain/definition.ts): every table, column, index, view, grant, owner … */
  schema: z.record(z.string(), byName),
  tables: z.array(tableFacts),
  largeObjects: z.strictObject({ count: z.string(), fingerprint: z.string().optional() }),
  sequences: z.array(sequenceFacts),
  /** SHA-256 over the archive's table of contents, one entry a line, and how many entries there are. */
  toc: z.strictObject({ entries: z.int(), sha256: z.string() }),
  dump: storedObject,
  roles: storedObject,
});

export type Manifest = z.infer<typeof manifestSchema>;
export type SourceFacts = Manifest['source'];
export type TableFacts = z.infer<typeof tableFacts>;
export type WriteCounters = NonNullable<TableFacts['writes']>;
export type SequenceFacts = z.infer<typeof sequenceFacts>;
export type ExtensionFacts = z.infer<typeof extensionFacts>;
export type SchemaFacts = Manifest['schema'];
export type LargeObjectFacts = Manifest['largeObjects'];

/** The facts about a database's content, in the source or in a restored copy. */
export type ContentFacts = {
  facts?: number | undefined;
  schema: SchemaFacts;
  tables: TableFacts[];
  largeObjects: LargeObjectFacts;
  /** Only of the source. */
  definitions?: string | undefined;
};

/** Was this dumped with fingerprints of every table? */
export function fingerprinted(manifest: Manifest): boolean {
  return (
    manifest.tables.every((table) => table.fingerprint !== undefined) &&
    manifest.largeObjects.fingerprint !== undefined
  );
}

/** Total rows, for messages. */
export function totalRows(tables: readonly TableFacts[]): number {
  return tables.reduce((sum, table) => sum + Number(table.rows), 0);
}
