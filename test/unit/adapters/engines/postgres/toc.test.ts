import { dataLine, parseToc } from '../../../../../lib/adapters/engines/postgres/toc.ts';

/** What pg_restore 15 lists of a database with every awkward name; only the dates are left out. */
const LISTING = `;
; Archive created at …
;     dbname: postgres
;     TOC Entries: 35
;
; Selected TOC Entries:
;
7; 2615 16386 SCHEMA - DATA postgres
6; 2615 16385 SCHEMA - my schema postgres
223; 1255 16420 FUNCTION public ev() postgres
2058; 3602 16419 TEXT SEARCH CONFIGURATION public ts postgres
216; 1259 16387 TABLE DATA plain postgres
217; 1259 16390 TABLE my schema a "quoted" table postgres
220; 1259 16401 TABLE public owned crm
3395; 0 0 COMMENT public TABLE owned crm
218; 1259 16397 TABLE public line break postgres
221; 1259 16414 MATERIALIZED VIEW public mv postgres
219; 1259 16400 SEQUENCE public owned_id_seq crm
3396; 0 0 SEQUENCE OWNED BY public owned_id_seq crm
3223; 2604 16404 DEFAULT public owned id crm
3386; 2613 4242 BLOB - 4242 postgres
3380; 0 16387 TABLE DATA DATA plain postgres
3382; 0 16397 TABLE DATA public line break postgres
3384; 0 16401 TABLE DATA public owned crm
3397; 0 0 SEQUENCE SET public owned_id_seq crm
3387; 0 0 BLOBS - BLOBS 
3231; 2606 16412 CONSTRAINT public owned owned_pkey crm
3376; 0 16401 ROW SECURITY public owned crm
3377; 3256 16413 POLICY public owned p crm
3378; 6104 16422 PUBLICATION - pub postgres
3379; 6106 16423 PUBLICATION TABLE public pub owned postgres
2059; 826 16418 DEFAULT ACL public DEFAULT PRIVILEGES FOR TABLES postgres
3222; 3466 16421 EVENT TRIGGER - et postgres
3385; 0 16414 MATERIALIZED VIEW DATA public mv postgres
3400; 0 0 COMMENT - EXTENSION hstore 
2; 3079 16500 EXTENSION - hstore 
`;

const { entries, sha256 } = parseToc(LISTING);
const entry = (id: number) => entries.find((each) => each.id === id)!;

test('parseToc takes every line but the remarks for an entry', () => {
  expect(entries.map(({ id }) => id)).toEqual(
    LISTING.split('\n')
      .filter((line) => /^\d/.test(line))
      .map((line) => Number.parseInt(line, 10)),
  );
});

test.each([
  [220, 'TABLE', 'public owned crm'],
  [3384, 'TABLE DATA', 'public owned crm'],
  [216, 'TABLE', 'DATA plain postgres'],
  [3380, 'TABLE DATA', 'DATA plain postgres'],
  [2058, 'TEXT SEARCH CONFIGURATION', 'public ts postgres'],
  [221, 'MATERIALIZED VIEW', 'public mv postgres'],
  [3385, 'MATERIALIZED VIEW DATA', 'public mv postgres'],
  [219, 'SEQUENCE', 'public owned_id_seq crm'],
  [3396, 'SEQUENCE OWNED BY', 'public owned_id_seq crm'],
  [3397, 'SEQUENCE SET', 'public owned_id_seq crm'],
  [3378, 'PUBLICATION', '- pub postgres'],
  [3379, 'PUBLICATION TABLE', 'public pub owned postgres'],
  [2059, 'DEFAULT ACL', 'public DEFAULT PRIVILEGES FOR TABLES postgres'],
  [3222, 'EVENT TRIGGER', '- et postgres'],
  [3376, 'ROW SECURITY', 'public owned crm'],
  [223, 'FUNCTION', 'public ev() postgres'],
  [3386, 'BLOB', '- 4242 postgres'],
  [218, 'TABLE', 'public line break postgres'],
  [217, 'TABLE', 'my schema a "quoted" table postgres'],
  [3387, 'BLOBS', '- BLOBS '],
])('parseToc reads entry %d as a %s of %s', (id, type, rest) => {
  expect(entry(id)).toMatchObject({ type, what: `${type} ${rest}` });
});

test.each([
  [{ schema: 'public', name: 'owned', owner: 'crm' }, 3384],
  [{ schema: 'DATA', name: 'plain', owner: 'postgres' }, 3380],
  [{ schema: 'public', name: 'line\nbreak', owner: 'postgres' }, 3382],
])('dataLine of %j is the entry %d that pg_dump writes for its data', (table, id) => {
  expect(dataLine(table)).toBe(entry(id).what);
});

test('the digest of a table of contents changes with its entries and their order, not with remarks and dates', () => {
  const lines = LISTING.split('\n');
  const digestOf = (listing: string) => parseToc(listing).sha256;
  expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(digestOf(LISTING.replace('created at …', 'created at 2026-11-20'))).toBe(sha256);
  expect(digestOf(LISTING.replace('owned_pkey', 'owned_pkez'))).not.toBe(sha256);
  expect(digestOf(lines.filter((line) => !line.startsWith('3377')).join('\n'))).not.toBe(sha256);
  expect(digestOf([...lines].reverse().join('\n'))).not.toBe(sha256);
});

test('parseToc refuses a line that is no entry', () => {
  expect(() => parseToc('216; something else')).toThrow('table of contents: 216; something else');
});

test('parseToc finds no entries in an empty archive', () => {
  expect(parseToc('; remark\n').entries).toEqual([]);
});
