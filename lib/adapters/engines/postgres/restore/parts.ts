import type { ArchiveEntry } from './archive-toc.ts';

/** Only a superuser may create these; managed services allow their master user. They are plain definitions, restored last. */
const SUPERUSER_TYPES = ['EVENT TRIGGER', 'PUBLICATION', 'PUBLICATION TABLE', 'PUBLICATION TABLES IN SCHEMA'];
/** A subscribing copy would take over production's replication slot and receive production's rows. */
const NEVER_RESTORED = ['SUBSCRIPTION', 'SUBSCRIPTION TABLE'];
/** About the archive and the database as a whole: pg_restore handles them regardless of the list. */
const OF_THE_WHOLE = ['ENCODING', 'STDSTRINGS', 'SEARCHPATH', 'DATABASE', 'DATABASE PROPERTIES'];
/** Entries that describe or fill another entry and mean nothing without it. */
const ABOUT = ['COMMENT', 'SECURITY LABEL', 'ACL'];
const FILLS = [
  'TABLE DATA',
  'SEQUENCE SET',
  'SEQUENCE OWNED BY',
  'MATERIALIZED VIEW DATA',
  'ROW SECURITY',
  'STATISTICS DATA',
];

export type Parts = {
  schemas: ArchiveEntry[];
  main: ArchiveEntry[];
  /** Rows of tables that an extension creates. */
  extensionRows: ArchiveEntry[];
  privileges: ArchiveEntry[];
  refresh: ArchiveEntry[];
  superuser: ArchiveEntry[];
  never: ArchiveEntry[];
};

/** What is restored when, and by which role. */
export function partsOf(entries: readonly ArchiveEntry[]): Parts {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const made = new Set(entries.filter(({ type }) => type === 'TABLE').map(({ oid }) => oid));
  const sequences = new Set(entries.filter(({ type }) => type === 'SEQUENCE').map(keyOf));
  const parts: Parts = {
    schemas: [],
    main: [],
    extensionRows: [],
    privileges: [],
    refresh: [],
    superuser: [],
    never: [],
  };
  const partOf = (entry: ArchiveEntry): ArchiveEntry[] | undefined => {
    const { type } = entry;
    if (type === 'EXTENSION' || OF_THE_WHOLE.includes(type)) return undefined;
    if (type === 'ACL' || type === 'DEFAULT ACL') return parts.privileges;
    if (ABOUT.includes(type)) {
      const about = entry.needs.map((id) => byId.get(id)).find((each) => each !== undefined);
      if (
        about ? ['EXTENSION', 'DATABASE'].includes(about.type) : /^(?:EXTENSION|DATABASE) /.test(entry.name)
      )
        return undefined;
      if (about && SUPERUSER_TYPES.includes(about.type)) return parts.superuser;
      if (about && NEVER_RESTORED.includes(about.type)) return parts.never;
      return parts.main;
    }
    if (NEVER_RESTORED.includes(type)) return parts.never;
    if (type === 'MATERIALIZED VIEW DATA') return parts.refresh;
    if (SUPERUSER_TYPES.includes(type)) return parts.superuser;
    if (type === 'SCHEMA') return parts.schemas;
    if (type === 'TABLE DATA' && !made.has(entry.oid)) return parts.extensionRows;
    if (type === 'SEQUENCE SET' && !sequences.has(keyOf(entry))) return parts.extensionRows;
    return parts.main;
  };
  for (const entry of entries) partOf(entry)?.push(entry);
  return parts;
}

const keyOf = ({ schema, name }: ArchiveEntry) => JSON.stringify([schema, name]);

/** The entries without the named ones, and without those that describe or fill them. */
export function leaveOut(
  entries: readonly ArchiveEntry[],
  named: (entry: ArchiveEntry) => boolean,
): { kept: ArchiveEntry[]; left: ArchiveEntry[] } {
  const gone = new Set(entries.filter(named).map(({ id }) => id));
  const left = entries.filter(
    (entry) =>
      gone.has(entry.id) ||
      ([...ABOUT, ...FILLS].includes(entry.type) && entry.needs.some((id) => gone.has(id))),
  );
  return { kept: entries.filter((entry) => !left.includes(entry)), left };
}

/** Of a table's own; foreign keys are apart, because they name another table. */
const OWN = [
  'TABLE DATA',
  'DEFAULT',
  'CONSTRAINT',
  'CHECK CONSTRAINT',
  'INDEX',
  'INDEX ATTACH',
  'TABLE ATTACH',
  'TRIGGER',
  'RULE',
  'POLICY',
  'ROW SECURITY',
  'SEQUENCE OWNED BY',
  'SEQUENCE SET',
  'STATISTICS',
  'STATISTICS DATA',
  'ACL',
  'COMMENT',
  'SECURITY LABEL',
];

/**
 * The entries of some tables: each table with its own, with its partitions, with what it needs (types, functions,
 * schemas, sequences), and with foreign keys between tables that are chosen.
 */
export function entriesOfTables(
  entries: readonly ArchiveEntry[],
  isChosen: (entry: ArchiveEntry) => boolean,
): ArchiveEntry[] {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const tables = new Set(
    entries.filter((entry) => entry.type === 'TABLE' && isChosen(entry)).map(({ id }) => id),
  );
  // A partition needs the table above it.
  for (let before = -1; before !== tables.size; ) {
    before = tables.size;
    for (const { type, needs } of entries)
      if (type === 'TABLE ATTACH' && needs.some((need) => tables.has(need)))
        for (const need of needs) if (byId.get(need)?.type === 'TABLE') tables.add(need);
  }
  const wanted = new Set(tables);
  const add = (id: number) => {
    const entry = byId.get(id);
    if (!entry || wanted.has(id) || (entry.type === 'TABLE' && !tables.has(id))) return;
    wanted.add(id);
    for (const need of entry.needs) add(need);
  };
  for (const id of tables) for (const need of byId.get(id)!.needs) add(need);
  const isOf = ({ type, needs }: ArchiveEntry) =>
    type === 'FK CONSTRAINT'
      ? needs.length > 0 && needs.every((need) => byId.get(need)?.type !== 'TABLE' || tables.has(need))
      : OWN.includes(type) && needs.some((need) => tables.has(need) || wanted.has(need));
  // Sequences that a column owns, and what belongs to what was added.
  for (let before = -1; before !== wanted.size; ) {
    before = wanted.size;
    for (const entry of entries) if (!wanted.has(entry.id) && isOf(entry)) wanted.add(entry.id);
    for (const entry of entries)
      if (entry.type === 'SEQUENCE' && !wanted.has(entry.id) && entry.needs.some((need) => tables.has(need)))
        wanted.add(entry.id);
    for (const id of [...wanted]) for (const need of byId.get(id)?.needs ?? []) add(need);
  }
  return entries.filter(
    ({ id, type }) => wanted.has(id) || type === 'ENCODING' || type === 'STDSTRINGS' || type === 'SEARCHPATH',
  );
}
