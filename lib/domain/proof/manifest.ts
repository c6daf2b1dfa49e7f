import * as z from 'zod';

/**
 * Which formulas the digests of definitions were made with. Another formula gives every faithful copy another digest, so
 * definitions are compared only with those of the same number; a manifest without one is from before there were numbers.
 */
export const FACTS = 2;

/** One object of the vault, exactly. */
export const storedObject = z.strictObject({
  key: z.string().min(1),
  versionId: z.string().min(1),
  bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** Rows and content fingerprint of one table's data, per TABLE DATA entry of the archive. */
const tableFacts = z.strictObject({
  schema: z.string(),
  name: z.string(),
  /**
   * The outermost hash-partitioned table that it is a partition of. A type's hash may be another one after a restore (an
   * enum's is), and then rows move to other partitions: only the tree as a whole can be compared.
   */
  tree: z.string().optional(),
  /** Only rows of this condition are in the archive (an extension's configuration table), as SQL after WHERE. */
  condition: z.string().optional(),
  rows: z.string().regex(/^\d+$/),
  fingerprint: z.string().optional(),
  /**
   * The source's counters of rows written, read before the snapshot, and the identity of what they count in: while that
   * is the same, their differences bound what can have happened since.
   */
  writes: z
    .strictObject({
      inserted: z.string(),
      updated: z.string(),
      deleted: z.string(),
      of: z.string(),
      /** Of its columns: while it is the same, none was dropped and made again. */
      shape: z.string().optional(),
    })
    .optional(),
});

/** The next value of a sequence, which is not transactional: its copy may stand anywhere between the two readings. */
const sequenceFacts = z.strictObject({
  schema: z.string(),
  name: z.string(),
  before: z.string(),
  after: z.string(),
  ascending: z.boolean(),
  /** A sequence that begins again may have passed its end between the readings. */
  cycles: z.boolean(),
  /** The integer column it feeds, and that column's maximum inside the snapshot. */
  column: z
    .strictObject({ schema: z.string(), table: z.string(), name: z.string(), maximum: z.string().optional() })
    .optional(),
});

/** zod's own record drops a key that is called `__proto__`, and an object may be called so. */
const byName = z.custom<Record<string, string>>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((each) => typeof each === 'string'),
  'expected digests by name',
);

const extensionFacts = z.strictObject({ name: z.string(), version: z.string(), schema: z.string() });

/** What was true of the source inside a dump's database snapshot, and what the dump is made of. */
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
    /** By it the archive writes amounts of type money. */
    monetary: z.string().optional(),
    bytes: z.int().nonnegative(),
    standby: z.boolean(),
    /** Write-ahead-log position: where the source was. A standby's is the replayed one. */
    position: z.string(),
    snapshotAt: z.string(),
  }),
  client: z.strictObject({ version: z.string(), compression: z.string() }),
  extensions: z.array(extensionFacts),
  /** A digest of everything ever written to the source's catalogs: while it stays, no definition was touched. */
  definitions: z.string().optional(),
  /** Settings that functions set for themselves: whoever restores them must be allowed to. */
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

/** The facts of a database's content, of the source or of a restored copy. */
export type ContentFacts = {
  facts?: number | undefined;
  schema: SchemaFacts;
  tables: TableFacts[];
  largeObjects: LargeObjectFacts;
  /** Of the source only. */
  definitions?: string | undefined;
};

/** Was this dumped with fingerprints of every table? */
export function fingerprinted(manifest: Manifest): boolean {
  return (
    manifest.tables.every((table) => table.fingerprint !== undefined) &&
    manifest.largeObjects.fingerprint !== undefined
  );
}

/** Total rows, for people. */
export function totalRows(tables: readonly TableFacts[]): number {
  return tables.reduce((sum, table) => sum + Number(table.rows), 0);
}
